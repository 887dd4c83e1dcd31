/*
 * users: names of this system's users, all looked up in advance.
 *
 * Names may come from a file, a daemon behind a socket or a server; later, in the sandbox, only
 * files can be read.
 */
#ifndef SOURCE_USERS_H
#define SOURCE_USERS_H

#include "source/source.h"

struct users {
	struct user {
		uint32_t uid;
		char *name; /* NULL if it has none */
	} * list;	    /* owned */
	size_t count;
};

/* Looks up the owners of all processes of a source, into an empty table. 0, or -1 with *e; call
 * users_free() in any case. */
int users_learn(struct users *users, const struct source *s, struct error *e);
void users_free(struct users *users);

/* Returns the user's name, in `buffer` or owned by the table; NULL if there is none. */
const char *users_find(const struct users *users, uint32_t uid, char *buffer, size_t size);

/* Whether there is a user of this name. */
bool users_know(const struct users *users, const char *name);

#endif

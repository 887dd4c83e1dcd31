/*
 * users: the names of the users of this system, looked up at one time.
 *
 * Who knows them may be anywhere: a file, a daemon behind a socket, a server. Later, in the
 * sandbox, only files can be asked.
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

/* Looks up who has processes in a source, into an empty table. 0, or -1 with *e; users_free() in
 * any case. */
int users_learn(struct users *users, const struct source *s, struct error *e);
void users_free(struct users *users);

/* The name, if there is one: into `buffer`, or what the table owns. NULL without one. */
const char *users_find(const struct users *users, uint32_t uid, char *buffer, size_t size);

/* Whether there is a user of this name. */
bool users_know(const struct users *users, const char *name);

#endif

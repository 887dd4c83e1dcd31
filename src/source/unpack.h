/*
 * unpack: what is compressed or in an archive, unpacked into memory by libarchive.
 *
 * Whoever made it may be hostile. What it unpacks to is bounded, and so is how many times larger
 * that is than the archive; no filter of libarchive starts a program or a thread.
 */
#ifndef SOURCE_UNPACK_H
#define SOURCE_UNPACK_H

#include "base/error.h"
#include "base/slice.h"
#include "source/members.h"

enum {
	UNPACK_HEAD = 512, /* first bytes, which show whether something is packed */
};

/* Whether it starts like something packed. */
bool unpack_knows(struct slice head);

/* The result: members of an archive, or bytes. */
struct unpacked {
	struct members *members; /* freed by the caller; or NULL */
	char *bytes;		 /* allocated by malloc(), freed by the caller; or NULL */
	size_t size;
};

/* Loads libarchive, which the sandbox would refuse. If there is none, unpack() reports it. */
void unpack_load(void);

/* `head` was read from `fd` already and precedes the rest. 0, or -1 with *e. */
int unpack(struct slice head, int fd, struct unpacked *u, struct error *e);

/* The same for a file that is not packed: its bytes, if there are not too many. */
int unpack_plain(struct slice head, int fd, struct unpacked *u, struct error *e);

#endif

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
	UNPACK_HEAD = 512, /* first bytes that tell whether something is packed */
};

/* Whether it begins like something that is packed. */
bool unpack_knows(struct slice head);

/* What came of it: an archive's members, or bytes. */
struct unpacked {
	struct members *members; /* the caller frees them; or NULL */
	char *bytes;		 /* of malloc(), the caller frees them; or NULL */
	size_t size;
};

/* Loads what unpacks; the sandbox would refuse that. If there is no such library, unpack() says so.
 */
void unpack_load(void);

/* `head` are bytes that were read from `fd` already and come before what is left there. 0, or -1
 * with *e. */
int unpack(struct slice head, int fd, struct unpacked *u, struct error *e);

/* As unpack(), of what is not packed: the bytes, if they are not too many. */
int unpack_plain(struct slice head, int fd, struct unpacked *u, struct error *e);

#endif

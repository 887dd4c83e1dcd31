/*
 * members: the files of an archive, in memory, by their paths. Nothing is written to disk.
 *
 *	m = members_new()
 *	members_add(m, ...)	each, in any order; a path that comes again replaces what it had
 *	members_settle(m)	from then on nothing is added:
 *	members_open(m, ...)	and so on; from any thread
 *	members_free(m)
 *
 * Paths are those in the archive, cleaned: without "." and empty parts, and relative. What is asked
 * for is relative to the tree: the folder that everything lies in, if there is one.
 */
#ifndef SOURCE_MEMBERS_H
#define SOURCE_MEMBERS_H

#include "base/error.h"
#include "base/slice.h"

#include <errno.h>
#include <stdint.h>
#include <sys/types.h>

enum member_type {
	MEMBER_FILE,
	MEMBER_FOLDER,
	MEMBER_LINK,	  /* its text is a path from where it lies, or anything */
	MEMBER_HARD_LINK, /* its text is a path in the archive */
	MEMBER_DEVICE,	  /* or a FIFO, or a socket */
};

/* What is refused, besides errnos of open(2). */
enum {
	MEMBERS_NO_FILE = ENOTSUP,
	MEMBERS_OUT_OF_TREE = EXDEV,
};

struct members;

/* NULL if out of memory. */
struct members *members_new(void);

void members_free(struct members *m);

/* `text` is of malloc() and becomes that of `m`, which frees it on failure too; NULL for none. 0,
 * or -1 with *e: out of memory, or a path that climbs or is too long. */
int members_add(struct members *m, const char *path, enum member_type type, char *text, size_t size,
		struct error *e);

void members_settle(struct members *m);

size_t members_count(const struct members *m);

/* Bytes of memory. */
uint64_t members_bytes(const struct members *m);

/* The bytes of the only file that there is; false if there are more, or none. */
bool members_only_file(const struct members *m, struct slice *bytes);

/* The bytes of a file, as long as `m` is there; false if there is no such file. */
bool members_file(const struct members *m, const char *path, struct slice *bytes);

/* A descriptor of a file, at its beginning; or -1 with errno. Links lead within the tree only. */
int members_open(const struct members *m, const char *path);

bool members_have(const struct members *m, const char *path);

/* As readlink(2). */
ssize_t members_readlink(const struct members *m, const char *path, char *text, size_t size);

/* Calls `found` with the name of each entry of a folder, which is "" for the tree, until that
 * returns false. False if there is no such folder. */
typedef bool members_entry_fn(void *ctx, const char *name);
bool members_list(const struct members *m, const char *folder, members_entry_fn *found, void *ctx);

/* A descriptor of these bytes, at their beginning; or -1 with errno. */
int members_open_bytes(struct slice bytes);

#endif

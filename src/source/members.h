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
	MEMBER_LINK,	  /* its text is a path relative to its folder, or anything */
	MEMBER_HARD_LINK, /* its text is a path in the archive */
	MEMBER_DEVICE,	  /* or a FIFO, or a socket */
};

/* Reasons to refuse a member, besides the errors of open(2). */
enum {
	MEMBERS_NO_FILE = ENOTSUP,
	MEMBERS_OUT_OF_TREE = EXDEV,
};

struct members;

/* NULL if out of memory. */
struct members *members_new(void);

void members_free(struct members *m);

/* Takes ownership of `text`, allocated by malloc() or NULL, also on failure. 0, or -1 with *e: out
 * of memory, or the path is too long or leads out of the archive. */
int members_add(struct members *m, const char *path, enum member_type type, char *text, size_t size,
		struct error *e);

void members_settle(struct members *m);

size_t members_count(const struct members *m);

/* Memory used, in bytes. */
uint64_t members_bytes(const struct members *m);

/* The content of the only file; false if there is none, or more than one. */
bool members_only_file(const struct members *m, struct slice *bytes);

/* The content of a file, valid as long as `m`; false if there is no such file. */
bool members_file(const struct members *m, const char *path, struct slice *bytes);

/* A descriptor of a file, at its start; or -1 with errno. Links are followed within the tree only.
 */
int members_open(const struct members *m, const char *path);

bool members_have(const struct members *m, const char *path);

/* As readlink(2). */
ssize_t members_readlink(const struct members *m, const char *path, char *text, size_t size);

/* Calls `found` with the name of each entry of a folder ("" for the tree) until that returns
 * false. False if there is no such folder. */
typedef bool members_entry_fn(void *ctx, const char *name);
bool members_list(const struct members *m, const char *folder, members_entry_fn *found, void *ctx);

/* A descriptor of these bytes, at their start; or -1 with errno. */
int members_open_bytes(struct slice bytes);

#endif

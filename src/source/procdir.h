/*
 * procdir: opens the files of a process, or of a whole system, in a directory or in an archive.
 *
 * Errors are in errno.
 */
#ifndef SOURCE_PROCDIR_H
#define SOURCE_PROCDIR_H

#include "source/members.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Names are relative to `fd`, with `prefix` ("", or such as "1234/") before them. Both are
 * borrowed. */
struct procdir {
	int fd;
	const char *prefix;
	bool is_captured; /* `fd` is the root of a captured tree, which may contain anything */
	const struct members *members; /* of an archived tree, which has no `fd`; or NULL */
};

/* Returns a descriptor, or -1. In a captured tree, only regular files and directories are opened,
 * and links are followed only within the tree; anything else is not touched. */
int procdir_open(const struct procdir *dir, const char *name);

/* What to do about a file of a captured tree that procdir_open() refused with this errno; NULL for
 * any other errno. */
const char *procdir_refusal(int error);

bool procdir_has(const struct procdir *dir, const char *name);

/* As readlinkat(2). */
ssize_t procdir_readlink(const struct procdir *dir, const char *name, char *text, size_t size);

/* Calls `found` with the name of each entry of a folder, which is "" for the whole, until that
 * returns false. 0, or -1 on failure. */
typedef bool procdir_entry_fn(void *ctx, const char *name);
int procdir_list(const struct procdir *dir, const char *name, procdir_entry_fn *found, void *ctx);

/* Reads the start of a small file into a buffer. -1 on failure. */
ssize_t procdir_read(const struct procdir *dir, const char *name, char *buffer, size_t size);

/* Reads size and resident memory, in bytes, from statm. False if it cannot be read. */
bool procdir_statm(const struct procdir *dir, uint64_t *size, uint64_t *resident);

#endif

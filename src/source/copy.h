/*
 * copy: the files of one process as they were while it was read, so that a captured tree can be
 * made of them.
 */
#ifndef SOURCE_COPY_H
#define SOURCE_COPY_H

#include "base/slice.h"
#include "source/procdir.h"

#include <stdio.h>

enum { COPIED_FILES_MAX = 16 };

struct copied_file {
	const char *name; /* below the folder of the process; a constant */
	bool is_link;	  /* the bytes are where it leads */
	char *bytes;
	size_t size;
};

/* All zero at first. */
struct copy {
	struct copied_file list[COPIED_FILES_MAX];
	size_t count;
	bool no_memory;	  /* something is missing for that */
	const char *lost; /* a file that is there, but could not be read; or NULL */
	int why;	  /* errno */
	/* What was read of smaps so far, and the names that the process keeps. */
	struct copied_text {
		char *bytes;
		size_t size, capacity;
	} smaps;
	FILE *names; /* NULL as long as there are none */
	char *names_bytes;
	size_t names_size;
};

/* Begins anew, or frees all. */
void copy_clear(struct copy *c);

/* Whether it is an error (errno) of the reading: a file is there, and may be read. */
bool copy_is_lost(int number);

/* A file that cannot be read is left out. */
void copy_file(struct copy *c, const struct procdir *dir, const char *name);
void copy_link(struct copy *c, const struct procdir *dir, const char *name);

/* Bytes of malloc(), which become those of the copy. */
void copy_bytes(struct copy *c, const char *name, char *bytes, size_t size);

/* Adds to what was read of smaps. */
void copy_smaps(struct copy *c, const char *bytes, size_t size);

/* Where to write kept names; NULL if out of memory. */
FILE *copy_names(struct copy *c);

/* Makes files of both. */
void copy_finish(struct copy *c);

const struct copied_file *copy_find(const struct copy *c, const char *name);

/* The bytes of what is left of an open file, of malloc(); NULL with errno. */
char *copy_read_open(int fd, size_t *size);

/* The bytes of a file, of malloc(); NULL with errno. */
char *copy_read(const struct procdir *dir, const char *name, size_t *size);

#endif

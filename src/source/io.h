/*
 * io: reads the files of a source: memory maps through the parser, and small files whole.
 *
 * Each reader has one; it counts what reading cost, and knows whether the process is at fault if
 * reading fails.
 */
#ifndef SOURCE_IO_H
#define SOURCE_IO_H

#include "source/copy.h"
#include "source/procdir.h"
#include "source/source.h"

struct io {
	const struct sink *sink;
	struct reading reading;
	struct read_stats stats;
	pid_t pid; /* the current process; 0 for a file */
	struct smaps_parser *parser;
	bool sink_failed;
	int refused; /* errno of a refused file of a captured process (procdir.h), or 0, */
	char refused_name[32]; /* and the file's name */
	int shortage; /* errno of what anonmem itself ran out of while reading a process, or 0 */
	struct copy *copy; /* of the current process; NULL unless the reading copies */
	bool copies_text;  /* what is read through the parser goes there */
	char *text;	   /* contents of the last small file */
	size_t text_capacity;
};

/* False if out of memory. Call io_free() in any case. */
bool io_init(struct io *io, const struct reading *reading, const struct sink *sink);
void io_free(struct io *io);

/* procdir_open() that records a shortage. */
int io_open(struct io *io, const struct procdir *dir, const char *name);

/* The contents of a small file; empty if it cannot be read. Valid until the next call. */
struct slice io_slurp(struct io *io, const struct procdir *dir, const char *name);

/* Reads fd to its end through the parser into `stage`. 0, or -1 with *e: ERROR_SYSTEM and its errno
 * if read() failed. */
int io_drain(struct io *io, int fd, enum smaps_kind kind, struct stage stage, struct error *e);

/* The same for a captured smaps file, in whatever encoding. */
int io_drain_capture(struct io *io, int fd, struct stage stage, struct separators separators,
		     struct error *e);

/* Reads the sums in smaps_rollup; false if it cannot be read. */
bool io_rollup(struct io *io, const struct procdir *dir, struct counters *sums);

/* The last stage: passes mappings to the sink. */
struct stage io_deliver(struct io *io);

/* Records an errno that means that anonmem ran out of something, so that what could not be read
 * does not pass for missing. */
void io_note(struct io *io, int error);

/* Records that a file was refused, if the errno says so. */
void io_note_refusal(struct io *io, const char *name, int error);

/* Whether a failure is not the target's fault, and must end the whole run. */
bool io_is_broken(const struct io *io, const struct error *why);

/* Called around each system call that holds a lock of the current process. io_stop() counts the
 * call and its bytes; it returns the elapsed nanoseconds if times are measured, else 0. */
uint64_t io_start(const struct io *io);
uint64_t io_stop(struct io *io, uint64_t started, size_t bytes);

#endif

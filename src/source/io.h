/*
 * io: reading files of a source: memory maps through the parser, and small files whole.
 *
 * One reader has one; it knows what reading has cost and whose fault a failure is.
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
	pid_t pid; /* at hand; 0 for a file */
	struct smaps_parser *parser;
	bool sink_failed;
	int refused; /* errno of what is refused of a captured process (procdir.h), or 0, */
	char refused_name[32]; /* and the file */
	int shortage; /* errno of what anonmem itself ran out of while it read a process, or 0 */
	struct copy *copy; /* of the process at hand; NULL unless the reading copies */
	bool copies_text;  /* what is read through the parser goes there */
	char *text;	   /* of the small file that was read last */
	size_t text_capacity;
};

/* False if out of memory. io_free() in any case. */
bool io_init(struct io *io, const struct reading *reading, const struct sink *sink);
void io_free(struct io *io);

/* procdir_open() that notes a shortage. */
int io_open(struct io *io, const struct procdir *dir, const char *name);

/* The text of a small file; empty if it cannot be read. Dies with the next one. */
struct slice io_slurp(struct io *io, const struct procdir *dir, const char *name);

/* Reads fd to its end through the parser into `stage`. 0, or -1 with *e: ERROR_SYSTEM and its errno
 * if read() failed. */
int io_drain(struct io *io, int fd, enum smaps_kind kind, struct stage stage, struct error *e);

/* The same of smaps that somebody captured, whatever it is encoded in. */
int io_drain_capture(struct io *io, int fd, struct stage stage, struct separators separators,
		     struct error *e);

/* The sums in smaps_rollup; false if it cannot be read. */
bool io_rollup(struct io *io, const struct procdir *dir, struct counters *sums);

/* The last stage: hands mappings to the sink. */
struct stage io_deliver(struct io *io);

/* Remembers an errno that says that anonmem ran out of something: what could not be read for that
 * must not pass for what is not there. */
void io_note(struct io *io, int error);

/* Remembers that a file was refused, if that is what the errno says. */
void io_note_refusal(struct io *io, const char *name, int error);

/* Whether a failure is not the fault of what was read, so that it ends the whole reading. */
bool io_is_broken(const struct io *io, const struct error *why);

/* Around each call that holds a lock of the process at hand. io_stop() counts the call with its
 * bytes, and returns its nanoseconds if they are measured, else 0. */
uint64_t io_start(const struct io *io);
uint64_t io_stop(struct io *io, uint64_t started, size_t bytes);

#endif

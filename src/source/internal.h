/* What the kinds of source share among themselves; for src/source/ only. */
#ifndef SOURCE_INTERNAL_H
#define SOURCE_INTERNAL_H

#include "source/descendants.h"
#include "source/source.h"

struct source {
	enum source_kind kind;
	/* SOURCE_PROC and SOURCE_TREE */
	const char *root;
	int root_fd;
	pid_t self;		/* of the running system: anonmem; else 0 */
	bool is_live;		/* the kernel tells it, wherever it is mounted; no capture */
	uint64_t mappings_most; /* of one process; of limits.c */
	const pid_t *pids;
	size_t pid_count;
	/* SOURCE_SMAPS */
	char *const *paths;
	size_t path_count;
};

/* How much memory a process has. */
struct amount {
	uint64_t mappings, size, resident; /* bytes, but for the first */
};

/* What it can have, and what of that was read. */
struct limits {
	const struct procdir *dir;
	bool known;
	struct amount most, seen;
};

struct reader {
	const struct source *source; /* this one: */
	struct source own_source;
	const struct sink *sink;
	struct reading how;
	struct read_stats stats;
	pid_t pid; /* at hand; 0 for a file */
	struct smaps_parser *parser;
	smaps_mapping_fn *on_mapping; /* gets what the parser finds */
	void *on_mapping_ctx;
	struct limits limits; /* of limits.c */
	bool sink_failed;
	int shortage; /* errno of what anonmem itself had not enough of, while it read a process */
	char *text;   /* of the small file that was read last */
	size_t text_capacity;
	struct scan *scan;	  /* of scan.c; one piece of memory, NULL until it is needed */
	bool cannot_scan;	  /* found out with the first process */
	struct kept_names *names; /* of names.c; NULL until a process has some */
};

/* Where the files of one process are: names relative to `fd`. */
struct procdir {
	int fd;
	const char *prefix;
};

/* Where its memory is to be had from, of a process whose main thread has ended: the files of
 * another thread, which has it as long as it runs. */
struct thread {
	struct procdir dir;
	char prefix[64];
};

/* False if there is none. */
bool thread_find(struct reader *r, struct thread *t, const struct procdir *process);

int procdir_open(const struct procdir *dir, const char *name);
bool procdir_has(const struct procdir *dir, const char *name);

/* The beginning of a small file there, into a buffer. -1 with errno. */
ssize_t procdir_read(const struct procdir *dir, const char *name, char *buffer, size_t size);

/* The same as procdir_open(); takes note if it is anonmem that has not enough to open it. */
int reader_open(struct reader *r, const struct procdir *dir, const char *name);

/* A small file there; empty if it cannot be had. Dies with the next one. */
struct slice reader_slurp_file(struct reader *r, const struct procdir *dir, const char *name);

int procfs_read(struct reader *r, pid_t pid, struct error *e);
int files_read(struct reader *r, size_t file, struct error *e);

/* Hands a mapping on to the sink; ctx is the reader. */
int reader_deliver(void *ctx, const struct mapping *m, struct error *e);

/* Takes note of an errno if it says that anonmem has not enough of something: what could not be
 * read for that is not to pass for what is not there. */
void reader_note(struct reader *r, int error);

/* Whether a failure is no fault of what was read, so that the whole reading ends with it. */
bool reader_is_broken(const struct reader *r, const struct error *why);

/* Reads fd to its end through the parser into r->on_mapping. 0, or -1 with *e: ERROR_SYSTEM and its
 * errno if read() failed. */
int reader_drain(struct reader *r, int fd, enum smaps_kind kind, struct error *e);

/* A whole small file into r->text, where it stays until the next one. 0, or -1 with errno. */
int reader_slurp(struct reader *r, int fd, struct slice *text);

/* Sums of the kernel's own; false if they cannot be had. */
bool reader_rollup(struct reader *r, const struct procdir *dir, struct counters *sums);

/* Times the calls that hold a lock of the process at hand, where that is wanted. */
uint64_t reader_clock_start(const struct reader *r);
/* Adds a call that began then and brought so many bytes; returns its nanoseconds or 0. */
uint64_t reader_clock_stop(struct reader *r, uint64_t begun, size_t bytes);

/* Whether a process can be scanned without giving other figures than smaps would. */
bool scan_suits(struct reader *r, const struct procdir *dir);

/*
 * One that can, by the text of its maps, read from `fd`, and PAGEMAP_SCAN. `shares` asks for PSS
 * and USS where they can be proven. Gives the number of mappings. 0, or -1 with *e: ERROR_TRUNCATED
 * if the process changed meanwhile, ERROR_SYSTEM with ENOTTY or ENOENT if this cannot be done here.
 */
int scan_read(struct reader *r, const struct procdir *dir, int fd, bool shares, uint64_t *mappings,
	      struct error *e);

/*
 * Names that the process at hand keeps itself (see label/layout.h), and what they do to its
 * mappings: one that holds several names is divided.
 *
 *	kept_names_forget(r)			a new process
 *	kept_names_begin(r, dir, ...)	before each reading of its mappings, which then go through
 *					names.c to `deliver`; 0, or -1 with *e if none can be
 *					looked for here
 *	kept_names_end(r)			after it; true if they were found only behind memory
 *that may have one: the next reading knows where they are kept_names_count(r)			the
 *process was read: adds it to the effort
 */
void kept_names_forget(struct reader *r);
int kept_names_begin(struct reader *r, const struct procdir *dir, smaps_mapping_fn *deliver,
		     void *ctx, struct error *e);
bool kept_names_end(struct reader *r);
void kept_names_count(struct reader *r);
void kept_names_free(struct kept_names *names);

/* The copy of its names that a process shows to those who may not read its memory, in the file
 * system `shmem`: a descriptor, or -1 if it shows none. */
int published_open(const struct procdir *dir, dev_t shmem);

/* Whether a mapping looks as if it held such names. */
bool kept_names_lie_in(const struct mapping *m);

/* A part of a mapping, and its pages as far as they are known. */
struct part {
	uint64_t start, end;
	const char *name; /* NULL for none */
	uint64_t resident, exclusive, swapped;
};

/* Counts the pages of parts, which ascend without gaps, by the pagemap open at fd. 0, or -1 with
 * errno. */
int pages_count(int fd, struct part *parts, size_t count);

/*
 * Divides the counters of a mapping among its parts, so that their sums agree to the byte.
 *
 *	apportion_begin(&d, whole, parts, count)
 *	apportion_next(&d, part, counters)	for each part in turn
 */
enum weight { BY_SIZE, BY_RESIDENT, BY_EXCLUSIVE, BY_SHARED, BY_SWAPPED, WEIGHT_COUNT };
struct apportionment {
	const struct counters *whole;
	uint64_t all[WEIGHT_COUNT], done[WEIGHT_COUNT]; /* of all parts, and of those so far */
};
void apportion_begin(struct apportionment *d, const struct counters *whole,
		     const struct part *parts, size_t count);
void apportion_next(struct apportionment *d, const struct part *part, struct counters *counters);

/*
 * Whether what is read of a process is more than it can have:
 *
 *	limits_begin(r, dir)		before each reading of its mappings
 *	limits_hold(r, m, e)		each of them; -1 with ERROR_TRUNCATED when it is too much
 */
void limits_begin(struct reader *r, const struct procdir *dir);
int limits_hold(struct reader *r, const struct mapping *m, struct error *e);

/* Adds one pid; false when there is no memory. */
bool target_list_add_pid(struct target_list *list, pid_t pid);

/* The resident pages of a process; 0 where that is not to be had. */
uint64_t resident_pages(const struct procdir *dir);

#endif

/*
 * source: where processes and their mappings come from.
 *
 * A source is /proc (live), a folder of the same shape (a captured tree, a host's /proc mounted
 * elsewhere), or smaps files. Live and captured go through one code path; only the list of pids
 * differs. A source does not change once it is open, so threads may share it; a reader belongs to
 * one thread.
 *
 *	s = source_open_proc(...) or source_open_files(...)
 *	source_targets(s, &list)	what can be read
 *	r = reader_new(s, how, sink)
 *	reader_read(r, list.targets[i])	for each, in any order
 *
 * The sink is called, for each process:
 *
 *	begin ( mapping* [rollup] [rest] cancel begin )* mapping* [rest] [rollup] end
 *
 * A smaps file may hold several processes. If begin returns false, the process is not wanted and
 * nothing more is said of it. cancel takes back begin and all mappings since: the process changed
 * under the reading and is read once more.
 */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include "base/error.h"
#include "parse/smaps.h"

#include <sys/types.h>

enum source_kind { SOURCE_PROC, SOURCE_TREE, SOURCE_SMAPS };

/* What is wanted of a process besides its mappings; each costs a file to open and read. */
enum {
	NEED_STAT = 1 << 0,   /* name and start time */
	NEED_UID = 1 << 1,    /* status */
	NEED_CGROUP = 1 << 2, /* cgroup */
	NEED_EXE = 1 << 3,    /* the link exe */
	NEED_ROLLUP = 1 << 4, /* smaps_rollup, before and after smaps */
};

enum process_field {
	PROCESS_PID = 1 << 0,
	PROCESS_START = 1 << 1,
	PROCESS_NAME = 1 << 2,
	PROCESS_UID = 1 << 3,
	PROCESS_CGROUP = 1 << 4,
	PROCESS_EXE = 1 << 5,
};

/* Only the fields in `known` mean something. The slices die when begin returns. */
struct process {
	unsigned known;
	pid_t pid;
	uint64_t start_time; /* clock ticks after boot */
	struct slice name;   /* comm; for a smaps file its path, made unique */
	uint32_t uid;	     /* effective */
	struct slice cgroup;
	struct slice exe; /* path of the program */
};

/* How the reading of one process ended; every process is in exactly one. */
enum outcome {
	OUTCOME_READ,
	OUTCOME_NO_MEMORY, /* kernel thread or zombie */
	OUTCOME_DENIED,
	OUTCOME_VANISHED,  /* ended while it was read */
	OUTCOME_TRUNCATED, /* its memory went away in the middle: it ran another program, or
			      ended; or nothing came of it (model/crew.h) */
	OUTCOME_MALFORMED,
	OUTCOME_COUNT
};

struct sink {
	void *ctx;
	bool (*begin)(void *ctx, const struct process *process);
	smaps_mapping_fn *mapping;
	void (*cancel)(void *ctx);
	/* The two readings that enclose that of smaps. False asks for one more reading of all. */
	bool (*rollup)(void *ctx, const struct counters *before, const struct counters *after);
	/* Of a process that was scanned: what all its mappings of files have together, where it is
	 * known though it is not for each of them. */
	void (*rest)(void *ctx, const struct counters *files);
	/* `why` is given when the user must hear of it: a process or a file that was asked for by
	 * name, or captured data that is broken. */
	void (*end)(void *ctx, enum outcome outcome, const struct error *why);
};

/* A process of /proc or of a tree, or a file. */
struct target {
	size_t number; /* in the order of source_targets() */
	pid_t pid;
	size_t file;
	uint64_t weight; /* of source_weigh(): about how long it takes to read */
};

struct target_list {
	struct target *targets; /* freed by the caller */
	size_t count;
};

struct source;
struct reader;

/* `root` is NULL for the running system. `pids`, if there are any, limit it to those. Both must
 * outlive the source. NULL with *e. */
struct source *source_open_proc(const char *root, const pid_t *pids, size_t count, struct error *e);

/* "-" is standard input. The paths must outlive the source; files are opened when they are read. */
struct source *source_open_files(char *const *paths, size_t count, struct error *e);

void source_close(struct source *s);

enum source_kind source_kind(const struct source *s);

/* Whether the kernel tells of running processes, here or for another folder; no capture. */
bool source_is_live(const struct source *s);

/* Whether it is limited to some processes of a system. */
bool source_is_limited(const struct source *s);

/* Lists what there is to read, in ascending order. 0, or -1 with *e. */
int source_targets(const struct source *s, struct target_list *list, struct error *e);

/* About how long it takes to read a target, as far as that can be told cheaply: the resident pages
 * in statm, or the size of a file. Goes into its weight. */
void source_weigh(const struct source *s, struct target *target);

/* Puts the heaviest first. */
void target_list_sort(struct target_list *list);

/* Signs of life of a process, far cheaper than its mappings. */
struct activity {
	bool known;	      /* else nothing can be said; the rest means something only then */
	bool has_memory;      /* kernel threads and zombies have none */
	uint64_t start_time;  /* clock ticks after boot */
	uint64_t fingerprint; /* of stat, which counts time, faults and sizes */
};

/* The file of a process that tells it. Of the running system it may stay open, which makes a pulse
 * much cheaper; a descriptor is of one process, even if its pid comes again. */
struct stat_handle {
	pid_t pid;
	int stat; /* -1 while it is not open */
};

/* A handle without an open file. */
static inline struct stat_handle stat_handle_of(pid_t pid)
{
	return (struct stat_handle){pid, -1};
}

/* `keep` leaves the file open for the next time, if this is the running system. */
void source_activity(const struct source *s, struct stat_handle *handle, bool keep,
		     struct activity *pulse);
void stat_handle_close(struct stat_handle *handle);

/* Whether two activities of one pid are of one process that did nothing in between: not a tick of
 * CPU, not a page fault, nothing mapped. */
static inline bool activity_equals(const struct activity *a, const struct activity *b)
{
	return a->known && b->known && a->has_memory == b->has_memory &&
	       a->start_time == b->start_time && a->fingerprint == b->fingerprint;
}

struct reading {
	unsigned needs;	       /* NEED_... */
	bool scan;	       /* maps and PAGEMAP_SCAN rather than smaps: RSS and swap, fast */
	bool shares;	       /* with scan: PSS and USS too, where smaps_rollup proves them */
	uint64_t max_stall_ns; /* bound on one call that holds the lock of a process; 0 for none */
	bool measure;	       /* time each call */
};

/* What a reader has cost. Times are measured only if it was asked to. */
struct read_stats {
	uint64_t bytes, calls; /* read from files of memory maps */
	uint64_t longest_ns;
	pid_t longest_pid;    /* 0 for a file */
	uint64_t scanned;     /* processes read by PAGEMAP_SCAN, */
	uint64_t unscannable; /* those that should have been, but the kernel could not, */
	uint64_t barred;      /* and those that we may not scan */
	uint64_t names_read;  /* processes that keep names themselves, */
	uint64_t names_lost;  /* and those whose names could not be read */
	uint64_t held_up;     /* processes of which nothing came, for the lock of their memory, */
	pid_t held_up_pid;    /* and one of them */
};

/* `how` is copied; the sink must outlive the reader, but the source need not if nothing more is
 * asked of the reader: one that still waits for the kernel then comes to an end. NULL when there is
 * no memory. */
struct reader *reader_new(const struct source *s, const struct reading *how,
			  const struct sink *sink);
void reader_free(struct reader *r);

const struct read_stats *reader_stats(const struct reader *r);

/* Reads one target into the sink. 0 however that ended; -1 with *e only for what is no fault of
 * the target: no memory, no file descriptors, an error from the sink. */
int reader_read(struct reader *r, struct target target, struct error *e);

#endif

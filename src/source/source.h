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
 *	begin ( [scan] mapping* [rollup] cancel begin )* [scan] mapping* [rollup] end
 *
 * A smaps file may hold several processes. If begin returns false, the process is not wanted and
 * nothing more is said of it. cancel takes back begin and all mappings since: the process changed
 * while it was read and is read once more. rollup is called only with NEED_ROLLUP, scan only for a
 * reading that may scan; all other functions must be there.
 */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include "base/error.h"
#include "parse/process.h"
#include "parse/smaps.h"

#include <sys/types.h>

/* No source is opened for a recording, whose moments are snapshots (src/recording/). */
enum source_kind { SOURCE_PROC, SOURCE_TREE, SOURCE_SMAPS, SOURCE_RECORDING };

/* What is wanted of a process besides its mappings; each costs a file to open and read. */
enum {
	NEED_STAT = 1 << 0,    /* name and start time */
	NEED_UID = 1 << 1,     /* status */
	NEED_CGROUP = 1 << 2,  /* cgroup */
	NEED_EXE = 1 << 3,     /* the link exe */
	NEED_ROLLUP = 1 << 4,  /* smaps_rollup, before and after smaps */
	NEED_COMMAND = 1 << 5, /* cmdline; and the name, for a process without one */
};

enum process_field {
	PROCESS_PID = 1 << 0,
	PROCESS_START = 1 << 1,
	PROCESS_NAME = 1 << 2,
	PROCESS_UID = 1 << 3,
	PROCESS_CGROUP = 1 << 4,
	PROCESS_EXE = 1 << 5,
	PROCESS_COMMAND = 1 << 6,
};

/* What is the same of all processes that share one memory (vfork, CLONE_VM without CLONE_THREAD),
 * and of few others: those that were forked. All 0 where it is unknown. */
struct memory_signs {
	uint64_t code, stack; /* where they begin */
};

/* Only the fields in `known` mean something. The slices die when begin returns. */
struct process {
	unsigned known;
	bool has_ended; /* so that what is not known cannot be known any more */
	struct memory_signs signs;
	pid_t pid;
	uint64_t start_time; /* clock ticks after boot */
	struct slice name;   /* comm; for a smaps file its path, made unique */
	uint32_t uid;	     /* effective */
	struct slice cgroup;
	struct slice exe;     /* path of the program */
	struct slice command; /* its command line; see parse_command() */
};

/* How the reading of one process ended; every process is in exactly one. */
enum outcome {
	OUTCOME_READ,
	OUTCOME_NO_MEMORY, /* kernel thread or zombie */
	OUTCOME_DENIED,
	OUTCOME_VANISHED,  /* ended while it was read */
	OUTCOME_TRUNCATED, /* its memory went away in the middle: it ran another program, or
			      ended; or nothing came of it in time */
	OUTCOME_MALFORMED,
	OUTCOME_COUNT
};

/* More on how a process was read; a set of them is a sum of HOW_BIT(). */
enum how {
	HOW_SCANNED,	  /* by PAGEMAP_SCAN rather than smaps */
	HOW_CANNOT_SCAN,  /* it should have been, but the kernel cannot, */
	HOW_MAY_NOT_SCAN, /* or we may not, */
	HOW_MARKED,	  /* or marks of userfaultfd(2) looked like swap */
	HOW_NAMES_KEPT,	  /* it keeps names itself, which were read, */
	HOW_NAMES_LOST,	  /* or could not be read */
	HOW_TIMED_OUT,	  /* nothing came of it in time; see collect/pool.h */
	HOW_NO_SMAPS,	  /* denied, since its kernel or its capture has no smaps */
	HOW_MAYBE_SHARED, /* looks like another process, and may have that one's memory */
	HOW_COUNT
};

#define HOW_BIT(how) (1U << (how))

/* What is known of a process whose mappings are scanned, before the first of them comes. */
struct scan_facts {
	bool no_swap;		/* the system has none */
	bool private_anon;	/* no anonymous page of the process is shared, as these prove: */
	struct counters rollup; /* its smaps_rollup, with private_anon */
};

/* What a process has open of what ends with its last user. */
struct held_objects {
	bool known;
	const struct object_id *list;
	size_t count;
};

struct ending {
	enum outcome outcome;
	unsigned how; /* HOW_BIT()s; 0 unless it was read, denied or timed out */
	/* Of one that was denied, as its status says. */
	bool resident_known;
	uint64_t resident;	  /* bytes */
	struct held_objects held; /* with `owners` of struct reading */
	/* Given when the user must hear of it: a process or a file that was asked for by name, or
	 * captured data that is broken. */
	const struct error *why;
};

struct sink {
	void *ctx;
	bool (*begin)(void *ctx, const struct process *process);
	void (*scan)(void *ctx, const struct scan_facts *facts);
	mapping_fn *mapping;
	void (*cancel)(void *ctx);
	/* The two readings that enclose that of smaps. False asks for one more reading of all. */
	bool (*rollup)(void *ctx, const struct counters *before, const struct counters *after);
	void (*end)(void *ctx, const struct ending *ending);
};

/* A process of /proc or of a tree, or a file. */
struct target {
	size_t number; /* in the order of source_targets() */
	pid_t pid;
	size_t file;
	/* Of source_look(): */
	uint64_t weight; /* about how long it takes to read */
	struct memory_signs signs;
	bool stat_known;
	struct process_stat stat; /* its name is that: */
	char name[PROCESS_NAME_MAX];
	/* Of collect/sharing.h: */
	unsigned memory; /* which of those that several share; 0 for its own */
	unsigned like;	 /* of those that look alike, as far as they could not be compared; or 0 */
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

/* What is named, whatever it is: smaps files, or one folder as of /proc or an archive of it, each
 * compressed or not. It is only opened; "-" is standard input. The paths must outlive the source.
 * NULL with *e. */
struct source *source_open_from(char *const *paths, size_t count, struct error *e);

/* Finds out by content what that is, and unpacks in memory what is packed: nothing else can be done
 * with such a source before. Of other sources it does nothing. 0, or -1 with *e. */
int source_load(struct source *s, struct error *e);

/* Limits a source to these processes, which must outlive it. */
void source_limit(struct source *s, const pid_t *pids, size_t count);

/* The same without a limit to some processes, closed before the other one. NULL if out of memory. */
struct source *source_without_limit(const struct source *s);

void source_close(struct source *s);

enum source_kind source_kind(const struct source *s);

/* Whether the kernel tells of running processes, here or for another folder; no capture. */
bool source_is_live(const struct source *s);

/* How the memory of one process of the source relates to that of another. */
enum memory_comparison {
	MEMORY_SAME,
	MEMORY_BEFORE, /* two memories, in an order of the kernel's own */
	MEMORY_AFTER,
	MEMORY_GONE,	/* one of the processes has ended */
	MEMORY_UNKNOWN, /* and that of any other two will be, too */
};

/* Of the running system by kcmp(2), of a captured tree by its file shared-memory. */
enum memory_comparison source_compare(const struct source *s, pid_t a, pid_t b);

/* Whether it is limited to some processes of a system. */
bool source_is_limited(const struct source *s);

/* Whether the process is one of those that it was limited to. */
bool source_names(const struct source *s, pid_t pid);

/* Lists what there is to read, in ascending order. 0, or -1 with *e. */
int source_targets(const struct source *s, struct target_list *list, struct error *e);

/* What can be told of a target cheaply, by its stat: about how long it takes to read, as the
 * resident pages or the size of a file, and the signs of its memory. */
void source_look(const struct source *s, struct target *target);

/* Puts them in ascending order of pids, each once, and numbers them. */
void target_list_unique(struct target_list *list);
int target_by_pid(const void *a, const void *b); /* as qsort() and bsearch() ask */

/* Puts the heaviest first. */
void target_list_sort(struct target_list *list);

struct reading {
	unsigned needs;	       /* NEED_... */
	bool scan;	       /* maps and PAGEMAP_SCAN rather than smaps: RSS and swap, fast */
	bool shares;	       /* with scan: PSS and USS too, where smaps_rollup proves them */
	uint64_t max_stall_ns; /* bound on one call that holds the lock of a process; 0 for none */
	bool measure;	       /* time each call */
	bool owners;	       /* who else has the memory; see parse/ownership.h */
	bool outlines;	       /* maps alone: no counter is known */
};

/* What a reader has cost. Times are measured only if it was asked to. */
struct read_stats {
	uint64_t bytes, calls; /* read from files of memory maps */
	uint64_t longest_ns;
	pid_t longest_pid; /* 0 for a file */
};

/* Adds what another reader has cost. */
void read_stats_add(struct read_stats *sum, const struct read_stats *part);

/* `reading` is copied; the sink must outlive the reader, but the source need not once nothing more
 * is asked of the reader. NULL if out of memory. */
struct reader *reader_new(const struct source *s, const struct reading *reading,
			  const struct sink *sink);
void reader_free(struct reader *r);

const struct read_stats *reader_stats(const struct reader *r);

/* Reads one target into the sink. 0 however that ended; -1 with *e only for what is not the fault
 * of the target: no memory, no file descriptors, an error from the sink. */
int reader_read(struct reader *r, struct target target, struct error *e);

#endif

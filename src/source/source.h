/*
 * source: where processes and their mappings come from.
 *
 * A source is /proc (live), a directory like it (a captured tree, or a host's /proc mounted
 * elsewhere), or smaps files. Live and captured go through one code path; only the list of pids
 * differs. A source is immutable once open, so threads may share it; a reader belongs to one
 * thread.
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
 * A smaps file may hold several processes. If begin returns false, the process is not wanted, and
 * no further calls follow for it. cancel revokes begin and all mappings since: the process changed
 * during the reading and is read again. rollup is called only with NEED_ROLLUP, scan only if the
 * reading may scan; all other callbacks are mandatory.
 */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include "base/error.h"
#include "parse/content.h"
#include "parse/process.h"
#include "parse/smaps.h"
#include "source/procdir.h"

#include <sys/types.h>

struct remembered;

/* No source is opened for a recording, whose moments are snapshots (src/recording/). The last is a
 * JSON document, of which source_text() gives the text and nothing else can be read. */
enum source_kind { SOURCE_PROC, SOURCE_TREE, SOURCE_SMAPS, SOURCE_RECORDING, SOURCE_REPORT };

/* What is wanted about a process besides its mappings; each means one more file to read. */
enum {
	NEED_STAT = 1 << 0,    /* name and start time */
	NEED_UID = 1 << 1,     /* from status */
	NEED_CGROUP = 1 << 2,  /* from cgroup */
	NEED_EXE = 1 << 3,     /* from the link exe */
	NEED_ROLLUP = 1 << 4,  /* smaps_rollup, before and after smaps */
	NEED_COMMAND = 1 << 5, /* cmdline; also the name, in case it is empty */
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

/* The same for all processes that share an address space (vfork, CLONE_VM without CLONE_THREAD),
 * and for few others, such as forked ones. All 0 if unknown. */
struct memory_signs {
	uint64_t code, stack; /* start addresses */
};

/* Only the fields in `known` are valid. The slices are valid until begin returns. */
struct process {
	unsigned known;
	bool has_ended; /* what is unknown can no longer be found out */
	struct memory_signs signs;
	pid_t pid;
	uint64_t start_time; /* clock ticks since boot */
	struct slice name;   /* comm; for a smaps file, its path, made unique */
	uint32_t uid;	     /* effective */
	struct slice cgroup;
	struct slice exe;     /* path of the program */
	struct slice command; /* command line; see parse_command() */
};

/* The result of reading a process; there is exactly one for each. */
enum outcome {
	OUTCOME_READ,
	OUTCOME_NO_MEMORY, /* kernel thread or zombie */
	OUTCOME_DENIED,
	OUTCOME_VANISHED,  /* exited during the reading */
	OUTCOME_TRUNCATED, /* its memory went away during the reading: it called exec or exited, or
			      the reading timed out */
	OUTCOME_MALFORMED,
	OUTCOME_COUNT
};

/* More about how a process was read; a bit set of HOW_BIT()s. */
enum how {
	HOW_SCANNED,	  /* by PAGEMAP_SCAN rather than smaps */
	HOW_CANNOT_SCAN,  /* it should have been scanned, but the kernel cannot, */
	HOW_MAY_NOT_SCAN, /* or does not permit it, */
	HOW_MARKED,	  /* or markers of userfaultfd(2) looked like swap */
	HOW_NAMES_KEPT,	  /* it keeps names itself, which were read, */
	HOW_NAMES_LOST,	  /* or could not be read */
	HOW_TIMED_OUT,	  /* the reading timed out; see collect/pool.h */
	HOW_NO_SMAPS,	  /* denied, since the kernel or capture has no smaps */
	HOW_MAYBE_SHARED, /* looks like another process, and may share its memory */
	HOW_COUNT
};

#define HOW_BIT(how) (1U << (how))

/* What is known about a scanned process before its first mapping. */
struct scan_facts {
	bool no_swap;		/* the system has no swap */
	bool private_anon;	/* no anonymous page of the process is shared, as proven by */
	struct counters rollup; /* its smaps_rollup, valid with private_anon */
};

/* Objects that go away with their last user and that the process has open. */
struct held_objects {
	bool known;
	const struct object_id *list;
	size_t count;
};

struct ending {
	enum outcome outcome;
	unsigned how; /* HOW_BIT()s; 0 unless the process was read, denied or timed out */
	/* Of a denied process, from its status. */
	bool resident_known;
	uint64_t resident;	  /* bytes */
	struct held_objects held; /* with `owners` in struct reading */
	/* Set if the user must hear of it: the process or file was asked for by name, or captured
	 * data is damaged. */
	const struct error *why;
};

struct copy;

struct sink {
	void *ctx;
	bool (*begin)(void *ctx, const struct process *process);
	void (*scan)(void *ctx, const struct scan_facts *facts);
	mapping_fn *mapping;
	void (*cancel)(void *ctx);
	/* All of a process that was read, has no memory or is denied, before its end; for a reading
	 * that copies. */
	void (*copied)(void *ctx, const struct copy *copy);
	/* The rollups before and after smaps. Returns false to have everything read once more. */
	bool (*rollup)(void *ctx, const struct counters *before, const struct counters *after);
	void (*end)(void *ctx, const struct ending *ending);
};

/* A process of /proc or of a tree, or a file. */
struct target {
	size_t number; /* index in the order of source_targets() */
	pid_t pid;
	size_t file;
	/* Set by source_look(): */
	uint64_t weight; /* roughly how long it takes to read */
	struct memory_signs signs;
	bool stat_known;
	struct process_stat stat; /* its name points to: */
	char name[PROCESS_NAME_MAX];
	/* Set by collect/sharing.h: */
	unsigned memory; /* number of the address space, if several processes share it; otherwise 0
			  */
	unsigned like; /* number of the group that looks alike and could not be compared; otherwise
			  0 */
};

struct target_list {
	struct target *targets; /* owned by the caller */
	size_t count;
};

struct source;
struct reader;

/* `root` is NULL for the running system. `pids`, if any, limit the source to those. Both must
 * outlive the source. NULL with *e. */
struct source *source_open_proc(const char *root, const pid_t *pids, size_t count, struct error *e);

/* "-" is standard input. The paths must outlive the source; files are opened when read. */
struct source *source_open_files(char *const *paths, size_t count, struct error *e);

/* Opens whatever is named: smaps files, or one directory like /proc or an archive of one, each
 * compressed or not. It is only opened; "-" is standard input. The paths must outlive the source.
 * NULL with *e. */
struct source *source_open_from(char *const *paths, size_t count, struct error *e);

/* Finds out by content what it is, and unpacks it in memory if it is packed: nothing else can be
 * done with such a source before. Does nothing for other sources. 0, or -1 with *e. */
int source_load(struct source *s, struct error *e);

/* The text of a SOURCE_REPORT, which the caller frees; NULL with *e. */
char *source_text(const struct source *s, size_t *size, struct error *e);

/* The files of the whole system, or tree; not of smaps files. */
struct procdir source_files(const struct source *s);

/* Limits a source to these processes, which must outlive it. */
void source_limit(struct source *s, const pid_t *pids, size_t count);

/* A copy without the limit to some processes, to be closed before the original. NULL if out of
 * memory or descriptors. */
struct source *source_without_limit(const struct source *s);

void source_close(struct source *s);

enum source_kind source_kind(const struct source *s);

/* Whether the source is a running kernel's /proc, at any mount point, rather than a capture. */
bool source_is_live(const struct source *s);

/* How the address spaces of two processes compare. */
enum memory_comparison {
	MEMORY_SAME,
	MEMORY_BEFORE, /* different, ordered arbitrarily by the kernel */
	MEMORY_AFTER,
	MEMORY_GONE,	/* one of the processes has exited */
	MEMORY_UNKNOWN, /* and so it will be for any other two */
};

/* Uses kcmp(2) on the running system, the file shared-memory in a captured tree. */
enum memory_comparison source_compare(const struct source *s, pid_t a, pid_t b);

/* Whether a capture keeps what lies in the memory of any process that it is limited to. */
bool source_has_content(const struct source *s);

/* Whether the source is limited to some processes. */
bool source_is_limited(const struct source *s);

/* Whether the process is one that the source was limited to. */
bool source_names(const struct source *s, pid_t pid);

/* Lists the targets in ascending order. 0, or -1 with *e. */
int source_targets(const struct source *s, struct target_list *list, struct error *e);

/* Fills in what stat cheaply tells about a target: the cost of reading it, estimated by resident
 * pages or file size, and the signs of its memory. */
void source_look(const struct source *s, struct target *target);

/* Sorts by pid, drops duplicates, and numbers the targets. */
void target_list_unique(struct target_list *list);
int target_by_pid(const void *a, const void *b); /* for qsort() and bsearch() */

/* Sorts the heaviest first. */
void target_list_sort(struct target_list *list);

struct reading {
	unsigned needs; /* NEED_... */
	bool scan;	/* maps and PAGEMAP_SCAN rather than smaps: RSS and swap only, but fast */
	bool shares;	/* with scan: also PSS and USS, if smaps_rollup proves them */
	uint64_t max_stall_ns; /* limit on one call that holds a process's lock; 0 for none */
	bool exclusive_pages;  /* with a scan: USS, and PSS at least, by each page */
	bool measure;	       /* measure the time of each call */
	bool owners;	       /* find out who else uses the memory; see parse/ownership.h */
	bool heaps;	       /* how much of it malloc has handed out; see parse/heap_use.h */
	bool outlines;	       /* read maps only: no counter is known */
	bool copies;	       /* keep the files, for the sink */
	struct remembered *remembered;	   /* of that, from one reading to the next; or NULL */
	const struct content_signs *signs; /* looks at the content of unnamed memory; or NULL */
};

/* What the readings cost. Times are measured only with `measure`. */
struct read_stats {
	uint64_t bytes, calls; /* read from smaps, maps and the like */
	uint64_t longest_ns;
	pid_t longest_pid; /* 0 for a file */
};

/* Adds the cost of another reader. */
void read_stats_add(struct read_stats *sum, const struct read_stats *part);

/* `reading` is copied; the sink must outlive the reader. The source may be closed earlier if the
 * reader is not used any more. NULL if out of memory. */
struct reader *reader_new(const struct source *s, const struct reading *reading,
			  const struct sink *sink);
void reader_free(struct reader *r);

const struct read_stats *reader_stats(const struct reader *r);

/* Reads one target into the sink. Returns 0 however that ended; -1 with *e only for errors that are
 * not the target's fault: out of memory or descriptors, or an error from the sink. */
int reader_read(struct reader *r, struct target target, struct error *e);

#endif

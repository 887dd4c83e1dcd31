/*
 * smaps: a streaming parser of /proc/PID/smaps, smaps_rollup and maps.
 *
 *	p = smaps_new()
 *	smaps_begin(p, SMAPS_MAPPINGS, stage)
 *	repeat: room = smaps_reserve(p, &size); n = read(fd, room, size); smaps_feed(p, n)
 *	smaps_end(p)			at the end of the input: delivers the last mapping
 *	smaps_begin(p, ...)		for the next input
 *	smaps_free(p)
 *
 * The stage gets each mapping once, in the order of the text, when its last line has been seen.
 *Memory does not grow with the input: what is kept is one name, and one line that is not yet whole.
 *
 * Nothing is assumed about which fields there are or their order; unknown ones are skipped, and so
 * is the `Name:` of Android's kernels, which repeats the header. What is not smaps is an error that
 * says line and byte: ERROR_MALFORMED, or ERROR_TRUNCATED when the input stops inside a mapping.
 * If it stops at the end of a line, that shows by fields that all mappings before had. After an
 * error the parser may only be given smaps_begin() or smaps_free().
 *
 * In a capture (smaps_expect_separators()), a mapping whose header is that of the one before is
 * the same once more, as old kernels print their last one, and is left out. Blanks and carriage
 * returns that stand behind the fields of an entry are there no part of its name either.
 */
#ifndef PARSE_SMAPS_H
#define PARSE_SMAPS_H

#include "base/error.h"
#include "base/slice.h"
#include "parse/counters.h"
#include "parse/ownership.h"
#include "parse/separator.h"

enum smaps_kind {
	SMAPS_MAPPINGS, /* smaps: one entry a mapping */
	SMAPS_ROLLUP,	/* smaps_rollup: one entry, called [rollup] */
	SMAPS_HEADERS,	/* maps: the headers of smaps alone; no counter is known */
};

/* What the file system of a mapped file keeps its pages in. */
enum backing {
	BACKING_UNKNOWN, /* the name has to tell */
	BACKING_SHMEM,	 /* memory that the kernel counts as shared: a tmpfs, a memfd */
	BACKING_DEVICES, /* the same, but most of its files are devices */
	BACKING_OTHER,
};

struct mapping {
	uint64_t start, end; /* addresses */
	uint64_t offset;     /* bytes into the file */
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	enum backing backing; /* set by a source that knows, as is: */
	uint64_t space;	      /* IPC namespace of a System V segment, whose inode is its shmid */
	char perms[5];	      /* "rw-p" */
	struct slice name;    /* verbatim, may be empty; dies when the stage returns */
	bool by_process;      /* not the kernel's word: the process keeps the name itself */
	bool is_monitored;  /* by userfaultfd(2), as VmFlags says of unnamed memory that is there */
	bool was_looked_at; /* its content was; set by a source that reads it, as is: */
	unsigned guess;	    /* enum guess by its content */
	struct counters counters;
	struct ownership ownership; /* of stages behind the parser */
};

/* Whether the kernel gave the mapping a file, even one without a visible path. */
static inline bool mapping_has_inode(const struct mapping *m)
{
	return m->inode != 0 || m->dev_major != 0 || m->dev_minor != 0;
}

/* Returns 0 to continue, -1 with *e filled to stop: smaps_feed() or smaps_end() then fails with it.
 */
typedef int mapping_fn(void *ctx, const struct mapping *m, struct error *e);

/* One stage on the way of a mapping from the parser to where it is added up. */
struct stage {
	mapping_fn *take;
	void *ctx;
};

static inline int stage_take(struct stage stage, const struct mapping *m, struct error *e)
{
	return stage.take(stage.ctx, m, e);
}

struct smaps_parser;

/* NULL if out of memory. */
struct smaps_parser *smaps_new(void);
void smaps_free(struct smaps_parser *p);

/* Whether entries that look like those before may be read at once (see template.h) rather than line
 * by line. On unless this turns it off, which tests and benchmarks do; the result is the same. */
void smaps_use_templates(struct smaps_parser *p, bool learns);

/* For the next input, whose mappings go to `stage`. */
void smaps_begin(struct smaps_parser *p, enum smaps_kind kind, struct stage stage);

/* After smaps_begin(): the input is a capture of somebody's, and may have separators. */
void smaps_expect_separators(struct smaps_parser *p, struct separators separators);

/* How many lines have been read. */
uint64_t smaps_line(const struct smaps_parser *p);

/* Where to put the next bytes, at least 4 KiB; NULL if out of memory. */
char *smaps_reserve(struct smaps_parser *p, size_t *size);

/* Takes n bytes that were put into the room. 0, or -1 with *e. */
int smaps_feed(struct smaps_parser *p, size_t n, struct error *e);

/* 0, or -1 with *e. An input without any mapping is not an error: see smaps_mappings(). */
int smaps_end(struct smaps_parser *p, struct error *e);

/* How many mappings have been delivered since smaps_begin(). */
uint64_t smaps_mappings(const struct smaps_parser *p);

#endif

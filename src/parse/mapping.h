/*
 * mapping: a mapping of a process as its memory map shows it, and the stages it passes.
 */
#ifndef PARSE_MAPPING_H
#define PARSE_MAPPING_H

#include "base/error.h"
#include "base/slice.h"
#include "parse/counters.h"
#include "parse/heap_use.h"
#include "parse/ownership.h"

#include <stdbool.h>
#include <stdint.h>

/* Where the file system of a mapped file keeps its pages. */
enum backing {
	BACKING_UNKNOWN, /* only the name can tell */
	BACKING_SHMEM,	 /* memory that the kernel counts as shared memory: a tmpfs, a memfd */
	BACKING_DEVICES, /* the same, but most files there are devices */
	BACKING_OTHER,
};

struct mapping {
	uint64_t start, end; /* addresses */
	uint64_t offset;     /* bytes into the file */
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	enum backing backing; /* set by a source that knows, as is the next member: */
	uint64_t space;	      /* IPC namespace of a System V segment, whose inode is its shmid */
	char perms[5];	      /* such as "rw-p" */
	uint32_t merged; /* number of further mappings it stands for, in captures that merge them */
	struct slice name;  /* verbatim, may be empty; valid until the stage returns */
	bool by_process;    /* the process keeps this name itself; the kernel does not know it */
	bool is_monitored;  /* by userfaultfd(2), as VmFlags shows for unnamed resident memory */
	bool was_looked_at; /* its contents were; set by a source that reads them, as is: */
	unsigned guess;	    /* enum guess by its contents */
	struct counters counters;
	struct ownership ownership; /* set by stages after the parser */
	struct heap_use heap;	    /* likewise */
};

/* Whether the mapping has a file, even one without a visible path. */
static inline bool mapping_has_inode(const struct mapping *m)
{
	return m->inode != 0 || m->dev_major != 0 || m->dev_minor != 0;
}

/* Returns 0 to continue, or -1 with *e to stop: smaps_feed() or smaps_end() then fails with it. */
typedef int mapping_fn(void *ctx, const struct mapping *m, struct error *e);

/* A stage on the way of a mapping from the parser to the sink. */
struct stage {
	mapping_fn *take;
	void *ctx;
};

static inline int stage_take(struct stage stage, const struct mapping *m, struct error *e)
{
	return stage.take(stage.ctx, m, e);
}

#endif

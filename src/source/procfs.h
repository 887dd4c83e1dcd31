/* procfs: reads one process of /proc or of a captured tree; for src/source/ only. */
#ifndef SOURCE_PROCFS_H
#define SOURCE_PROCFS_H

#include "source/backing.h"
#include "source/content.h"
#include "source/frames.h"
#include "source/handle.h"
#include "source/heaps.h"
#include "source/kept_names.h"
#include "source/limits.h"
#include "source/objects.h"
#include "source/published_heaps.h"
#include "source/scan.h"

struct procfs {
	const struct source *source;
	struct io *io;
	/* The stages that mappings pass; each is created when first needed. */
	struct limits limits;
	struct process_memory memory;
	struct kept_names *names;
	struct content *content;
	struct scan *scan;
	struct backing_devices backing;
	struct frames *frames;
	struct objects *objects;
	struct copy copy; /* if the reading copies */
	struct heaps *heaps;
	struct published_heaps *published;
	bool cannot_scan; /* found out at the first process */
};

/* Both are borrowed. */
void procfs_init(struct procfs *p, const struct source *s, struct io *io);
void procfs_free(struct procfs *p);

/* Like reader_read(). */
int procfs_read(struct procfs *p, const struct target *target, struct error *e);

#endif

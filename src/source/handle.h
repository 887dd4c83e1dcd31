/*
 * handle: what an open source is made of; for src/source/ only.
 */
#ifndef SOURCE_HANDLE_H
#define SOURCE_HANDLE_H

#include "source/procdir.h"
#include "source/source.h"

struct source {
	enum source_kind kind;
	/* SOURCE_PROC and SOURCE_TREE */
	const char *root;
	int root_fd;
	pid_t self;	       /* anonmem's own in the running system; else 0 */
	bool is_live;	       /* a kernel's /proc, wherever it is mounted; no capture */
	uint64_t max_mappings; /* that one process may have */
	const pid_t *pids;
	size_t pid_count;
	/* SOURCE_SMAPS */
	char *const *paths;
	size_t path_count;
};

/* As source_targets(), but whatever it is limited to; not of files. */
int source_list_all(const struct source *s, struct target_list *list, struct error *e);

static inline struct procdir source_root(const struct source *s)
{
	return (struct procdir){s->root_fd, ""};
}

#endif

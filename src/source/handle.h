/*
 * handle: the contents of an open source; for src/source/ only.
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
	struct members *members; /* of an archived tree, which has no root_fd; or NULL */
	pid_t self;		 /* anonmem's own pid in the running system; else 0 */
	bool is_live;		 /* a kernel's /proc, wherever it is mounted, not a capture */
	int system_fd;		 /* root folder of another system that is_live; or -1 */
	const pid_t *pids;
	size_t pid_count;
	struct captured_segments *segments; /* from a capture that lists them; or NULL */
	struct shared_memory
		*shared; /* from a capture that says which processes share memory; or NULL */
	/* SOURCE_SMAPS */
	char *const *paths;
	size_t path_count;
	int *fds;	 /* of those that are open, -1 for others; or NULL */
	bool is_unknown; /* of source_open_from(), until it is known what they are */
	bool is_view;	 /* of another source, which owns all of it */
};

/* Signs that do not identify memory become 0: the process has no memory, or the kernel hides it. */
static inline struct memory_signs signs_of(const struct process_stat *stat)
{
	if (stat->size == 0 || stat->code <= 1 || stat->stack == 0)
		return (struct memory_signs){0, 0};
	return (struct memory_signs){stat->code, stat->stack};
}

/* What is to be known of a tree once it is open. 0, or -1 with *e. */
int source_check_tree(struct source *s, struct error *e);

/* Like source_targets(), but without the limit to some processes; not for smaps files. */
int source_list_all(const struct source *s, struct target_list *list, struct error *e);

static inline bool source_is_captured(const struct source *s)
{
	return s->kind == SOURCE_TREE && !s->is_live;
}

/* The directory of files with a prefix, such as "1234/". */
static inline struct procdir source_dir(const struct source *s, const char *prefix)
{
	return (struct procdir){s->root_fd, prefix, source_is_captured(s), s->members};
}

static inline struct procdir source_root(const struct source *s)
{
	return source_dir(s, "");
}

#endif

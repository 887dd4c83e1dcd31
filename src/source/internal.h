/* What the kinds of source share among themselves; for src/source/ only. */
#ifndef SOURCE_INTERNAL_H
#define SOURCE_INTERNAL_H

#include "source/source.h"

struct source {
	enum source_kind kind;
	/* SOURCE_PROC and SOURCE_TREE */
	const char *root;
	int root_fd;
	const pid_t *pids;
	size_t pid_count;
	/* SOURCE_SMAPS */
	char *const *paths;
	size_t path_count;
};

struct reader {
	const struct source *source;
	const struct sink *sink;
	unsigned needs;
	struct smaps_parser *parser;
	smaps_mapping_fn *on_mapping; /* gets what the parser finds */
	void *on_mapping_ctx;
	char *text; /* of the small file that was read last */
	size_t text_capacity;
};

int procfs_read(struct reader *r, pid_t pid, struct error *e);
int files_read(struct reader *r, size_t file, struct error *e);

/* Reads fd to its end through the parser into r->on_mapping. 0, or -1 with *e: ERROR_SYSTEM and its
 * errno if read() failed. */
int reader_drain(struct reader *r, int fd, enum smaps_kind kind, struct error *e);

/* A whole small file into r->text, where it stays until the next one. 0, or -1 with errno. */
int reader_slurp(struct reader *r, int fd, struct slice *text);

/* The pids of the running system, in no order. 0, or -1 with *e; the caller frees list->targets. */
int list_live(struct target_list *list, struct error *e);

/* Adds one pid; false when there is no memory. */
bool target_list_add_pid(struct target_list *list, pid_t pid);

#endif

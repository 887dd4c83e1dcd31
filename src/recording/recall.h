/* recall: what is wanted of a recording. */
#ifndef RECORDING_RECALL_H
#define RECORDING_RECALL_H

#include "classify/rules.h"
#include "model/selection.h"

struct recall {
	struct grouping by;
	struct selection selection;
	const char *user;  /* as the selection's, as text */
	const pid_t *pids; /* only these, if there are any */
	size_t pid_count;
	const struct rules *rules; /* for KEY_SUBSYSTEM, which follows from the label */
	/* Is told how much of a span was read; or NULL. */
	void (*progress)(void *ctx, unsigned percent);
	void *progress_ctx;
};

#endif

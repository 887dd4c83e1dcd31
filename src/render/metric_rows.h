/* metric_rows: the groups of a snapshot as rows of metrics; for metrics.c only. */
#ifndef RENDER_METRIC_ROWS_H
#define RENDER_METRIC_ROWS_H

#include "model/snapshot.h"

struct metric_row {
	symbol labels; /* between the braces of a sample */
	struct group sum;
	unsigned parts; /* groups that it is the sum of */
};

struct metric_rows {
	struct intern labels;
	struct metric_row *list; /* those with the most memory first, and the sum of the others last
				  */
	size_t count;
	size_t others; /* rows that the last one is the sum of; 0 if there is none such */
};

/* At most `most` rows, at least one. False if out of memory; metric_rows_free() in any case. */
bool metric_rows_make(struct metric_rows *r, const struct snapshot *s, size_t most);
void metric_rows_free(struct metric_rows *r);

#endif

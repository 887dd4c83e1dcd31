/*
 * census: finds the processes outside a report that have shared memory mapped or open.
 *
 *	struct census c = {0}
 *	census_note(&c, record)		each record of the report
 *	census_take(&c, ...)		looks at all other processes
 *	census_free(&c)
 */
#ifndef COLLECT_CENSUS_H
#define COLLECT_CENSUS_H

#include "collect/collect.h"
#include "model/exclusive.h"

struct census {
	pid_t *known; /* processes that need no second look */
	size_t count, capacity;
};

/* False if out of memory. */
bool census_note(struct census *c, const struct record *r);
void census_free(struct census *c);

/* Adds the holdings of the others. 0, or -1 with *e. */
int census_take(struct census *c, const struct source *source,
		const struct collect_options *options, struct exclusive *x, struct error *e);

#endif

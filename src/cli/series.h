/*
 * series: the runs on one side of a check: from captures, reports and earlier checks, from the
 * running system, or from a program.
 *
 *	series_open(&s, paths, count, &options, &e)	while files may be opened
 *	series_load(&s, &e)				behind the sandbox
 *	series_read(&s, &budget, &collecting, &e)
 *	series_middle(&s, &budget)
 *	series_free(&s, &budget)
 */
#ifndef CLI_SERIES_H
#define CLI_SERIES_H

#include "cli/side.h"
#include "render/runs.h"
#include "report/budget.h"

struct series {
	struct side *sides;
	size_t side_count;
	struct budget_runs runs;
	struct run_view *views; /* one for each run; they borrow what follows */
	struct snapshot **made; /* one for each run that is read back */
	size_t made_count;
	int program_status; /* from checks that are read back: the first that is not 0 */
	uint64_t readings;  /* of all runs together */
};

/* Without paths, the series is the running system. Each returns 0, or -1 with *e; ERROR_USAGE if
 * the user is at fault. Call series_free() in any case. */
int series_open(struct series *s, char **paths, size_t count, const struct options *o,
		struct error *e);
int series_load(struct series *s, struct error *e);

/* How to guess so that the series can be compared: see side_inferring(). */
enum inferring series_inferring(const struct series *s, enum inferring asked);

int series_read(struct series *s, const struct budget *b, const struct collect_options *collecting,
		struct error *e);

/* Adds the runs of a check, given as JSON. */
int series_add_check(struct series *s, struct slice text, const struct options *o, struct error *e);

/* Adds a run, whose usages are still empty; the snapshot is borrowed. NULL if out of memory. */
struct usage *series_add_run(struct series *s, const struct budget *b,
			     const struct snapshot *snapshot, bool is_program, uint64_t readings);

/* The memory of the run whose total is the median. NULL without a run. */
const struct snapshot *series_middle(const struct series *s, const struct budget *b);

/* The number of processes whose kept names could not be read. */
uint64_t series_lost_names(const struct series *s);

/* Reports what went wrong while reading; false if anything did. */
bool series_say_problems(const struct series *s);

void series_free(struct series *s, const struct budget *b);

#endif

/*
 * budget: limits of memory, and whether a snapshot is within them.
 *
 *	budget_measure(rule, snapshot, &usage)	for each reading: the most of all of them counts
 *	budget_judge(budget, i, &runs, &baseline, &j, &e)
 *	budget_parts(rule, name, &delta, ...)	what the memory of a finding consists of
 *
 * A rule is about all memory that it matches together or, by a key, about that of each value of the
 * key. If something could not be read, it is unknown whether memory is within its limit, unless it
 * is over it already. Of several runs, the median counts, and a growth must be more than noise
 * (noise.h).
 */
#ifndef REPORT_BUDGET_H
#define REPORT_BUDGET_H

#include "model/delta.h"
#include "model/selection.h"
#include "report/column.h"
#include "report/noise.h"

enum {
	BUDGET_PERCENT = 10000, /* one percent: the unit of growth is a ten thousandth of that */
	BUDGET_PERCENT_MOST = 1000000,
};

struct budget_rule {
	char *text;  /* as it was written; owned, as are the lists below */
	char *scope; /* the same without its limit */
	const struct column *column;
	uint64_t size;	  /* bytes, */
	uint64_t percent; /* or BUDGET_PERCENTths of a percent of the baseline, by `limit` */

	struct selection memory; /* its labels */
	char **labels;
	char *subsystem, *cgroup; /* globs; NULL for any */
	regex_t name;		  /* with by_name */
	unsigned line;		  /* in its file; 0 for the command line */
	enum { BUDGET_MAX, BUDGET_GROWTH, BUDGET_GROWTH_PERCENT } limit;
	enum key key; /* with by_key */
	bool by_name, by_key;
	bool optional; /* it may match nothing */
};

struct budget {
	struct budget_rule *list;
	size_t count;
};

void budget_free(struct budget *b);

/* The keys that the rules need of a snapshot. */
struct grouping budget_grouping(const struct budget *b);

/* Memory that a rule matches: one entry, or one for each value of its key. */
struct usage {
	struct intern names; /* the one entry without a key is "" */
	struct usage_entry {
		uint64_t bytes;
		bool unknown;
	} * list;
	uint32_t capacity;
	bool open;	 /* there may be more memory: something could not be read */
	bool exists;	 /* it was measured at all */
	bool unmeasured; /* it was not, since the check that was read back had no such rule */
};

/* Of each run a list with the usage of each rule. */
struct budget_runs {
	struct usage **list;
	size_t count;
};

void usage_init(struct usage *u);
void usage_free(struct usage *u);

/* Raises the entry of a name, or makes it. False if out of memory. */
bool usage_put(struct usage *u, struct slice name, uint64_t bytes, bool unknown);

/* Adds a run whose usages are empty. NULL if out of memory. */
struct usage *budget_runs_add(struct budget_runs *r, const struct budget *b);
void budget_runs_free(struct budget_runs *r, const struct budget *b);

/* False if out of memory. The caller sets u->open. */
bool budget_measure(const struct budget_rule *rule, const struct snapshot *s, struct usage *u);

/* Whether there may be more memory of a rule than in the snapshot: a process other than one that
 * just ended could not be read, nor the names that it keeps, or a report was written without all of
 * its rows. */
bool budget_is_open(const struct budget_rule *rule, const struct snapshot *s);

enum verdict {
	VERDICT_WITHIN,
	VERDICT_SKIPPED,
	VERDICT_NOISE, /* over, but by no more than runs differ among themselves */
	VERDICT_OVER,
	VERDICT_UNKNOWN,
	VERDICT_COUNT
};
extern const char *const verdict_names[VERDICT_COUNT];

struct finding {
	struct slice name; /* value of the key, empty without one; points into the usage */
	enum verdict verdict;
	bool known, before_known;
	uint64_t bytes, before, limit;		/* of several runs the median */
	const uint64_t *values, *before_values; /* of each run; they belong to the judgement */
	enum noise_result difference;		/* from the baseline */
	double p;				/* how likely such a difference is of noise */
};

struct judgement {
	enum verdict verdict; /* the worst of all findings; without findings, nothing matched */
	struct finding *list; /* owned; the largest excess first */
	size_t count;
	uint64_t *values; /* owned */
	size_t runs, before_runs;
	bool unmeasured, before_unmeasured; /* a run of that side is of a check without this rule */
};

/* Judges the rule of this number. A rule about growth needs a baseline; without one, there is no
 * run of it. 0, or -1 with *e if out of memory; judgement_free() in any case. */
int budget_judge(const struct budget *b, size_t rule, const struct budget_runs *now,
		 const struct budget_runs *baseline, struct judgement *j, struct error *e);
void judgement_free(struct judgement *j);

/* Fills indices of rows of the delta, inside or outside the memory of the finding: those that grew
 * most or, without a baseline, the largest. Returns their number, or -1 if out of memory. */
int budget_parts(const struct budget_rule *rule, const struct finding *finding,
		 const struct delta *d, bool inside, bool has_baseline, uint32_t *parts, int most);

/* The figure of the rule's column on one side of a row; false if it is unknown. */
bool budget_figure(const struct budget_rule *rule, const struct snapshot *side,
		   const struct group *group, uint64_t *bytes);

#endif

#include "model/collect.h"

#include "model/keyer.h"

#include <stdlib.h>
#include <unistd.h>

struct collector {
	const struct collect_options *options;
	struct snapshot *snapshot;
	struct keyer keyer;

	/* The process at hand. */
	struct aggregate groups;
	struct group *group; /* of the mapping before */
	struct group all;    /* every mapping, wanted or not; kept only to verify */
	symbol process;	     /* only to verify */
	size_t differences_before;
	bool swaps_shared;
	bool compared;
	uint64_t pss_anon;
	bool pss_anon_known;

	bool pss_anon_total_known;
	bool no_memory;
};

static bool on_begin(void *ctx, const struct process *process)
{
	struct collector *c = ctx;

	if (!selection_wants_process(&c->options->selection, process))
		return false;
	aggregate_reset(&c->groups);
	group_zero(&c->all);
	c->compared = c->pss_anon_known = c->swaps_shared = false;
	c->differences_before = c->snapshot->verification.count;
	c->no_memory |= !keyer_process(&c->keyer, process);
	if (c->options->verify) {
		c->process = key_intern_process(&c->snapshot->symbols, process);
		c->no_memory |= c->process == SYMBOL_NONE;
	}
	return true;
}

static int on_mapping(void *ctx, const struct mapping *m, struct error *e)
{
	struct collector *c = ctx;
	symbol key[KEY_COUNT];
	enum kind kind;

	if (c->no_memory)
		return error_memory(e);
	if (c->options->verify) {
		c->all.mappings++;
		c->groups.inexact |= !counters_add(&c->all.counters, &m->counters);
	}
	switch (keyer_mapping(&c->keyer, m, key, &kind)) {
	case KEYED_UNWANTED:
		return 0;
	case KEYED_NO_MEMORY:
		return error_memory(e);
	case KEYED:
		c->group = aggregate_group(&c->groups, key);
		if (!c->group)
			return error_memory(e);
		break;
	case KEYED_AGAIN:
		break;
	}
	aggregate_add(&c->groups, c->group, &m->counters);
	c->swaps_shared |= kind == KIND_SHMEM && m->counters.bytes[COUNTER_SWAP] > 0;
	return 0;
}

static void on_cancel(void *ctx)
{
	struct collector *c = ctx;

	c->snapshot->verification.count = c->differences_before;
}

static bool on_rollup(void *ctx, const struct counters *before, const struct counters *after)
{
	struct collector *c = ctx;
	int status = verify_process(&c->snapshot->verification, c->process, &c->all.counters,
				    c->all.mappings, before, after);

	c->compared = true;
	c->pss_anon_known = counters_know(after, COUNTER_PSS_ANON);
	c->pss_anon = after->bytes[COUNTER_PSS_ANON];
	c->no_memory |= status < 0;
	return status == 0;
}

/* The process at hand was read whole: it joins the snapshot. */
static void accept(struct collector *c)
{
	struct snapshot *s = c->snapshot;
	struct group process;

	group_zero(&process);
	for (uint32_t i = 0; i < aggregate_count(&c->groups); i++)
		c->groups.inexact |= !group_add(&process, &c->groups.groups[i]);
	process.processes = aggregate_count(&c->groups) > 0;
	c->no_memory |= !aggregate_merge(&s->groups, &c->groups);
	s->groups.inexact |= !group_add(&s->totals, &process);
	s->shared_swappers += c->swaps_shared;
	if (c->compared)
		s->verification.compared++;
	else
		s->verification.without_rollup++;
	c->pss_anon_total_known &= c->pss_anon_known;
	s->verification.pss_anon += c->pss_anon_known ? c->pss_anon : 0;
}

static void add_problem(struct collector *c, const char *text)
{
	struct snapshot *s = c->snapshot;
	char **larger = reallocarray(s->problems, s->problem_count + 1, sizeof(*larger));

	if (larger) {
		s->problems = larger;
		s->problems[s->problem_count] = strdup(text);
	}
	if (larger && s->problems[s->problem_count])
		s->problem_count++;
	else
		c->no_memory = true;
}

static void on_end(void *ctx, enum outcome outcome, const struct error *why)
{
	struct collector *c = ctx;
	struct coverage *coverage = &c->snapshot->coverage;

	coverage->seen++;
	coverage->by_outcome[outcome]++;
	if (outcome == OUTCOME_READ)
		accept(c);
	else
		on_cancel(c);
	if (why)
		add_problem(c, why->text);
}

static int read_all(struct collector *c, const struct source *source, struct error *e)
{
	const struct collect_options *o = c->options;
	unsigned needs = grouping_needs(&o->by) | selection_needs(&o->selection);
	const struct sink sink = {c, on_begin, on_mapping, on_cancel, on_rollup, on_end};
	struct target_list list;
	struct reader *reader;
	int status = 0;

	if (o->verify)
		needs |= NEED_ROLLUP | NEED_STAT;
	if (source_targets(source, &list, e) < 0)
		return -1;
	reader = reader_new(source, needs, &sink);
	if (!reader)
		status = error_memory(e);
	for (size_t i = 0; i < list.count && status == 0; i++) {
		status = reader_read(reader, list.targets[i], e);
		if (status == 0 && c->no_memory)
			status = error_memory(e);
	}
	reader_free(reader);
	free(list.targets);
	return status;
}

/* AnonPages is kept in parts by each processor; what those may hold back proves nothing. And the
 * processes go on while they are read, one after the other. */
static uint64_t anon_tolerance(const struct machine *m, uint64_t anon)
{
	enum { PAGES_A_PROCESSOR = 125 };
	uint64_t processors = (uint64_t)sysconf(_SC_NPROCESSORS_CONF);

	return processors * PAGES_A_PROCESSOR * (uint64_t)m->page_size + anon / 100;
}

static void compare_anon(struct collector *c, const struct source *source)
{
	struct snapshot *s = c->snapshot;
	struct verification *v = &s->verification;
	const struct selection *wanted = &c->options->selection;
	struct meminfo after;
	struct error ignored;

	if (s->source != SOURCE_PROC || source_is_limited(source) || !s->machine.meminfo_known ||
	    !c->pss_anon_total_known || wanted->name || wanted->cgroup || wanted->by_user ||
	    coverage_missed(&s->coverage) > 0 || meminfo_live(&after, &ignored) < 0)
		return;
	v->anon_known = true;
	v->anon_before = s->machine.meminfo.bytes[MEMINFO_ANON_PAGES];
	v->anon_after = after.bytes[MEMINFO_ANON_PAGES];
	v->anon_tolerance = anon_tolerance(&s->machine, v->anon_after);
}

static int collect_once(const struct source *source, const struct collect_options *options,
			struct snapshot *s, struct error *e)
{
	struct collector c = {.options = options, .snapshot = s, .pss_anon_total_known = true};
	int status;

	*s = (struct snapshot){
		.source = source_kind(source),
		.by = options->by,
		.verified = options->verify,
	};
	intern_init(&s->symbols);
	verification_init(&s->verification);
	aggregate_init(&s->groups, options->by.count);
	aggregate_init(&c.groups, options->by.count);
	group_zero(&s->totals);
	machine_read(source, &s->machine);
	keyer_init(&c.keyer, &s->symbols, &options->by, &options->selection, options->rules,
		   s->source == SOURCE_PROC);
	status = read_all(&c, source, e);
	if (status == 0 && options->verify)
		compare_anon(&c, source);
	/* Of processes that could not be read nothing is known, which is not zero. */
	if (s->coverage.by_outcome[OUTCOME_READ] == 0)
		s->totals.counters.known = 0;
	keyer_free(&c.keyer);
	aggregate_free(&c.groups);
	return status;
}

int collect(const struct source *source, const struct collect_options *options, struct snapshot *s,
	    struct error *e)
{
	int status = collect_once(source, options, s, e);

	/* Processes are read again one by one; the system's total can only be read again whole. */
	if (status == 0 && !verification_anon_agrees(&s->verification)) {
		snapshot_free(s);
		status = collect_once(source, options, s, e);
	}
	return status;
}

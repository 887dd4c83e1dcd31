#include "collect/survey.h"

#include "collect/census.h"
#include "collect/lineage.h"
#include "collect/others.h"
#include "collect/unmapped.h"
#include "model/exclusive.h"
#include "model/fold.h"
#include "source/kpagecount.h"

#include <stdlib.h>
#include <unistd.h>

struct survey {
	const struct source *source;
	const struct collect_options *options;
	struct snapshot *snapshot;
	struct fold fold;
	struct exclusive exclusive;
	struct census census;

	/* Swapped shared memory is divided among all processes, so records that have some are kept
	 * until all are there. */
	struct shares shares;
	struct record **waiting;
	size_t waiting_count;
	bool passes_over; /* some processes are not selected; then: */
	pid_t *read;	  /* the selected ones that were read */
	size_t read_count;
};

/* Interns the process, which the message about a difference names. */
static bool add_comparison(struct snapshot *s, const struct record *r)
{
	symbol process = SYMBOL_NONE, cgroup = SYMBOL_NONE;

	if (!r->comparison || r->shares_with)
		return true;
	if (r->comparison->count > 0) {
		process = key_intern_process(&s->symbols, &r->process);
		if (process == SYMBOL_NONE)
			return false;
	}
	if (r->process.known & PROCESS_CGROUP) {
		cgroup = intern(&s->symbols, r->process.cgroup);
		if (cgroup == SYMBOL_NONE)
			return false;
	}
	return verification_add(&s->verification, process, cgroup, r->comparison);
}

static bool keep(struct survey *survey, const struct record *r)
{
	struct record **larger =
		reallocarray(survey->waiting, survey->waiting_count + 1, sizeof(struct record *));

	if (!larger)
		return false;
	survey->waiting = larger;
	larger[survey->waiting_count] = record_copy(r, &survey->options->by);
	return larger[survey->waiting_count] && ++survey->waiting_count;
}

/* Notes that a process was read. The capacity is the count rounded up to a power of two. */
static bool note_read(struct survey *survey, const struct record *r)
{
	size_t count = survey->read_count;

	if (!survey->passes_over || r->match != MATCH_YES || r->outcome != OUTCOME_READ)
		return true;
	if ((count & (count - 1)) == 0) {
		pid_t *larger = reallocarray(survey->read, count ? 2 * count : 1, sizeof(pid_t));

		if (!larger)
			return false;
		survey->read = larger;
	}
	survey->read[survey->read_count++] = r->process.pid;
	return true;
}

static bool take(void *ctx, const struct record *r)
{
	struct survey *survey = ctx;
	struct snapshot *s = survey->snapshot;

	coverage_add(&s->coverage, r);
	return (!r->problem || problems_add(&s->problems, r->target, r->problem)) &&
	       snapshot_add_sharer(s, r) && add_comparison(s, r) &&
	       commands_add(&s->commands, &s->symbols, r) &&
	       (!survey->options->usages || usages_add(&s->usages, &s->by, r)) &&
	       note_read(survey, r) && shares_add(&survey->shares, r) &&
	       (r->part_count == 0 || keep(survey, r)) && fold_add(&survey->fold, r) &&
	       (r->shares_with || exclusive_add(&survey->exclusive, r)) &&
	       census_note(&survey->census, r);
}

static bool take_other(void *ctx, const struct record *r)
{
	return shares_add(&((struct survey *)ctx)->shares, r);
}

static int by_pid(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

static int read_others(struct survey *survey, struct error *e)
{
	if (survey->read_count)
		qsort(survey->read, survey->read_count, sizeof(pid_t), by_pid);
	return others_collect(survey->source, survey->options, survey->read, survey->read_count,
			      take_other, survey, e);
}

/* An unmapped object belongs to no process and has no label. */
static bool shows_unmapped(const struct survey *survey)
{
	const struct collect_options *o = survey->options;

	return grouping_has(&o->by, KEY_SEGMENT) && !survey->passes_over &&
	       o->selection.label_count == 0 && selection_wants_kind(&o->selection, KIND_SHMEM);
}

/* Adds the shares of the records that were kept. */
static int divide(struct survey *survey, struct error *e)
{
	struct snapshot *s = survey->snapshot;

	if (survey->passes_over && survey->snapshot->coverage.shared_swappers > 0 &&
	    read_others(survey, e) < 0)
		return -1;
	shares_measure(&survey->shares, survey->source);
	survey->fold.shares = &survey->shares;
	for (size_t i = 0; i < survey->waiting_count; i++)
		fold_add_shares(&survey->fold, survey->waiting[i]);
	if (shows_unmapped(survey) && !unmapped_add(survey->source, s, &survey->shares))
		return error_memory(e);
	s->shares_incomplete = survey->shares.incomplete && survey->waiting_count > 0;
	s->unmeasured_segments = shares_unmeasured(&survey->shares);
	if (grouping_has(&s->by, KEY_SEGMENT)) {
		s->own_segments = survey->shares;
		s->segments = &s->own_segments;
		shares_init(&survey->shares);
	}
	return 0;
}

static void free_shares(struct survey *survey)
{
	for (size_t i = 0; i < survey->waiting_count; i++)
		free(survey->waiting[i]);
	free(survey->waiting);
	free(survey->read);
	shares_free(&survey->shares);
}

/* Each CPU keeps a part of AnonPages; a difference up to what they may hold back proves nothing.
 * And processes run while they are read one after the other. */
static uint64_t anon_tolerance(const struct machine *m, uint64_t anon)
{
	enum { PAGES_A_PROCESSOR = 125 };
	uint64_t processors = (uint64_t)sysconf(_SC_NPROCESSORS_CONF);

	return processors * PAGES_A_PROCESSOR * (uint64_t)m->page_size + anon / 100;
}

/* Whether all processes are selected. */
static bool asks_for_all(const struct source *source, const struct selection *wanted)
{
	return !source_is_limited(source) && !wanted->name && !wanted->cgroup && !wanted->by_user;
}

static void compare_anon(const struct source *source, const struct collect_options *options,
			 struct snapshot *s)
{
	struct verification *v = &s->verification;
	bool all = asks_for_all(source, &options->selection);
	struct meminfo after;
	struct error ignored;

	if (s->source != SOURCE_PROC)
		return;
	v->anon_unseen = all ? s->machine.unseen : 0;
	if (!s->machine.meminfo_known || meminfo_live(&after, &ignored) < 0)
		return;
	v->anon_known = v->pss_anon > 0;
	v->anon_whole = all && v->without_pss_anon == 0 && !v->anon_unseen &&
			coverage_missed(&s->coverage) == 0;
	v->anon_before = s->machine.meminfo.bytes[MEMINFO_ANON_PAGES];
	v->anon_after = after.bytes[MEMINFO_ANON_PAGES];
	v->anon_tolerance = anon_tolerance(&s->machine, v->anon_after);
}

static uint64_t count_frame(void *ctx, uint64_t frame)
{
	return kpagecount_of(ctx, frame);
}

/* Concludes EXCLUSIVE from the pages and objects of all processes. */
static int conclude_exclusive(struct survey *survey, const struct source *source,
			      const struct collect_options *options, struct error *e)
{
	struct kpagecount *counts;
	bool concluded;

	if (!options->reading.owners)
		return 0;
	if (exclusive_has_objects(&survey->exclusive) &&
	    census_take(&survey->census, source, options, &survey->exclusive, e) < 0)
		return -1;
	counts = kpagecount_open(source);
	if (!counts)
		return error_errno(e, "cannot open /proc/kpagecount");
	concluded = exclusive_finish(&survey->exclusive, count_frame, counts);
	survey->snapshot->objects_unseen =
		survey->exclusive.unseen && exclusive_has_objects(&survey->exclusive);
	kpagecount_close(counts);
	return concluded ? 0 : error_memory(e);
}

/* Whether pages can be identified, and this reading looks at them. */
static bool can_be_exact(const struct source *source, const struct collect_options *o)
{
	return o->exclusive && !o->reading.scan && o->reading.max_stall_ns == 0 &&
	       kpagecount_is_known(source);
}

static int read_and_fold(struct survey *survey, const struct source *source,
			 const struct collect_options *options, struct error *e)
{
	struct snapshot *s = survey->snapshot;
	int status;

	fold_init(&survey->fold, &options->by, &options->by, &s->groups, &s->totals);
	survey->fold.shares_follow = true;
	shares_init(&survey->shares);
	exclusive_init(&survey->exclusive, &options->by, &s->groups, &s->totals);
	status = collect(source, options, &s->symbols, take, survey, &s->stats, e);
	if (status == 0)
		status = conclude_exclusive(survey, source, options, e);
	if (status == 0)
		status = divide(survey, e);
	if (options->usages)
		usages_read(&s->usages, source);
	census_free(&survey->census);
	exclusive_free(&survey->exclusive);
	free_shares(survey);
	fold_free(&survey->fold);
	return status;
}

static int survey_once(const struct source *source, const struct collect_options *options,
		       struct snapshot *s, struct error *e)
{
	struct survey survey = {
		.source = source,
		.options = options,
		.snapshot = s,
		.passes_over = others_exist(source, options),
	};
	struct target_list list = {NULL, 0};
	struct collect_options reading = *options;
	int status = 0;

	snapshot_init(s, source_kind(source), &options->by);
	s->verified = options->verify;
	s->inferred = options->infer;
	s->heaps = options->reading.heaps;
	machine_read(source, &s->machine);
	if (options->children) {
		status = lineage_targets(source, options, &list, e);
		reading = lineage_reading(options, &list);
		s->coverage.unmatched = options->children->unmatched;
	}
	reading.reading.owners = can_be_exact(source, options);
	if (options->exclusive)
		s->exclusive = reading.reading.owners ? EXCLUSIVE_EXACT : EXCLUSIVE_BOUNDS;
	if (status == 0)
		status = read_and_fold(&survey, source, &reading, e);
	free(list.targets);
	if (status == 0 && options->verify)
		compare_anon(source, options, s);
	problems_sort(&s->problems);
	verification_sort(&s->verification, &s->symbols);
	snapshot_finish(s);
	return status;
}

int survey(const struct source *source, const struct collect_options *options, struct snapshot *s,
	   struct error *e)
{
	int status = survey_once(source, options, s, e);

	/* A single process can be read again by itself; the system's total only by reading
	 * everything again. */
	if (status == 0 && !verification_anon_agrees(&s->verification)) {
		snapshot_free(s);
		status = survey_once(source, options, s, e);
	}
	return status;
}

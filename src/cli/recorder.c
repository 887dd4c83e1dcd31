#include "cli/recorder.h"

#include "base/clock.h"
#include "model/fold.h"
#include "source/stall.h"

#include <time.h>

enum { US_NS = 1000 };

/* Folds all processes by some of their keys. False if out of memory. */
static bool fold_all(const struct watch *w, const struct grouping *by, struct aggregate *groups)
{
	struct group totals;
	struct fold f;
	bool folded = true;

	group_zero(&totals);
	aggregate_init(groups, by->count);
	fold_init(&f, &w->options.collecting.by, by, groups, &totals);
	f.shares = &w->shares;
	for (size_t i = 0; folded && i < w->now.count; i++) {
		const struct record r = state_record(&w->now, i);

		folded = fold_add(&f, &r);
	}
	fold_free(&f);
	return folded;
}

static void describe(struct recorder *r, const struct watch *w, enum cause cause, struct sample *s)
{
	uint64_t cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	struct stall stall;

	*s = (struct sample){
		.time_ms = clock_ns(CLOCK_REALTIME) / MILLISECOND_NS,
		.uptime_ms = clock_ns(CLOCK_BOOTTIME) / MILLISECOND_NS,
		.span_ms = r->span_ms,
		.cause = cause,
		.reading_us = w->reading_ns / US_NS,
		.cpu_us = (cpu - r->cpu_ns) / US_NS,
		.meminfo = w->machine.meminfo,
	};
	r->cpu_ns = cpu;
	s->stall_known = stall_read(&stall);
	if (s->stall_known) {
		s->stall_some_us = stall.some_us;
		s->stall_full_us = stall.full_us;
	}
	sample_take_coverage(s, &w->coverage);
}

enum writing recorder_add(struct recorder *r, const struct watch *w, enum cause cause,
			  struct error *e)
{
	const struct grouping sets_by = identity_sets(r->by);
	struct aggregate groups, sets;
	const struct recorded_memory memory = {&w->symbols, &groups, &sets_by, &sets};
	enum writing how = WRITING_LOST;
	struct sample s;

	describe(r, w, cause, &s);
	aggregate_init(&sets, sets_by.count);
	if (fold_all(w, r->by, &groups) && fold_all(w, &sets_by, &sets))
		how = writer_add(r->writer, &s, &memory, e);
	else
		error_memory(e), writer_lose(r->writer);
	aggregate_free(&groups);
	aggregate_free(&sets);
	return how;
}

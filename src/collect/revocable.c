#include "collect/revocable.h"

#include <limits.h>

static const unsigned long shut = ULONG_MAX;

bool revocable_enter(struct revocable *g)
{
	unsigned long sequence = atomic_load_explicit(&g->sequence, memory_order_relaxed);

	return sequence != shut &&
	       atomic_compare_exchange_strong_explicit(&g->sequence, &sequence, sequence + 1,
						       memory_order_acquire, memory_order_relaxed);
}

void revocable_leave(struct revocable *g)
{
	unsigned long sequence = atomic_load_explicit(&g->sequence, memory_order_relaxed);

	atomic_store_explicit(&g->sequence, sequence + 1, memory_order_release);
}

bool revocable_revoke(struct revocable *g, unsigned long sequence)
{
	return sequence % 2 == 0 && atomic_compare_exchange_strong(&g->sequence, &sequence, shut);
}

void revocable_next(struct revocable *g, pid_t pid)
{
	g->at_hand = (struct at_hand){.pid = pid};
}

/* The sink in front of the other one. */

static bool on_begin(void *ctx, const struct process *process)
{
	struct revocable *g = ctx;
	bool wanted = false;

	if (revocable_enter(g)) {
		wanted = g->behind->begin(g->behind->ctx, process);
		g->at_hand.begun = wanted;
		g->at_hand.ended = !wanted;
		revocable_leave(g);
	}
	return wanted;
}

static int on_mapping(void *ctx, const struct mapping *m, struct error *e)
{
	struct revocable *g = ctx;
	int status;

	if (!revocable_enter(g))
		return error_set(e, ERROR_TRUNCATED, "nobody wants it any more");
	status = g->behind->mapping(g->behind->ctx, m, e);
	revocable_leave(g);
	return status;
}

static void on_cancel(void *ctx)
{
	struct revocable *g = ctx;

	if (revocable_enter(g)) {
		g->behind->cancel(g->behind->ctx);
		revocable_leave(g);
	}
}

static bool on_rollup(void *ctx, const struct counters *before, const struct counters *after)
{
	struct revocable *g = ctx;
	bool agrees = true;

	if (revocable_enter(g)) {
		agrees = g->behind->rollup(g->behind->ctx, before, after);
		revocable_leave(g);
	}
	return agrees;
}

static void on_rest(void *ctx, const struct counters *files)
{
	struct revocable *g = ctx;

	if (revocable_enter(g)) {
		g->behind->rest(g->behind->ctx, files);
		revocable_leave(g);
	}
}

static void on_end(void *ctx, enum outcome outcome, const struct error *why)
{
	struct revocable *g = ctx;

	if (revocable_enter(g)) {
		g->behind->end(g->behind->ctx, outcome, why);
		g->at_hand.ended = true;
		revocable_leave(g);
	}
}

void revocable_init(struct revocable *g, const struct sink *behind)
{
	g->sink = (struct sink){
		.ctx = g,
		.begin = on_begin,
		.mapping = on_mapping,
		.cancel = on_cancel,
		.rollup = on_rollup,
		.rest = on_rest,
		.end = on_end,
	};
	g->behind = behind;
	g->at_hand.ended = true;
	atomic_init(&g->sequence, 0);
}

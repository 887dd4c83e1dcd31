#include "collect/revocable.h"

#include <limits.h>

static const unsigned long shut = ULONG_MAX;

bool gate_enter(struct gate *g)
{
	unsigned long passages = atomic_load_explicit(&g->passages, memory_order_relaxed);

	return passages != shut &&
	       atomic_compare_exchange_strong_explicit(&g->passages, &passages, passages + 1,
						       memory_order_acquire, memory_order_relaxed);
}

void gate_leave(struct gate *g)
{
	unsigned long passages = atomic_load_explicit(&g->passages, memory_order_relaxed);

	atomic_store_explicit(&g->passages, passages + 1, memory_order_release);
}

bool gate_shut(struct gate *g, unsigned long passages)
{
	return passages % 2 == 0 && atomic_compare_exchange_strong(&g->passages, &passages, shut);
}

void gate_next(struct gate *g, pid_t pid)
{
	g->at_hand = (struct at_hand){.pid = pid};
}

/* The sink in front of the other one. */

static bool on_begin(void *ctx, const struct process *process)
{
	struct gate *g = ctx;
	bool wanted = false;

	if (gate_enter(g)) {
		wanted = g->behind->begin(g->behind->ctx, process);
		g->at_hand.begun = wanted;
		g->at_hand.ended = !wanted;
		gate_leave(g);
	}
	return wanted;
}

static int on_mapping(void *ctx, const struct mapping *m, struct error *e)
{
	struct gate *g = ctx;
	int status;

	if (!gate_enter(g))
		return error_set(e, ERROR_TRUNCATED, "nobody wants it any more");
	status = g->behind->mapping(g->behind->ctx, m, e);
	gate_leave(g);
	return status;
}

static void on_cancel(void *ctx)
{
	struct gate *g = ctx;

	if (gate_enter(g)) {
		g->behind->cancel(g->behind->ctx);
		gate_leave(g);
	}
}

static bool on_rollup(void *ctx, const struct counters *before, const struct counters *after)
{
	struct gate *g = ctx;
	bool agrees = true;

	if (gate_enter(g)) {
		agrees = g->behind->rollup(g->behind->ctx, before, after);
		gate_leave(g);
	}
	return agrees;
}

static void on_rest(void *ctx, const struct counters *files)
{
	struct gate *g = ctx;

	if (gate_enter(g)) {
		g->behind->rest(g->behind->ctx, files);
		gate_leave(g);
	}
}

static void on_end(void *ctx, enum outcome outcome, const struct error *why)
{
	struct gate *g = ctx;

	if (gate_enter(g)) {
		g->behind->end(g->behind->ctx, outcome, why);
		g->at_hand.ended = true;
		gate_leave(g);
	}
}

void gate_init(struct gate *g, const struct sink *behind)
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
	atomic_init(&g->passages, 0);
}

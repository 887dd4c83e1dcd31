#include "collect/revocable.h"

#include <limits.h>

static const unsigned long revoked = ULONG_MAX;

bool revocable_enter(struct revocable *r)
{
	unsigned long sequence = atomic_load_explicit(&r->sequence, memory_order_relaxed);

	return sequence != revoked &&
	       atomic_compare_exchange_strong_explicit(&r->sequence, &sequence, sequence + 1,
						       memory_order_acquire, memory_order_relaxed);
}

void revocable_leave(struct revocable *r)
{
	unsigned long sequence = atomic_load_explicit(&r->sequence, memory_order_relaxed);

	atomic_store_explicit(&r->sequence, sequence + 1, memory_order_release);
}

bool revocable_revoke(struct revocable *r, unsigned long sequence)
{
	return sequence % 2 == 0 &&
	       atomic_compare_exchange_strong(&r->sequence, &sequence, revoked);
}

void revocable_next(struct revocable *r, pid_t pid)
{
	r->at_hand = (struct at_hand){.pid = pid};
}

/* The sink in front of the real one. */

static bool on_begin(void *ctx, const struct process *process)
{
	struct revocable *r = ctx;
	bool wanted = false;

	if (revocable_enter(r)) {
		wanted = r->behind->begin(r->behind->ctx, process);
		r->at_hand.begun = wanted;
		r->at_hand.ended = !wanted;
		revocable_leave(r);
	}
	return wanted;
}

static int on_mapping(void *ctx, const struct mapping *m, struct error *e)
{
	struct revocable *r = ctx;
	int status;

	if (!revocable_enter(r))
		return error_set(e, ERROR_TRUNCATED, "reading it was given up");
	status = r->behind->mapping(r->behind->ctx, m, e);
	revocable_leave(r);
	return status;
}

static void on_cancel(void *ctx)
{
	struct revocable *r = ctx;

	if (revocable_enter(r)) {
		r->behind->cancel(r->behind->ctx);
		revocable_leave(r);
	}
}

static bool on_rollup(void *ctx, const struct counters *before, const struct counters *after)
{
	struct revocable *r = ctx;
	bool agrees = true;

	if (revocable_enter(r)) {
		agrees = r->behind->rollup(r->behind->ctx, before, after);
		revocable_leave(r);
	}
	return agrees;
}

static void on_scan(void *ctx, const struct scan_facts *facts)
{
	struct revocable *r = ctx;

	if (revocable_enter(r)) {
		r->behind->scan(r->behind->ctx, facts);
		revocable_leave(r);
	}
}

static void on_copied(void *ctx, const struct copy *copy)
{
	struct revocable *r = ctx;

	if (revocable_enter(r)) {
		r->behind->copied(r->behind->ctx, copy);
		revocable_leave(r);
	}
}

static void on_end(void *ctx, const struct ending *ending)
{
	struct revocable *r = ctx;

	if (revocable_enter(r)) {
		r->behind->end(r->behind->ctx, ending);
		r->at_hand.ended = true;
		revocable_leave(r);
	}
}

void revocable_init(struct revocable *r, const struct sink *behind)
{
	r->sink = (struct sink){
		.ctx = r,
		.begin = on_begin,
		.scan = on_scan,
		.mapping = on_mapping,
		.cancel = on_cancel,
		.copied = on_copied,
		.rollup = on_rollup,
		.end = on_end,
	};
	r->behind = behind;
	r->at_hand.ended = true;
	atomic_init(&r->sequence, 0);
}

#include "model/verify.h"

#include <stdlib.h>

enum { KIB = 1024 };

/* Those that the kernel keeps in fractions of a page's share and rounds down when it prints. */
#define SHARES                                                                                     \
	(COUNTER_BIT(COUNTER_PSS) | COUNTER_BIT(COUNTER_PSS_DIRTY) |                               \
	 COUNTER_BIT(COUNTER_SWAP_PSS) | COUNTER_BIT(COUNTER_LOCKED))

void verification_init(struct verification *v)
{
	*v = (struct verification){0};
}

void verification_free(struct verification *v)
{
	free(v->differences);
	*v = (struct verification){0};
}

static bool agrees(enum counter counter, uint64_t sum, uint64_t mappings, uint64_t a, uint64_t b)
{
	uint64_t low = a < b ? a : b, high = a < b ? b : a;
	uint64_t slack = SHARES & COUNTER_BIT(counter) && mappings ? mappings * KIB - 1 : 0;

	return sum <= high && sum + slack >= low;
}

static bool add(struct verification *v, struct difference difference)
{
	if (v->count == v->capacity) {
		size_t capacity = v->capacity ? 2 * v->capacity : 16;
		void *larger = reallocarray(v->differences, capacity, sizeof(*v->differences));

		if (!larger)
			return false;
		v->differences = larger;
		v->capacity = capacity;
	}
	v->differences[v->count++] = difference;
	return true;
}

int verify_process(struct verification *v, symbol process, const struct counters *sum,
		   uint64_t mappings, const struct counters *before, const struct counters *after)
{
	uint32_t known = sum->known & before->known & after->known;
	size_t count = v->count;

	for (int i = 0; i < COUNTER_USS; i++) {
		enum counter c = (enum counter)i;
		struct difference d = {process, c, sum->bytes[c], before->bytes[c],
				       after->bytes[c]};

		if (known & COUNTER_BIT(c) && !agrees(c, d.sum, mappings, d.before, d.after) &&
		    !add(v, d))
			return -1;
	}
	return v->count > count;
}

bool verification_merge(struct verification *v, struct intern *symbols,
			const struct verification *from, const struct intern *from_symbols)
{
	v->compared += from->compared;
	v->without_rollup += from->without_rollup;
	v->without_pss_anon += from->without_pss_anon;
	v->pss_anon += from->pss_anon;
	for (size_t i = 0; i < from->count; i++) {
		struct difference d = from->differences[i];

		if (!key_translate(symbols, from_symbols, KEY_PROCESS, &d.process) || !add(v, d))
			return false;
	}
	return true;
}

static int compare_differences(const void *x, const void *y, void *ctx)
{
	const struct difference *a = x, *b = y;
	pid_t p = key_process(ctx, a->process).pid, q = key_process(ctx, b->process).pid;

	if (p != q)
		return p < q ? -1 : 1;
	return (a->counter > b->counter) - (a->counter < b->counter);
}

void verification_sort(struct verification *v, const struct intern *symbols)
{
	if (v->count)
		qsort_r(v->differences, v->count, sizeof(*v->differences), compare_differences,
			(void *)(uintptr_t)symbols);
}

bool verification_anon_agrees(const struct verification *v)
{
	uint64_t low, high;

	if (!v->anon_known)
		return true;
	low = v->anon_before < v->anon_after ? v->anon_before : v->anon_after;
	high = v->anon_before < v->anon_after ? v->anon_after : v->anon_before;
	return v->pss_anon <= high + v->anon_tolerance && v->pss_anon + v->anon_tolerance >= low;
}

bool verification_agrees(const struct verification *v)
{
	return v->count == 0 && verification_anon_agrees(v) &&
	       (v->compared > 0 || v->without_rollup == 0);
}

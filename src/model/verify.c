#include "model/verify.h"

#include <stdlib.h>

enum { KIB = 1024 };

/* Counters that the kernel keeps in fractions of a byte and rounds down to kB in its output. */
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
	free(v->sums);
	*v = (struct verification){0};
}

static bool agrees(enum counter counter, uint64_t sum, uint64_t mappings, uint64_t a, uint64_t b)
{
	uint64_t low = a < b ? a : b, high = a < b ? b : a;
	uint64_t slack = SHARES & COUNTER_BIT(counter) && mappings ? mappings * KIB - 1 : 0;

	return sum <= high && sum + slack >= low;
}

void comparison_make(struct comparison *c, const struct counters *sum, uint64_t mappings,
		     const struct counters *before, const struct counters *after)
{
	uint32_t known = sum->known & before->known & after->known;

	*c = (struct comparison){
		.made = true,
		.pss_anon_known = counters_know(after, COUNTER_PSS_ANON),
		.pss_anon = after->bytes[COUNTER_PSS_ANON],
		.pss_file = after->bytes[COUNTER_PSS_FILE],
		.pss_shmem = after->bytes[COUNTER_PSS_SHMEM],
	};
	for (int i = 0; i < COUNTER_USS; i++) {
		enum counter counter = (enum counter)i;
		struct difference d = {counter, sum->bytes[i], before->bytes[i], after->bytes[i]};

		if (known & COUNTER_BIT(counter) &&
		    !agrees(counter, d.sum, mappings, d.before, d.after))
			c->differences[c->count++] = d;
	}
}

static bool reserve(struct verification *v)
{
	size_t capacity = v->capacity ? 2 * v->capacity : 16;
	void *larger;

	if (v->count < v->capacity)
		return true;
	larger = reallocarray(v->differences, capacity, sizeof(*v->differences));
	if (!larger)
		return false;
	v->differences = larger;
	v->capacity = capacity;
	return true;
}

/* The sum of a control group; NULL if out of memory. Processes of one group often follow each
 * other. */
static struct rollup_sum *find_sum(struct verification *v, symbol cgroup)
{
	for (size_t i = v->sum_count; i-- > 0;) {
		if (v->sums[i].cgroup == cgroup)
			return &v->sums[i];
	}
	if (v->sum_count == v->sum_capacity) {
		size_t capacity = v->sum_capacity ? 2 * v->sum_capacity : 16;
		struct rollup_sum *larger = reallocarray(v->sums, capacity, sizeof(*larger));

		if (!larger)
			return NULL;
		v->sums = larger;
		v->sum_capacity = capacity;
	}
	v->sums[v->sum_count] = (struct rollup_sum){.cgroup = cgroup};
	return &v->sums[v->sum_count++];
}

static bool add_sums(struct verification *v, symbol cgroup, const struct comparison *c)
{
	struct rollup_sum *sum = find_sum(v, cgroup);

	if (!sum)
		return false;
	sum->pss_anon += c->pss_anon;
	sum->pss_file += c->pss_file;
	sum->pss_shmem += c->pss_shmem;
	return true;
}

bool verification_has_sums(const struct verification *v)
{
	return v->compared > 0 && v->without_rollup == 0 && v->without_pss_anon == 0;
}

bool verification_add(struct verification *v, symbol process, symbol cgroup,
		      const struct comparison *c)
{
	if (!c->made) {
		v->without_rollup++;
		v->without_pss_anon++;
		return true;
	}
	v->compared++;
	v->without_pss_anon += !c->pss_anon_known;
	v->pss_anon += c->pss_anon_known ? c->pss_anon : 0;
	for (unsigned i = 0; i < c->count; i++) {
		if (!reserve(v))
			return false;
		v->differences[v->count++] =
			(struct process_difference){process, c->differences[i]};
	}
	return !c->pss_anon_known || add_sums(v, cgroup, c);
}

static int compare_differences(const void *x, const void *y, void *ctx)
{
	const struct process_difference *a = x, *b = y;
	pid_t p = key_process(ctx, a->process).pid, q = key_process(ctx, b->process).pid;

	if (p != q)
		return p < q ? -1 : 1;
	return (int)a->difference.counter - (int)b->difference.counter;
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
	return v->pss_anon <= high + v->anon_tolerance &&
	       (!v->anon_whole || v->pss_anon + v->anon_tolerance >= low);
}

bool verification_agrees(const struct verification *v)
{
	return v->count == 0 && verification_anon_agrees(v) &&
	       (v->compared > 0 || v->without_rollup == 0);
}

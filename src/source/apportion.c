/*
 * Divides the counters of a mapping among its parts. The page tables say exactly whether each page
 * is resident, swapped, or mapped by this process alone. The rest is apportioned as described in
 * anonmem-labels(7).
 *
 * Each share is the difference of two rounded sums, of the parts up to and including this one and
 * of those before it, so nothing is lost or counted twice.
 */
#include "source/apportion.h"

enum { KIB = 1024 };

static void weigh(const struct part *part, uint64_t weights[WEIGHT_COUNT])
{
	weights[BY_SIZE] = part->end - part->start;
	weights[BY_RESIDENT] = part->resident;
	weights[BY_EXCLUSIVE] = part->exclusive;
	weights[BY_SHARED] = part->resident - part->exclusive;
	weights[BY_SWAPPED] = part->swapped;
}

void apportion_begin(struct apportionment *d, const struct counters *whole,
		     const struct part *parts, size_t count)
{
	*d = (struct apportionment){.whole = whole};
	for (size_t i = 0; i < count; i++) {
		uint64_t weights[WEIGHT_COUNT];

		weigh(&parts[i], weights);
		for (int w = 0; w < WEIGHT_COUNT; w++)
			d->all[w] += weights[w];
	}
}

/* total * weight / all, rounded down; exactly total if weight equals all. */
static uint64_t portion(uint64_t total, uint64_t weight, uint64_t all)
{
	uint64_t product;

	while (__builtin_mul_overflow(total, weight, &product)) {
		if (weight == all)
			return total;
		weight /= 2;
		all /= 2;
	}
	return all ? product / all : 0;
}

/* The kernel counts in kB; keep shares to whole kB too. */
static uint64_t share(const struct apportionment *d, enum weight by, uint64_t total,
		      const uint64_t *own)
{
	uint64_t unit = total % KIB == 0 ? KIB : 1;

	/* The process ran between the two readings, and its pages were gone from the page
	 * tables. */
	if (d->all[by] == 0)
		by = d->all[BY_RESIDENT] ? BY_RESIDENT : BY_SIZE;
	total /= unit;
	return unit * (portion(total, d->done[by] + own[by], d->all[by]) -
		       portion(total, d->done[by], d->all[by]));
}

/* Exclusive pages count in full; the rest is divided by shared pages. */
static uint64_t proportional_share(const struct apportionment *d, uint64_t total,
				   const uint64_t *own)
{
	uint64_t exclusive = d->all[BY_EXCLUSIVE] < total ? d->all[BY_EXCLUSIVE] : total;

	return share(d, BY_EXCLUSIVE, exclusive, own) + share(d, BY_SHARED, total - exclusive, own);
}

void apportion_next(struct apportionment *d, const struct part *part, struct counters *counters)
{
	static const enum weight by[COUNTER_COUNT] = {
		[COUNTER_RSS] = BY_RESIDENT,
		[COUNTER_SHARED_CLEAN] = BY_SHARED,
		[COUNTER_SHARED_DIRTY] = BY_SHARED,
		[COUNTER_PRIVATE_CLEAN] = BY_EXCLUSIVE,
		[COUNTER_PRIVATE_DIRTY] = BY_EXCLUSIVE,
		[COUNTER_REFERENCED] = BY_RESIDENT,
		[COUNTER_ANONYMOUS] = BY_RESIDENT,
		[COUNTER_KSM] = BY_SHARED,
		[COUNTER_LAZY_FREE] = BY_RESIDENT,
		[COUNTER_ANON_HUGE_PAGES] = BY_RESIDENT,
		[COUNTER_SHMEM_PMD_MAPPED] = BY_RESIDENT,
		[COUNTER_SWAP] = BY_SWAPPED,
		[COUNTER_SWAP_PSS] = BY_SWAPPED,
		[COUNTER_LOCKED] = BY_RESIDENT,
		[COUNTER_USS] = BY_EXCLUSIVE,
		/* BY_SIZE for the rest: size itself, and counters that are 0 for memory with a
		 * name */
	};
	const struct counters *whole = d->whole;
	uint64_t own[WEIGHT_COUNT];

	weigh(part, own);
	counters->known = whole->known;
	for (int c = 0; c < COUNTER_COUNT; c++) {
		uint64_t total = whole->bytes[c];

		if (c == COUNTER_PSS || c == COUNTER_PSS_DIRTY)
			counters->bytes[c] = proportional_share(d, total, own);
		else
			counters->bytes[c] = share(d, by[c], total, own);
	}
	if (counters_know(whole, COUNTER_PRIVATE_CLEAN) &&
	    counters_know(whole, COUNTER_PRIVATE_DIRTY))
		counters->bytes[COUNTER_USS] = counters->bytes[COUNTER_PRIVATE_CLEAN] +
					       counters->bytes[COUNTER_PRIVATE_DIRTY];
	for (int w = 0; w < WEIGHT_COUNT; w++)
		d->done[w] += own[w];
}

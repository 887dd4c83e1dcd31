#include "report/noise.h"

#include <math.h>
#include <stdlib.h>

enum { EXACT_MAX = 50 };
static const double ALPHA = 0.05;

struct ranked {
	uint64_t value;
	unsigned rank; /* twice the mean rank of those that are equal, so that it is whole */
	size_t series;
};

static int by_value(const void *x, const void *y)
{
	const struct ranked *a = x, *b = y;

	return (a->value > b->value) - (a->value < b->value);
}

/* Sorts, and gives ranks. Returns the sum of t^3 - t over groups of t equal ones. */
static double rank(struct ranked *list, size_t count)
{
	double ties = 0;

	qsort(list, count, sizeof(*list), by_value);
	for (size_t i = 0, end; i < count; i = end) {
		double t;

		for (end = i; end < count && list[end].value == list[i].value; end++)
			;
		for (size_t k = i; k < end; k++)
			list[k].rank = (unsigned)(i + 1 + end);
		t = (double)(end - i);
		ties += t * t * t - t;
	}
	return ties;
}

static unsigned rank_sum(const struct ranked *list, size_t count, size_t series)
{
	unsigned sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += list[i].series == series ? list[i].rank : 0;
	return sum;
}

/* Counts, for each number of elements and each sum, the ways to choose so many ranks with that sum.
 * The likelihood is that of the ways whose sum is as far from the mean. -1 if out of memory. */
static double exact(const struct ranked *list, size_t count, size_t chosen, unsigned sum)
{
	size_t sums = count * (count + 1) + 1;
	double *ways = calloc((chosen + 1) * sums, sizeof(*ways)), all = 0, far = 0;
	long mean = (long)(chosen * (count + 1));

	if (!ways)
		return -1;
	ways[0] = 1;
	for (size_t i = 0; i < count; i++) {
		for (size_t n = chosen; n > 0; n--) {
			for (size_t s = list[i].rank; s < sums; s++)
				ways[n * sums + s] += ways[(n - 1) * sums + s - list[i].rank];
		}
	}
	for (size_t s = 0; s < sums; s++) {
		all += ways[chosen * sums + s];
		if (labs((long)s - mean) >= labs((long)sum - mean))
			far += ways[chosen * sums + s];
	}
	free(ways);
	return far / all;
}

/* With the correction for ties, and for that ranks are whole. */
static double approximate(size_t n, size_t m, unsigned sum, double ties)
{
	double all = (double)(n + m), mean = (double)n * (all + 1) / 2,
	       variance = (double)n * (double)m / 12 * (all + 1 - ties / (all * (all - 1))),
	       away = fabs(sum / 2.0 - mean) - 0.5;

	return variance > 0 && away > 0 ? erfc(away / sqrt(2 * variance)) : 1;
}

/* The smallest likelihood that so many runs can have. */
static double least(size_t n, size_t m)
{
	double ways = 1;

	for (size_t i = 1; i <= n; i++)
		ways *= (double)(m + i) / (double)i;
	return 2 / ways;
}

enum noise_result noise_compare(const uint64_t *before, size_t before_count, const uint64_t *after,
				size_t after_count, double *p)
{
	size_t count = before_count + after_count;
	struct ranked *list;
	unsigned sum;
	double ties;

	*p = 1;
	if (before_count < 2 && after_count < 2)
		return NOISE_UNTESTED;
	if (least(before_count, after_count) > ALPHA)
		return NOISE_TOO_FEW;
	list = calloc(count, sizeof(*list));
	if (!list) {
		*p = -1;
		return NOISE_UNTESTED;
	}
	for (size_t i = 0; i < count; i++)
		list[i] = i < before_count ? (struct ranked){before[i], 0, 0}
					   : (struct ranked){after[i - before_count], 0, 1};
	ties = rank(list, count);
	sum = rank_sum(list, count, 1);
	*p = count <= EXACT_MAX ? exact(list, count, after_count, sum)
				: approximate(after_count, before_count, sum, ties);
	free(list);
	if (*p < 0)
		return NOISE_UNTESTED;
	if (*p > ALPHA)
		return NOISE_ALIKE;
	return sum > after_count * (count + 1) ? NOISE_MORE : NOISE_LESS;
}

/* The one before which there are so many. */
static uint64_t find_place(const uint64_t *list, size_t count, size_t place)
{
	for (size_t i = 0; i < count; i++) {
		size_t less = 0, equal = 0;

		for (size_t k = 0; k < count; k++) {
			less += list[k] < list[i];
			equal += list[k] == list[i];
		}
		if (less <= place && place < less + equal)
			return list[i];
	}
	return 0;
}

uint64_t noise_median(const uint64_t *list, size_t count)
{
	uint64_t low = find_place(list, count, (count - 1) / 2),
		 high = find_place(list, count, count / 2);

	return low + (high - low) / 2;
}

/*
 * noise: whether two series of runs differ by more than runs do among themselves.
 *
 * It is the test of Mann and Whitney, two-sided: how likely it is, if all runs are alike, that
 * their ranks divide as unevenly as they do. It is exact, with ties, for up to 50 runs in all, and
 * uses the normal distribution beyond. It assumes nothing of how figures scatter. Fewer runs than 4
 * and 4, or 3 and 5, or 2 and 8, or 1 and 39 can never be this unlikely, whatever they are.
 */
#ifndef REPORT_NOISE_H
#define REPORT_NOISE_H

#include <stddef.h>
#include <stdint.h>

enum noise_result {
	NOISE_UNTESTED, /* one run each */
	NOISE_TOO_FEW,	/* runs for any answer */
	NOISE_ALIKE,
	NOISE_MORE, /* the second series is larger */
	NOISE_LESS,
};

/* `*p` is the probability; 1 without a test. Out of memory, it is untested, and *p is negative. */
enum noise_result noise_compare(const uint64_t *before, size_t before_count, const uint64_t *after,
				size_t after_count, double *p);

/* The middle of a series of at least one, the mean of two if there is an even number. */
uint64_t noise_median(const uint64_t *list, size_t count);

#endif

"""Tells differences from noise.

The ratio of two series and its interval come from ranks: no assumption is made about how the noise
is distributed, a few wild samples do little harm, and nothing is drawn at random. Pairs use
Wilcoxon's signed ranks, independent samples the rank sums of Mann and Whitney; the ratio is the
estimate of Hodges and Lehmann. All work on logarithms, so that "before to after" is the inverse of
"after to before".
"""

import math
import statistics
from itertools import accumulate
from typing import NamedTuple

from bench.figures import HIGHER

CONFIDENCE = 0.99
SAME, BETTER, WORSE, UNKNOWN = "same", "better", "worse", "~"


class Difference(NamedTuple):
	"""The ratio to before, and its confidence interval."""

	ratio: float
	low: float
	high: float


def signed_rank_counts(n):
	"""In how many of the 2**n ways to sign the ranks 1 to n the positive ones add up to 0, 1, ..."""
	counts = [1]
	for rank in range(1, n + 1):
		longer = counts + [0] * rank
		for i, count in enumerate(counts):
			longer[i + rank] += count
		counts = longer
	return counts


def rank_sum_counts(n, m):
	"""In how many of the ways to mix n and m samples one of these is below one of those 0, 1, ...
	times: the coefficients of the Gaussian binomial."""
	counts = [1] + [0] * (n * m)
	for i in range(1, n + 1):
		for k in range(n * m, m + i - 1, -1):
			counts[k] -= counts[k - m - i]
		for k in range(i, n * m + 1):
			counts[k] += counts[k - i]
	return counts


def outside(counts):
	"""How many of the sorted estimates lie beyond each bound of the interval, at CONFIDENCE. If it
	is none, there are too few samples for that confidence."""
	tail = (1 - CONFIDENCE) / 2 * sum(counts)
	return sum(below <= tail for below in accumulate(counts))


def difference_of(estimates, counts):
	estimates = sorted(estimates)
	beyond = outside(counts)
	low, high = -math.inf, math.inf
	if beyond:
		low, high = estimates[beyond - 1], estimates[-beyond]
	return Difference(*(math.exp(x) for x in (statistics.median(estimates), low, high)))


def paired(before, after):
	"""The difference between two series whose samples were taken in pairs."""
	steps = [math.log(b) - math.log(a) for a, b in zip(before, after)]
	walsh = [(x + y) / 2 for i, x in enumerate(steps) for y in steps[i:]]
	return difference_of(walsh, signed_rank_counts(len(steps)))


def independent(before, after):
	"""The difference between two series taken at different times."""
	steps = [math.log(b) - math.log(a) for a in before for b in after]
	return difference_of(steps, rank_sum_counts(len(before), len(after)))


def exact(before, after):
	"""The difference between two series without noise, which may be 0."""
	ratios = sorted(
		(b / a if a else math.inf) if a != b else 1.0 for a in before for b in after
	)
	return Difference(statistics.median_low(ratios), ratios[0], ratios[-1])


def judge(difference, better, margin):
	"""Decides whether the difference is surely beyond the margin, or surely within it.

	The margin is a ratio, such as 1.02.
	"""
	if difference is None:
		return UNKNOWN
	if difference.low > margin:
		return BETTER if better == HIGHER else WORSE
	if difference.high < 1 / margin:
		return WORSE if better == HIGHER else BETTER
	if difference.low >= 1 / margin and difference.high <= margin:
		return SAME
	return UNKNOWN


def may_be_worse(difference, better, margin):
	"""Whether a change for the worse by more than the margin cannot be excluded."""
	if difference is None:
		return True
	return difference.low < 1 / margin if better == HIGHER else difference.high > margin

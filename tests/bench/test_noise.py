"""Real differences are found, and no others."""

import random
import unittest

from bench import noise
from bench.figures import HIGHER, LOWER

MARGIN = 1.02
ROUNDS = 9


def noisy(dice, count, middle, sigma, factor=1.0):
	return [factor * middle * dice.lognormvariate(0, sigma) for _ in range(count)]


def verdicts(sigma, factor, compare, better=LOWER, times=200):
	"""Verdicts on many pairs of series, the second being `factor` times the first."""
	dice = random.Random(f"{sigma} {factor} {compare.__name__}")
	found = []
	for _ in range(times):
		before = noisy(dice, ROUNDS, 20, sigma)
		after = noisy(dice, ROUNDS, 20, sigma, factor)
		found.append(noise.judge(compare(before, after), better, MARGIN))
	return found


class Ranks(unittest.TestCase):
	"""Against the published tables of critical values, two-sided at 1 %."""

	def test_signed_ranks(self):
		for n, critical in {7: -1, 8: 0, 9: 1, 10: 3, 12: 7, 20: 37}.items():
			self.assertEqual(noise.outside(noise.signed_rank_counts(n)), critical + 1, n)

	def test_rank_sums(self):
		for (n, m), critical in {(4, 4): -1, (5, 5): 0, (8, 8): 7, (9, 9): 11, (5, 10): 4}.items():
			self.assertEqual(noise.outside(noise.rank_sum_counts(n, m)), critical + 1, (n, m))

	def test_all_ways_are_counted(self):
		self.assertEqual(noise.signed_rank_counts(2), [1, 1, 1, 1])
		self.assertEqual(noise.rank_sum_counts(2, 2), [1, 1, 2, 1, 1])
		self.assertEqual(noise.rank_sum_counts(1, 3), [1, 1, 1, 1])


class Verdicts(unittest.TestCase):
	def both(self, sigma, factor, **more):
		for compare in [noise.paired, noise.independent]:
			with self.subTest(compare=compare.__name__):
				yield verdicts(sigma, factor, compare, **more)

	def test_equal_and_quiet_is_the_same(self):
		for found in self.both(0.005, 1):
			self.assertGreater(found.count(noise.SAME), 190)
			self.assertFalse({noise.WORSE, noise.BETTER} & set(found))

	def test_equal_and_noisy_is_never_worse(self):
		for sigma in [0.02, 0.05]:
			for found in self.both(sigma, 1):
				self.assertFalse({noise.WORSE, noise.BETTER} & set(found))

	def test_planted_differences_are_found(self):
		for found in self.both(0.005, 1.04):
			self.assertGreater(found.count(noise.WORSE), 190)
		for found in self.both(0.005, 0.96):
			self.assertGreater(found.count(noise.BETTER), 190)

	def test_higher_may_be_better(self):
		for found in self.both(0.005, 1.04, better=HIGHER):
			self.assertGreater(found.count(noise.BETTER), 190)
		for found in self.both(0.005, 0.96, better=HIGHER):
			self.assertGreater(found.count(noise.WORSE), 190)

	def test_a_small_difference_in_great_noise_cannot_be_told(self):
		for found in self.both(0.2, 1.03):
			self.assertGreater(found.count(noise.UNKNOWN), 195)

	def test_pairs_see_through_drift(self):
		dice = random.Random(1)
		drift = [20 * 1.1 ** i for i in range(ROUNDS)]
		before = [x * dice.lognormvariate(0, 0.003) for x in drift]
		after = [1.05 * x * dice.lognormvariate(0, 0.003) for x in drift]
		judged = [
			noise.judge(compare(before, after), LOWER, MARGIN)
			for compare in [noise.paired, noise.independent]
		]
		self.assertEqual(judged, [noise.WORSE, noise.UNKNOWN])

	def test_a_wild_sample_does_not_matter(self):
		before, after = [10.0] * 15, [10.01] * 14 + [200.0]
		for compare in [noise.paired, noise.independent]:
			self.assertEqual(noise.judge(compare(before, after), LOWER, MARGIN), noise.SAME)

	def test_too_few_rounds_tell_nothing(self):
		self.assertEqual(noise.judge(noise.paired([1] * 7, [2] * 7), LOWER, MARGIN), noise.UNKNOWN)
		self.assertEqual(noise.judge(noise.paired([1] * 8, [2] * 8), LOWER, MARGIN), noise.WORSE)

	def test_swapping_the_sides_inverts_the_ratio(self):
		dice = random.Random(2)
		before, after = noisy(dice, 9, 5, 0.1), noisy(dice, 11, 6, 0.1)
		there, back = noise.independent(before, after), noise.independent(after, before)
		self.assertAlmostEqual(there.ratio * back.ratio, 1)
		self.assertAlmostEqual(there.low * back.high, 1)


class Exact(unittest.TestCase):
	def verdict(self, before, after):
		return noise.judge(noise.exact(before, after), LOWER, MARGIN)

	def test_one_sample_suffices(self):
		self.assertEqual(self.verdict([1000], [1019]), noise.SAME)
		self.assertEqual(self.verdict([1000], [1021]), noise.WORSE)
		self.assertEqual(self.verdict([1021], [1000]), noise.BETTER)

	def test_zero(self):
		self.assertEqual(self.verdict([0], [0]), noise.SAME)
		self.assertEqual(self.verdict([0], [1]), noise.WORSE)
		self.assertEqual(self.verdict([1], [0]), noise.BETTER)


if __name__ == "__main__":
	unittest.main()

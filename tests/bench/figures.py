"""What is measured: a figure has a unit and a better direction; a series is its samples."""

import statistics
from typing import NamedTuple

LOWER, HIGHER = "lower", "higher"
OURS, AGAINST = "this", "against"  # the sides: which program was measured


class Missing(Exception):
	"""Something cannot be measured here; the text says why."""


class Figure(NamedTuple):
	"""`better` is LOWER, HIGHER or None, where neither is; an exact figure has no noise."""

	name: str
	unit: str
	better: str = LOWER
	exact: bool = False


CPU = Figure("CPU", "ms")
WALL = Figure("wall time", "ms")
PEAK = Figure("peak memory", "MiB")


class Spread(NamedTuple):
	"""Median and quartiles."""

	median: float
	low: float
	high: float

	def text(self, digits=2):
		return f"{self.median:.{digits}f} ({self.low:.{digits}f} to {self.high:.{digits}f})"


def spread(values):
	values = list(values)
	if len(values) < 2:
		return Spread(*values * 3)
	low, median, high = statistics.quantiles(values, n=4, method="inclusive")
	return Spread(median, low, high)


def pairwise(combine, *series):
	"""Combines series round by round; None if one of them is missing."""
	if not all(series):
		return None
	return spread(combine(*values) for values in zip(*series))


def ratio(series, base):
	"""The ratio of two series, round by round; None if one of them is missing."""
	return pairwise(lambda a, b: a / b, series, base)

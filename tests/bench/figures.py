"""Figures have a unit and a better direction; a series is the samples of one."""

import statistics
from typing import NamedTuple

LOWER, HIGHER = "lower", "higher"
OURS, AGAINST = "this", "against"  # the sides: which program was measured


class Missing(Exception):
	"""Something cannot be measured here, for the reason in the text."""


class Figure(NamedTuple):
	"""`better` is LOWER, HIGHER or None if neither is; an exact figure has no noise."""

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
	"""None if there is no series."""
	if values is None:
		return None
	if len(values) < 2:
		return Spread(*values * 3)
	low, median, high = statistics.quantiles(values, n=4, method="inclusive")
	return Spread(median, low, high)


def each(combine, *series):
	"""Computes a series from others, round by round; None if one of them is missing."""
	return [combine(*values) for values in zip(*series)] if all(series) else None


def ratio(series, base):
	"""The ratio of two series, round by round; None if one of them is missing."""
	return spread(each(lambda a, b: a / b, series, base))

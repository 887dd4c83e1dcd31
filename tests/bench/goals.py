"""Goals: what a measure should achieve, and what it achieved."""

from typing import NamedTuple


class Goal(NamedTuple):
	"""`reached` is None if it was not measured, for the reason in `why`."""

	measure: str
	wanted: str
	reached: str = None
	met: bool = False
	why: str = "not measured"

	def row(self):
		if self.reached is None:
			return [self.measure, self.wanted, self.why, "-"]
		return [self.measure, self.wanted, self.reached, "yes" if self.met else "**no**"]


def at_most(measure, limit, figure, digits=2, unit=""):
	wanted = f"at most {limit:g}{unit}"
	if figure is None:
		return Goal(measure, wanted)
	# A median just above the limit misses the goal: rounding is only for output.
	return Goal(measure, wanted, figure.text(digits) + unit, figure.median <= limit)


def at_least(measure, limit, figure, unit="", why="not measured"):
	wanted = f"at least {limit:g}{unit}"
	if figure is None:
		return Goal(measure, wanted, why=why)
	return Goal(measure, wanted, figure.text() + unit, figure.median >= limit)

"""Decides whether differences between two results, or two programs in one, are more than noise."""

import math
from typing import NamedTuple

from bench import noise
from bench.figures import AGAINST, OURS, spread
from bench.program import fail

# Exit statuses
NONE_WORSE, SOME_WORSE, TOO_NOISY = 0, 1, 3


class Row(NamedTuple):
	name: str
	figure: object
	before: float
	after: float
	difference: object  # None where no ratio can be told
	verdict: str
	may_be_worse: bool


def difference(before, after, figure, pairs):
	if figure.exact:
		return noise.exact(before, after)
	if min(before + after) <= 0:
		return None
	return (noise.paired if pairs else noise.independent)(before, after)


def row(name, figure, before, after, pairs, margin):
	change = difference(before, after, figure, pairs)
	return Row(
		name, figure, spread(before).median, spread(after).median, change,
		noise.judge(change, figure.better, margin),
		noise.may_be_worse(change, figure.better, margin),
	)


def series_of(result, side):
	"""(measure, name, figure) -> samples, for figures that can be better or worse."""
	return {
		(measure, name, figure): sides[side]
		for measure, taken in result.measures.items()
		for (name, figure), sides in taken.series.items()
		if side in sides and figure.better
	}


def rows_of(before, after, pairs, margin):
	return [
		row(f"{key[0]}: {key[1]}", key[2], before[key], samples, pairs, margin)
		for key, samples in after.items() if key in before
	]


def only_in_one(before, after):
	return [f"{measure}: {name}, {figure.name}"
		for measure, name, figure in sorted(before.keys() ^ after.keys(), key=str)]


def percent(bound):
	return "?" if math.isinf(bound) or bound == 0 else f"{(bound - 1) * 100:+.1f} %"


def cells(row):
	number = "{:,.0f}" if row.figure.exact or row.before >= 1000 else "{:.4g}"
	ratio, interval = "?", "?"
	if row.difference:
		ratio = f"{row.difference.ratio:.3f}"
		interval = f"{percent(row.difference.low)} to {percent(row.difference.high)}"
	return [row.name, row.figure.name, number.format(row.before), number.format(row.after),
		row.figure.unit, ratio, interval, row.verdict]


HEAD = ["measure", "figure", "before", "after", "unit", "ratio", "99 % interval", "verdict"]
LEFT = {0, 1, 4, 7}


def aligned(lines):
	widths = [max(map(len, column)) for column in zip(*lines)]
	return "\n".join(
		"  ".join(
			cell.ljust(width) if i in LEFT else cell.rjust(width)
			for i, (cell, width) in enumerate(zip(line, widths))
		).rstrip()
		for line in lines
	)


def counts(rows):
	words = {noise.SAME: "same", noise.BETTER: "better", noise.WORSE: "worse",
		noise.UNKNOWN: "too noisy to tell (~)"}
	return ", ".join(
		f"{sum(row.verdict == verdict for row in rows)} {word}" for verdict, word in words.items()
	)


def conclusion(rows, margin):
	doubtful = [row for row in rows if row.verdict == noise.UNKNOWN and row.may_be_worse]
	text = f"{len(rows)} figures: {counts(rows)}."
	if doubtful:
		text += f"\nOf the last, {len(doubtful)} may be worse by more than {(margin - 1) * 100:g} %."
	return text


def status(rows):
	if any(row.verdict == noise.WORSE for row in rows):
		return SOME_WORSE
	return TOO_NOISY if any(row.may_be_worse for row in rows) else NONE_WORSE


def warnings(results):
	found = []
	for result in results:
		if result.why_not_quiet():
			found.append(f"warning: the machine was not quiet ({result.about['started']}):")
			found += [f"  {reason}" for reason in result.why_not_quiet()]
	if len({str(result.about["machine"]) for result in results}) > 1:
		found.append("warning: the results are of different machines or kernels")
	return found


def compare(results, margin):
	"""Results: one of two programs, or two. Returns the text and the exit status."""
	if len(results) == 1:
		if not results[0].paired:
			fail("compare needs two results, or one that was made with --against")
		before, after = (series_of(results[0], side) for side in [AGAINST, OURS])
	else:
		before, after = (series_of(result, OURS) for result in results)
	rows = rows_of(before, after, len(results) == 1, margin)
	if not rows:
		fail("the results have no figure in common")
	lines = [*warnings(results), aligned([HEAD, *map(cells, rows)]), "", conclusion(rows, margin)]
	lines += [f"not compared, as only one side has it: {name}" for name in only_in_one(before, after)]
	return "\n".join(lines), status(rows)

"""Tables of dev/bench.md."""

from bench.figures import OURS, spread


def table(head, rows):
	align = ["---"] + ["---:"] * (len(head) - 1)
	return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in [head, align, *rows])


def text(figure, digits=2):
	"""A spread, or "-" if there is none."""
	return figure.text(digits) if figure else "-"


def missing_rows(taken, columns):
	"""Rows for what is missing in a table, with the reasons."""
	return [
		[name, why] + [""] * (columns - 2)
		for name, _, why in taken.missing if name not in taken.names()
	]


def series_table(taken):
	"""Every series of a measure: the default table."""
	rows = [
		[name, figure.name, text(spread(sides[OURS]), 0 if figure.exact else 2), figure.unit]
		for (name, figure), sides in taken.series.items() if OURS in sides
	]
	return table(["", "figure", "median", "unit"], rows + missing_rows(taken, 4))

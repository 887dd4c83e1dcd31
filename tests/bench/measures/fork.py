"""The cost of names in fork(), following the benchmark of the kernel's own patch.

Every sample comes from a new process: the placement of its pages in memory makes more of a
difference than names do, and does not change during its life.
"""

import statistics

from bench.bench import Other, Own
from bench.figures import Figure, each, spread
from bench.goals import at_most
from bench.markdown import missing_rows, table, text
from bench.running import Held

TITLE = "fork() with names"

FORK = Figure("fork()", "ms")
MAPPINGS = 65000  # as many as vm.max_map_count lets a process have, more or less
FORKS = 5
ROWS = {0: "unpopulated", 1: "1 page each", 10: "10 pages each"}


def fork(program, pages, kind):
	with Held(program.linked("fork"), MAPPINGS, pages, kind) as process:
		return {FORK: statistics.fmean(process.ask() / 1e6 for _ in range(FORKS))}


def named(row):
	return f"{row}, with names"


def unnamed(row):
	return f"{row}, without names"


def measure(bench):
	tasks = {}
	for pages, row in ROWS.items():
		tasks[unnamed(row)] = Other(
			lambda pages=pages: fork(bench.this, pages, "unnamed"))
		tasks[named(row)] = Own(
			lambda program, pages=pages: fork(program, pages, "named"))
	bench.in_turn(tasks, warm=False)


def more(taken, row):
	"""The slowdown by names in percent; None if it was not measured."""
	samples = [taken.samples(name(row), FORK) for name in [named, unnamed]]
	return spread(each(lambda with_names, without: 100 * (with_names / without - 1), *samples))


def show(taken):
	rows = [
		[row, *(text(spread(taken.samples(name(row), FORK))) for name in [unnamed, named]),
			f"{more(taken, row).text()} %"]
		for row in ROWS.values() if more(taken, row)
	]
	about = (
		f"{MAPPINGS} mappings of ten pages, with names of 79 bytes, each its own, or without; each "
		f"sample is the mean of {FORKS} forks of a new process. Where the kernel keeps names they are "
		"its own, elsewhere those of libanonmem's table."
	)
	head = ["mappings", "without names, ms", "with names, ms", "more"]
	return f"{about}\n\n{table(head, rows + missing_rows(taken, 4))}"


def goals(taken):
	return [
		at_most(f"fork() with names, {row}, more than without", 3, more(taken, row), unit=" %")
		for row in ROWS.values()
	]

"""What names cost fork(), as the benchmark of the kernel's own patch did it: means, in turn."""

import contextlib
import statistics

from bench.figures import OURS, Figure
from bench.goals import Goal
from bench.markdown import missing_rows, table
from bench.program import progress
from bench.running import Held

TITLE = "fork() with names"

FORK = Figure("fork()", "ms")
MAPPINGS = 65000  # as many as vm.max_map_count lets a process have, more or less
OFTEN = 5  # forks for each round of others
ROWS = {0: "unpopulated", 1: "1 page each", 10: "10 pages each"}


def processes(bench, stack, pages):
	"""(name, side) -> a process that forks when it is asked."""
	found, row = {}, ROWS[pages]

	def start(name, side, kind):
		with bench.missing(name, side):
			fork = bench.programs[side].linked("fork")
			process = Held(fork, MAPPINGS, pages, kind)
			found[name, side] = stack.enter_context(process)

	if not bench.paired:
		start(f"{row}, without names", OURS, "unnamed")
	for side in bench.programs:
		start(f"{row}, with names", side, "named")
	return found


def measure(bench):
	for pages, row in ROWS.items():
		progress(f"\t{MAPPINGS} mappings, {row}")
		with contextlib.ExitStack() as stack:
			forking = processes(bench, stack, pages)
			for number in range(OFTEN * bench.rounds + 1):
				bench.watch.tick()
				for (name, side), process in forking.items():
					took = process.ask() / 1e6
					if number:
						bench.taken.add(name, side, {FORK: took})


def means(taken, row):
	"""Without names, with names, and by how many percent more that is; None if not measured."""
	samples = [taken.samples(f"{row}, {kind}", FORK) for kind in ["without names", "with names"]]
	if not all(samples):
		return None
	without, named = map(statistics.fmean, samples)
	return without, named, 100 * (named / without - 1)


def show(taken):
	rows = [
		[row, f"{without:.2f}", f"{named:.2f}", f"{more:+.2f} %"]
		for row in ROWS.values() if means(taken, row)
		for without, named, more in [means(taken, row)]
	]
	about = (
		f"{MAPPINGS} mappings of ten pages, with names of 79 bytes, each its own, or without; means "
		f"of {OFTEN} forks for each run of the others, in turn. Where the kernel keeps names they are "
		"its own, elsewhere those of libanonmem's table."
	)
	head = ["mappings", "without names, ms", "with names, ms", "more"]
	return f"{about}\n\n{table(head, rows + missing_rows(taken, 4))}"


def goals(taken):
	found = []
	for row in ROWS.values():
		name, wanted = f"fork() with names, {row}", "at most +3 %"
		figures = means(taken, row)
		if figures:
			more = figures[-1]
			found.append(Goal(name, wanted, f"{more:+.2f} %", more <= 3))
		else:
			found.append(Goal(name, wanted))
	return found

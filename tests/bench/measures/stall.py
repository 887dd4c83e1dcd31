"""The slowest mmap+munmap in a process of 4 GiB while it is read."""

import time

from bench.bench import Other, Own
from bench.figures import Figure, each, spread
from bench.goals import at_most
from bench.markdown import missing_rows, table, text
from bench.program import PROGRAMS
from bench.running import Held, run

TITLE = "The process that is read"

WORST = Figure("worst mmap+munmap", "ms")
SECONDS = 1
LIMITED = "anonmem --max-stall 2ms"
OPTIONS = {"anonmem": [], "anonmem --fast": ["--fast"], LIMITED: ["--max-stall=2ms"]}


def while_reading(stalled, command):
	"""The worst while the command runs again and again, as long for every command: the longer one
	waits, the worse it gets."""
	stalled.ask()
	end = time.monotonic() + SECONDS
	while command and time.monotonic() < end:
		run(command)
	time.sleep(max(0, end - time.monotonic()))
	return {WORST: stalled.ask() / 1e6}


def measure(bench):
	with Held(PROGRAMS / "stall") as stalled:
		pid = str(stalled.process.pid)
		tasks = {
			"nothing": Other(lambda: while_reading(stalled, None)),
			"floor": Other(lambda: while_reading(stalled, [PROGRAMS / "floor", pid])),
		}
		for name, options in OPTIONS.items():
			tasks[name] = Own(lambda program, options=options: while_reading(
				stalled, program.command(*options, "-p", pid)))
		bench.in_turn(tasks)


def beyond_nothing(taken, name):
	nothing = taken.samples("nothing", WORST)
	return spread(each(lambda read, quiet: read - quiet, taken.samples(name, WORST), nothing))


def show(taken):
	rows = [
		[name, text(spread(taken.samples(name, WORST))), text(beyond_nothing(taken, name))]
		for name in taken.names()
	]
	head = ["read by", f"worst mmap+munmap in {SECONDS} s, ms", "beyond nothing, ms"]
	return table(head, rows + missing_rows(taken, 3))


def goals(taken):
	return [at_most("worst mmap+munmap with `--max-stall 2ms`, beyond that unread", 3,
		beyond_nothing(taken, LIMITED), 2, " ms")]

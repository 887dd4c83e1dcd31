"""A refresh of `anonmem top` on an idle system, next to a `cat` and to htop with its PSS column.

All screens of a batch run at the same time, since each mostly sleeps and takes long to settle. Each
gives one sample: the placement of a process in memory is noise, too.
"""

import contextlib
import time
from pathlib import Path

from bench.bench import Other
from bench.figures import CPU, OURS, each, ratio, spread
from bench.goals import at_most
from bench.markdown import missing_rows, table, text
from bench.program import PROGRAMS, installed, progress
from bench.running import Held
from bench.workload import Workload

TITLE = "anonmem top, when nothing moves"

HTOP_SETTINGS = """config_reader_min_version=3
htop_version=3.2.2
screen:Main=PID USER M_RESIDENT M_PSS Command
.sort_key=M_PSS
.sort_direction=-1
"""
CAT, TOP, HTOP = "`cat /proc/*/smaps`", "anonmem top", "htop with its PSS column"
BATCH = 3
REFRESHES = 50
SETTLED = 220  # refreshes after which every process has had its turn to be read again
DELAY = 0.1  # shorter than the default, so that it does not take all day
DEFAULT_DELAY = 2


def contenders(bench):
	"""(name, side) -> command that refreshes every DELAY."""
	settings = Path(bench.folder) / "htoprc"
	settings.write_text(HTOP_SETTINGS)
	environment = ["/usr/bin/env", "TERM=xterm", "LC_ALL=C.UTF-8", f"HTOPRC={settings}"]
	found = {}
	for side, program in bench.programs.items():
		with bench.missing(TOP, side):
			found[TOP, side] = [*environment, *program.command("top", "-d", DELAY)]
	if not bench.paired:
		with bench.missing(HTOP):
			found[HTOP, OURS] = [*environment, installed("htop"), "-d", int(DELAY * 10)]
	return found


def run_batch(bench, workload, commands, count):
	"""The CPU time of a refresh in the steady state, from several screens of each contender."""
	with contextlib.ExitStack() as stack:
		screens = [
			(key, stack.enter_context(Held(PROGRAMS / "screen", workload.inside, *command)))
			for _ in range(count) for key, command in commands.items()
		]
		time.sleep(SETTLED * DELAY)
		before = [screen.ask() for _, screen in screens]
		time.sleep(REFRESHES * DELAY)
		for (key, screen), was in zip(screens, before):
			bench.taken.add(*key, {CPU: (screen.ask() - was) / 1e6 / REFRESHES})
	bench.watch.tick()


def measure(bench):
	with Workload("sleepers") as workload:
		cat = ["/bin/sh", "-c", "exec cat /proc/*/smaps"]
		bench.in_turn({CAT: Other(lambda: {CPU: workload.cost(cat, fussy=False)[CPU]})})
		commands = contenders(bench)
		for taken in range(0, bench.rounds, BATCH):
			progress(f"\tscreens from {taken + 1} of {bench.rounds}")
			run_batch(bench, workload, commands, min(BATCH, bench.rounds - taken))


def to_cat(taken, name):
	return ratio(taken.samples(name, CPU), taken.samples(CAT, CPU))


def of_one_processor(milliseconds):
	return milliseconds / 1e3 / DEFAULT_DELAY * 100


def show(taken):
	rows = []
	for name in taken.names():
		cost = spread(taken.samples(name, CPU)).median
		rows.append([name, f"{cost:.2f}", text(to_cat(taken, name)), f"{of_one_processor(cost):.2f}"])
	about = (
		f"300 sleepers and nothing else, on a screen of 80x24. CPU of one refresh is the mean of "
		f"{REFRESHES} that are {DELAY} s apart, after {SETTLED} others; of one processor, with a "
		f"refresh every {DEFAULT_DELAY} s.\n\n"
	)
	head = ["", "CPU of a refresh, ms", "to one `cat`", "% of one processor"]
	return about + table(head, rows + missing_rows(taken, 4))


def goals(taken):
	own = taken.samples(TOP, CPU)
	return [
		at_most("`anonmem top`, 300 idle processes, CPU of a refresh to one `cat /proc/*/smaps`", 0.10,
			to_cat(taken, TOP)),
		at_most("`anonmem top`, of one processor at the default delay", 1,
			spread(each(of_one_processor, own)), unit=" %"),
	]

"""What anonmem adds for each process beyond reading its smaps, to what `ps` costs for each.

The cost of a process to a program is (its CPU on N processes - its CPU on none) / N, which is free
of what the program costs to start; both are in pid namespaces of their own, so N is exact, and
kernel threads, which are in neither, do not blur it. What anonmem adds is its cost of a process
less that of the floor, and the yardstick is that of `ps -eo pid`.

Parsing is in that difference too, and grows with the mappings. So the figure is taken from
processes that hardly have any, where it is an upper bound; the sleepers are shown beside it.
"""

from bench import peers
from bench.bench import Other, Own
from bench.figures import CPU, Figure, each, ratio, spread
from bench.goals import at_most
from bench.markdown import table, text
from bench.program import PROGRAMS
from bench.workload import TITLES, Workload

TITLE = "What anonmem adds for each process"

EACH = Figure("CPU a process", "us")
PLACES = ["bare", "sleepers"]
CONTENDERS = ["floor", "anonmem", "ps"]
OFTEN = 4  # a run takes some milliseconds: more of them cost little and calm a small difference


def cost_of_each(command, some, none):
	processes = len(some.all_pids())
	return {EACH: (some.cost(command)[CPU] - none.cost(command)[CPU]) * 1e3 / processes}


def in_place(place, name):
	return f"{TITLES[place]}, {name}"


def measure(bench):
	tasks = {}
	with Workload("none") as none, Workload("bare") as bare, Workload("sleepers") as sleepers:
		for place, some in zip(PLACES, [bare, sleepers]):
			tasks |= {
				in_place(place, "floor"): Other(
					lambda w=some: cost_of_each([PROGRAMS / "floor"], w, none)),
				in_place(place, "anonmem"): Own(
					lambda program, w=some: cost_of_each(program.command("--jobs=1"), w, none)),
				in_place(place, "ps"): Other(lambda w=some: cost_of_each(peers.ps(), w, none)),
			}
		bench.in_turn(tasks, OFTEN * bench.rounds)


def figures(taken, place):
	"""What the floor and anonmem cost, what this adds, what ps costs, and the ratio of these."""
	floor, own, ps = (taken.samples(in_place(place, name), EACH) for name in CONTENDERS)
	added = each(lambda a, f: a - f, own, floor)
	return [*map(spread, [floor, own, added, ps]), ratio(added, ps)]


def show(taken):
	rows = []
	for place in PLACES:
		*costs, to_ps = figures(taken, place)
		rows.append([TITLES[place], *(text(cost, 1) for cost in costs), text(to_ps)])
	head = ["us a process", "floor", "anonmem", "what it adds", "`ps -eo pid`", "added to ps"]
	return table(head, rows)


def goals(taken):
	measure_name = "what anonmem adds for each process, to `ps -eo pid`"
	return [at_most(measure_name, 1.0, figures(taken, "bare")[-1])]

"""What anonmem adds per process beyond reading smaps, relative to what `ps` costs.

The cost per process is (CPU on N processes - CPU on none) / N, which excludes the cost of starting
a program. Both run in pid namespaces of their own, so N is exact, and there are no kernel threads.
What anonmem adds is its cost per process less that of the floor; the yardstick is the cost of
`ps -eo pid`.

The difference includes parsing, which grows with the mappings. So the figure is taken from
processes with hardly any mappings, where it is an upper bound; the sleepers are shown next to it.
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
	"""The cost of the floor and of anonmem, the difference, the cost of ps, and the ratio of these."""
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

"""CPU, wall time and peak memory of a report, next to the floor and the peers.

On the whole workload and on each part of it."""

from bench import peers
from bench.bench import Other, Own
from bench.figures import CPU, PEAK, WALL, ratio, spread
from bench.goals import at_least, at_most
from bench.markdown import missing_rows, table, text
from bench.program import PROGRAMS
from bench.workload import TITLES, Workload

TITLE = "CPU, wall time and peak memory"

PARTS = ["all", "sleepers", "mappings", "resident"]
ONE, TWO = "anonmem, one thread", "anonmem, two threads"
FAST, FAST_RSS = "anonmem --fast", "anonmem --fast, without PSS"
OPTIONS = {
	ONE: ["--jobs=1"],
	TWO: ["--jobs=2"],
	FAST: ["--fast", "--jobs=1"],
	FAST_RSS: ["--fast", "--jobs=1", "-o", "rss,swap"],
	"anonmem --max-stall 2ms": ["--max-stall=2ms", "--jobs=1"],
}


def in_part(part, name):
	return f"{TITLES[part]}, {name}"


def tasks(workload, folder):
	found = {
		"floor": Other(lambda: workload.cost([PROGRAMS / "floor"])),
		"`cat /proc/*/smaps`": Other(
			lambda: workload.cost(["/bin/sh", "-c", "exec cat /proc/*/smaps"], fussy=False)),
	}
	for name, options in OPTIONS.items():
		found[name] = Own(
			lambda program, options=options: workload.cost(program.command(*options)))
	for name, command in peers.commands(workload.all_pids(), folder).items():
		found[name] = Other(lambda command=command: workload.cost(command(), fussy=False))
	return found


def measure(bench):
	for part in PARTS:
		with Workload(part) as workload:
			found = tasks(workload, bench.folder)
			bench.in_turn({in_part(part, name): task for name, task in found.items()})


def to_floor(taken, part, name, figure=CPU):
	samples = taken.samples(in_part(part, name), figure)
	return ratio(samples, taken.samples(in_part(part, "floor"), figure))


def show_part(taken, part):
	start, rows = in_part(part, ""), []
	for name in [name.removeprefix(start) for name in taken.names() if name.startswith(start)]:
		cpu, peak = (spread(taken.samples(start + name, figure)) for figure in [CPU, PEAK])
		rows.append([
			name, text(to_floor(taken, part, name)), text(to_floor(taken, part, name, WALL)),
			f"{cpu.median:.1f}", f"{peak.median:.1f}",
		])
	rows += [[row[0].removeprefix(start), *row[1:]]
		for row in missing_rows(taken, 5) if row[0].startswith(start)]
	head = ["", "CPU to the floor", "wall time to the floor", "CPU, ms", "peak, MiB"]
	return f"### {TITLES[part][0].upper()}{TITLES[part][1:]}\n\n{table(head, rows)}"


def show(taken):
	return "\n\n".join(show_part(taken, part) for part in PARTS)


def peak(taken, name):
	figure = spread(taken.samples(in_part("all", name), PEAK))
	return at_most(f"peak memory on the whole workload, {name}", 8, figure, 1, " MiB")


def to_own(taken, peer, limit):
	samples = [taken.samples(in_part("all", name), CPU) for name in [peer, ONE]]
	measure_name = f"CPU of {peer} to that of anonmem, one thread"
	return at_least(measure_name, limit, ratio(*samples), why=taken.why_missing(in_part("all", peer)))


def goals(taken):
	return [
		at_most("CPU of the report, one thread, to the floor", 1.03, to_floor(taken, "all", ONE)),
		at_most("wall time, two threads, to the floor: whole workload", 0.68,
			to_floor(taken, "all", TWO, WALL)),
		at_most("wall time, two threads, to the floor: 300 sleepers", 0.55,
			to_floor(taken, "sleepers", TWO, WALL)),
		at_most("`--fast`, CPU to the floor, without PSS", 0.30, to_floor(taken, "all", FAST_RSS)),
		at_most("`--fast`, CPU to the floor, with PSS", 0.50, to_floor(taken, "all", FAST)),
		to_own(taken, "smem", 6),
		to_own(taken, "smemstat", 1.7),
		to_own(taken, "`pmap -x`", 2),
		*(peak(taken, name) for name in [ONE, TWO, FAST]),
	]

"""The parser alone: bytes per second in memory and, with valgrind, instructions per mapping.

Measured on mappings that are all alike, for the goal, and on those of ordinary programs, which
hardly ever are.
"""

import statistics
from pathlib import Path

from bench import callgrind
from bench.bench import Own
from bench.figures import HIGHER, Figure, Missing, ratio, spread
from bench.goals import at_least
from bench.markdown import table, text
from bench.running import output_of
from bench.workload import TITLES, Workload

TITLE = "The parser alone"

PARTS = ["mappings", "sleepers"]
TOUCH = Figure("touch each cache line", "GB/s", better=None)
ROOM = Figure("parser, blocks as large as it takes", "GB/s", HIGHER)
READ = Figure("parser, 4 KiB at a time", "GB/s", HIGHER)
GENERAL = Figure("parser, general path only", "GB/s", HIGHER)
THINGS = {"touch": TOUCH, "room": ROOM, "read": READ, "general": GENERAL}
REPETITIONS = 5
COUNTED = ["room", "general"]
A_MAPPING = callgrind.INSTRUCTIONS._replace(unit="a mapping")
COUNTED_BYTES = 2_000_000  # instructions a mapping do not depend on how many there are


def rates(program, path, folder):
	"""Bytes a second of each thing that programs/parser.c does: the median of some repetitions,
	without the first, since each takes only milliseconds."""
	command = [program.linked("parser"), path, REPETITIONS + 1, *THINGS]
	said = [line.split() for line in output_of(map(str, command), folder).splitlines()]
	found = {}
	for thing, figure in THINGS.items():
		speeds = [float(speed) / 1e9 for name, speed in said if name == thing and speed != "-"]
		if speeds:
			found[figure] = statistics.median(speeds[1:])
	return found


def instructions(program, path, thing):
	output = path.with_name("counted")
	command = [program.linked("parser"), path, "1", thing]
	count = callgrind.count(command, output, within="smaps_feed")
	said = dict(line.split() for line in output.read_text().splitlines())
	if said[thing] == "-":
		raise Missing("not in this build")
	return {A_MAPPING: count / int(said["mappings"])}


def shorten(path):
	"""A shorter copy that ends with a whole mapping."""
	whole = path.read_bytes()
	last = whole.rfind(b"\nVmFlags", 0, COUNTED_BYTES) + 1
	short = path.with_suffix(".short")
	short.write_bytes(whole[:whole.index(b"\n", last) + 1])
	return short


def measure(bench):
	for part in PARTS:
		path = Path(bench.folder) / f"{part}.smaps"
		with Workload(part) as workload:
			smaps = [f"/proc/{pid}/smaps" for pid in workload.pids[part]]
			workload.write(["/bin/cat", *smaps], path)
		bench.in_turn({TITLES[part]: Own(lambda program: rates(program, path, bench.folder))})
		short = shorten(path)
		bench.once({
			counted_name(part, thing): Own(
				lambda program, thing=thing: instructions(program, short, thing))
			for thing in COUNTED
		})


def counted_name(part, thing):
	return f"{TITLES[part]}, {THINGS[thing].name}"


def count_of(taken, part, thing):
	if thing not in COUNTED:
		return ""
	samples = taken.samples(counted_name(part, thing), A_MAPPING)
	return f"{samples[0]:.0f}" if samples else taken.why_missing(counted_name(part, thing))


def show_part(taken, part):
	touch, rows = taken.samples(TITLES[part], TOUCH), []
	for thing, figure in THINGS.items():
		samples = taken.samples(TITLES[part], figure)
		rows.append([figure.name, text(spread(samples)), text(ratio(samples, touch)),
			count_of(taken, part, thing)])
	head = ["", "GB/s", "to touching", "instructions a mapping"]
	return f"{TITLES[part]}:\n\n{table(head, rows)}"


def show(taken):
	return "\n\n".join(show_part(taken, part) for part in PARTS)


def goals(taken):
	name = TITLES["mappings"]
	reached = ratio(taken.samples(name, ROOM), taken.samples(name, TOUCH))
	return [at_least("parser: bytes a second, to touching each cache line once", 0.40, reached)]

"""The cost of `anonmem run` for servers under load, and for a program that only maps and unmaps."""

import subprocess

from bench.bench import Other, Own
from bench.figures import HIGHER, Figure, ratio, spread
from bench.markdown import table, text
from bench.program import PROGRAMS
from bench.servers import SERVERS

TITLE = "anonmem run"

MAP_TIMES = 20_000
MAP = "mmap, write, munmap of 64 KiB, without pause"
PLAIN = ", without anonmem run"


def map_and_unmap(before):
	command = list(map(str, [*before, PROGRAMS / "map", MAP_TIMES]))
	done = subprocess.run(command, check=True, capture_output=True, text=True)
	return {MAP: 1e9 / int(done.stdout)}


def serve(server, before):
	server.find()
	with server(before) as running:
		return running.work()


def works():
	"""name -> a function that takes a command prefix and returns operation -> number per second."""
	found = {"map": map_and_unmap}
	for server in SERVERS:
		found[server.__name__] = lambda before, server=server: serve(server, before)
	return found


def sample(work, before):
	return {Figure(what, "a second", HIGHER): times for what, times in work(before).items()}


def measure(bench):
	tasks = {}
	for name, work in works().items():
		tasks[name + PLAIN] = Other(lambda work=work: sample(work, []))
		tasks[name] = Own(lambda program, work=work: sample(work, program.command("run")))
	bench.in_turn(tasks)


def show(taken):
	rows = []
	for name, figure in taken.series:
		plain, own = taken.samples(name + PLAIN, figure), taken.samples(name, figure)
		if plain and own:
			rows.append([figure.name, f"{spread(plain).median:,.0f}", f"{spread(own).median:,.0f}",
				text(ratio(plain, own))])
	missing = {name.removesuffix(PLAIN): why for name, _, why in taken.missing}
	rows += [[name, why, "", ""] for name, why in missing.items()]
	about = (
		"What a program that `anonmem run` has started does in a second, in turn with the same program "
		"without. The time is that of one operation under it, to one without. The first row does "
		"nothing but what costs most.\n\n"
	)
	head = ["", "a second without", "a second with", "time, with to without"]
	return about + table(head, rows)

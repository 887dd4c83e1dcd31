"""What guesses by content cost a report, beside guesses by place alone.

For each kind of program: many processes that rest.
"""

import contextlib
import subprocess
import time

from bench.bench import Own
from bench.figures import CPU, ratio, spread
from bench.goals import at_most
from bench.markdown import missing_rows, table, text
from bench.program import installed
from bench.running import run

TITLE = "Guesses by content"

OFTEN = 4  # a run takes some milliseconds
RISE = 10  # seconds until programs that start slowly rest
USUAL = ["300 sleepers", "120 Python programs"]
PROGRAMS = {
	"300 sleepers": (300, "sleep", ["1000"]),
	"120 Python programs": (120, "python3", ["-c", "import time; time.sleep(1000)"]),
	"6 Node.js programs": (6, "node", ["-e",
		"let o = []; for (let i = 0; i < 3e5; i++) o.push({i}); setTimeout(() => o, 1e6)"]),
	"4 Ruby programs": (4, "ruby", ["-e", "a = (1..300000).map { |i| i.to_s }; sleep 1000"]),
}


@contextlib.contextmanager
def running(count, program, options):
	"""Their pids."""
	command = [installed(program), *options]
	processes = [subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
		for _ in range(count)]
	try:
		time.sleep(RISE)
		yield ",".join(str(process.pid) for process in processes)
	finally:
		for process in processes:
			process.kill()
			process.wait()


def by(name, how):
	return f"{name}, by {how}"


def cost(program, how, pids):
	return {CPU: run(program.command("--quiet", "--jobs=1", f"--infer={how}", "-p", pids))[0][CPU]}


def measure(bench):
	for name, what in PROGRAMS.items():
		with bench.missing(name), running(*what) as pids:
			bench.in_turn({by(name, how): Own(lambda program, how=how: cost(program, how, pids))
				for how in ["place", "content"]}, OFTEN * bench.rounds)


def to_place(taken, name):
	return ratio(*(taken.samples(by(name, how), CPU) for how in ["content", "place"]))


def show(taken):
	rows = []
	for name in PROGRAMS:
		costs = [spread(taken.samples(by(name, how), CPU)) for how in ["place", "content"]]
		if all(costs):
			rows.append([name, *(text(cost, 1) for cost in costs), text(to_place(taken, name), 3)])
	head = ["CPU, ms", "by place", "by content", "content to place"]
	return table(head, rows + missing_rows(taken, len(head)))


def goals(taken):
	return [at_most(f"guesses by content, CPU to those by place: {name}", 1.03,
		to_place(taken, name), 3) for name in USUAL]

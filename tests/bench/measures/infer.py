"""What guesses by content cost a report, beside guesses by place alone.

For each kind of program: many processes that rest; and this machine as it is.
"""

import contextlib
import subprocess
import time
from pathlib import Path

from bench.bench import Own
from bench.figures import CPU, Missing, ratio, spread
from bench.goals import at_most
from bench.markdown import missing_rows, table, text
from bench.program import installed
from bench.running import run

TITLE = "Guesses by content"

OFTEN = 4  # a run takes some milliseconds
RISE = 10  # seconds until programs that start slowly rest
GOAL = 1.03
USUAL = ["300 sleepers", "120 Python programs"]
JAVA = "Keeps.java"
JAVA_TEXT = """class Keeps {
	public static void main(String[] words) throws Exception {
		byte[][] kept = new byte[60][1 << 20];
		Thread.sleep(1000000);
		System.out.println(kept.length);
	}
}
"""
PROGRAMS = {
	"300 sleepers": (300, "sleep", ["1000"]),
	"120 Python programs": (120, "python3", ["-c", "import time; time.sleep(1000)"]),
	"6 Node.js programs": (6, "node", ["-e",
		"let o = []; for (let i = 0; i < 3e5; i++) o.push({i}); setTimeout(() => o, 1e6)"]),
	"4 Ruby programs": (4, "ruby", ["-e", "a = (1..300000).map { |i| i.to_s }; sleep 1000"]),
	"2 Java programs": (2, "java", ["-Xmx256m", JAVA]),
}
MACHINE = "this machine"


@contextlib.contextmanager
def running(folder, count, program, options):
	"""The options that select them."""
	command = [installed(program), *options]
	(Path(folder) / JAVA).write_text(JAVA_TEXT)
	processes = [subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL,
		stdout=subprocess.DEVNULL) for _ in range(count)]
	try:
		time.sleep(RISE)
		if any(process.poll() is not None for process in processes):
			raise Missing(f"{program} cannot run it")
		yield ["-p", ",".join(str(process.pid) for process in processes)]
	finally:
		for process in processes:
			process.kill()
			process.wait()


def by(name, how):
	return f"{name}, by {how}"


def cost(program, how, selection):
	command = program.command("--quiet", "--jobs=1", f"--infer={how}", *selection)
	return {CPU: run(command)[0][CPU]}


def in_turn(bench, name, selection):
	bench.in_turn({by(name, how): Own(lambda program, how=how: cost(program, how, selection))
		for how in ["place", "content"]}, OFTEN * bench.rounds)


def measure(bench):
	for name, what in PROGRAMS.items():
		with bench.missing(name), running(bench.folder, *what) as selection:
			in_turn(bench, name, selection)
	in_turn(bench, MACHINE, [])


def to_place(taken, name):
	return ratio(*(taken.samples(by(name, how), CPU) for how in ["content", "place"]))


def least(taken, name):
	"""The ratio of the cheapest runs, which other programs have disturbed least."""
	costs = [taken.samples(by(name, how), CPU) for how in ["content", "place"]]
	return min(costs[0]) / min(costs[1])


def show(taken):
	rows = []
	for name in [*PROGRAMS, MACHINE]:
		costs = [spread(taken.samples(by(name, how), CPU)) for how in ["place", "content"]]
		if all(costs):
			rows.append([name, *(text(cost, 1) for cost in costs), text(to_place(taken, name), 3),
				f"{least(taken, name):.3f}", f"{GOAL:g}" if name in USUAL else "-"])
	head = ["CPU, ms", "by place", "by content", "content to place", "of the minima", "goal, at most"]
	return table(head, rows + missing_rows(taken, len(head)))


def goals(taken):
	return [at_most(f"guesses by content, CPU to those by place: {name}", GOAL,
		to_place(taken, name), 3) for name in USUAL]

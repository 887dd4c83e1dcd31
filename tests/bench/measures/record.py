"""What `anonmem record` costs: a sample, its bytes, 30 days of them, and memory over 100,000 samples.

A day and 30 days are written by tests/recording/day.c as fast as it can. The processes that churn
are those of programs/churn.c, and the recorder takes samples of them without a pause.
"""

import contextlib
import os
import sqlite3
import subprocess
import time
from pathlib import Path

from bench.bench import Other, Own
from bench.figures import CPU, OURS, PEAK, WALL, Figure, Missing, each, ratio, spread
from bench.goals import Goal, at_most
from bench.markdown import missing_rows, table, text
from bench.program import PROGRAMS, compile_program, installed, progress
from bench.running import Held, run
from bench.workload import Workload

TITLE = "anonmem record"

CAT, SAMPLE, DAY, MONTH = "`cat /proc/*/smaps`", "a sample", "a day", "30 days"
FROM, TOP, CHURN = "`--from FILE@TIME`", "`top --from FILE`", "churning processes"
ROUNDS = 3
DELAY, SAMPLES, SETTLED = 0.1, 300, 220  # as in top.py; what it takes is of the last ones
CHURNED = 100_000
ROW = Figure("bytes for a changed group", "bytes", exact=True)
FILE = Figure("file", "MB", exact=True)
WRITTEN = Figure("written to disk", "MB", exact=True)
TIER = Figure("a day in the last tier", "MB", exact=True)
HALF = Figure("memory at half of them", "MiB")
END = Figure("memory at the end", "MiB")


def numbers(path, sql):
	with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
		return db.execute(sql).fetchone()


def recorder(program, *options):
	"""Its command line. Raises Missing if this program cannot record."""
	command = [program.path, "record"]
	if subprocess.run([*command, "--help"], capture_output=True).returncode:
		raise Missing("this build cannot record")
	return [*command, *options]


def take_sample(program, workload, folder):
	"""The mean of the processor time between samples, with all that writing takes."""
	path = Path(folder) / "sample.db"
	path.unlink(missing_ok=True)
	workload.cost(recorder(program, "-d", f"{int(DELAY * 1000)}ms", "--for", f"{SAMPLES * DELAY:.0f}s",
		"--output", path))
	return {CPU: numbers(path, f"SELECT avg(cpu_us) FROM sample WHERE sample > {SETTLED}")[0] / 1e3}


def day_program(program):
	"""tests/recording/day.c with the libraries of a build."""
	if not program.build:
		raise Missing("needs a build folder")
	folder = program.source / "tests/recording"
	if not (folder / "day.c").exists():
		raise Missing("there is no tests/recording/day.c in its source")
	output = PROGRAMS / f"day-{program.build.name}"
	libraries = [*program.build.glob("src/liblayer_*.a"), program.build / "src/libanonmem.a"]
	compile_program(folder / "day.c", output, folder / "samples.c", f"-I{program.source}/src",
		f"-I{program.source}/include", "-Wl,--start-group", *libraries, "-Wl,--end-group", "-lbsd", "-lsqlite3",
		"-lm")
	return output


def write_days(program, folder, *what):
	"""What day.c says of the recording that it makes."""
	said = Path(folder) / "said"
	run([day_program(program), folder, *map(str, what)], said)
	return {words[0]: float(words[1]) for words in map(str.split, said.read_text().splitlines())}


def take_day(program, folder):
	said = write_days(program, folder, 24)
	rows = numbers(Path(folder) / "day.db", "SELECT count(*) FROM usage")[0]
	return {ROW: said["file_mb"] * 1e6 / rows, FILE: said["file_mb"], WRITTEN: said["written_mb"],
		TIER: said["tier_mb_a_day"]}


def measure_month(bench):
	"""Opens a recording of 30 days at moments of all tiers, and at its end."""
	folder = Path(bench.folder) / "month"
	folder.mkdir()
	with bench.missing(MONTH):
		said = write_days(bench.this, folder, 24, 30)
		bench.taken.add(MONTH, OURS, {FILE: said["file_mb"]})
		path = folder / "day.db"
		tasks = {}
		for ago in ("20d", "30h", "1h"):
			tasks[FROM.replace("TIME", f"-{ago}")] = Own(lambda program, ago=ago: cost(
				program.command("--from", f"{path}@-{ago}", "--by", "name,label")))
		tasks[TOP] = Own(lambda program: cost(program.command("top", "-b", "-n", "1", "--from", path)))
		bench.in_turn(tasks)
		path.unlink()


def cost(command):
	"""Its time and memory. Raises Missing if it fails, as `top` of a build that reads no recording."""
	if subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True).returncode:
		raise Missing("this build cannot do that")
	taken, _ = run(command)
	return {WALL: taken[WALL], PEAK: taken[PEAK]}


def take_churn(program, folder):
	"""Memory of the recorder over so many samples of processes that come and go."""
	path = Path(folder) / "churn.db"
	path.unlink(missing_ok=True)
	command = recorder(program, "-d", "1d", "--max-size", "64M", "--output", path)
	figures, half, done = {}, None, 0
	if os.geteuid():
		raise Missing("only root can have a pid namespace for it")
	alone = [installed("unshare"), "-pf", "--mount-proc", "--kill-child"]
	with Held(*alone, PROGRAMS / "churn", *command) as held:
		while done < CHURNED:
			time.sleep(2)
			done = numbers(path, "SELECT max(sample) FROM sample")[0]
			progress(f"\t{done} samples")
			peak, now = (int(kib) / 1024 for kib in held.words())
			half = half or (now if done >= CHURNED / 2 else None)
			figures = {PEAK: peak, HALF: half, END: now}
	return figures


def measure(bench):
	folder = Path(bench.folder)
	with Workload("sleepers") as workload:
		cat = ["/bin/sh", "-c", "exec cat /proc/*/smaps"]
		bench.in_turn({
			CAT: Other(lambda: {CPU: workload.cost(cat, fussy=False)[CPU]}),
			SAMPLE: Own(lambda program: take_sample(program, workload, folder)),
		}, rounds=min(ROUNDS, bench.rounds), warm=False)
	compile_program(Path(__file__).parents[1] / "programs/churn.c", PROGRAMS / "churn")
	bench.once({DAY: Own(lambda program: take_day(program, folder))})
	measure_month(bench)
	bench.once({CHURN: Own(lambda program: take_churn(program, folder))})


def show(taken):
	rows = [
		[name, figure.name, text(spread(sides[OURS]), 1 if figure.exact else 2), figure.unit]
		for (name, figure), sides in taken.series.items() if OURS in sides
	]
	about = (
		f"A sample is the mean of {SAMPLES - SETTLED} that are {DELAY} s apart, after {SETTLED} others, "
		"of 300 sleepers. A day has 360 processes, a sample every 10 s and 140 changed rows in each; 30 days "
		"are thinned. "
		f"Processes that churn: 20 at a time, each under a name of its own, over {CHURNED:,} samples.\n\n"
	)
	return about + table(["", "figure", "median", "unit"], rows + missing_rows(taken, 4))


def flat(taken):
	"""Memory at the end to that at half of the samples."""
	measure_name = f"the recorder's memory at the end of {CHURNED:,} samples to that at half of them"
	figure = ratio(taken.samples(CHURN, END), taken.samples(CHURN, HALF))
	return at_most(measure_name, 1.05, figure) if figure else Goal(measure_name, "at most 1.05")


def goals(taken):
	def one(name, figure):
		return spread(taken.samples(name, figure))

	def slowest(names, figure):
		series = [taken.samples(name, figure) for name in names if taken.samples(name, figure)]
		return spread(each(max, *series)) if series else None

	moments = [name for name in taken.names() if name.startswith("`--from")]
	return [
		at_most("CPU of a sample, 300 idle processes, to one `cat /proc/*/smaps`", 0.12,
			ratio(taken.samples(SAMPLE, CPU), taken.samples(CAT, CPU))),
		at_most("bytes for a changed group, all counters", 70, one(DAY, ROW), 1),
		at_most("a day at 10 s: file before thinning", 85, one(DAY, FILE), 1, " MB"),
		at_most("a day in the 10-minute tier", 10, one(DAY, TIER), 1, " MB"),
		at_most("a day: written to disk", 400, one(DAY, WRITTEN), 1, " MB"),
		at_most("30 days: `--from FILE@TIME`", 100, slowest(moments, WALL), 1, " ms"),
		at_most("30 days: `--from FILE@TIME`, peak memory", 64, slowest(moments, PEAK), 1, " MiB"),
		at_most("30 days: `top --from FILE` opened", 200, one(TOP, WALL), 1, " ms"),
		at_most(f"the recorder's peak memory over {CHURNED:,} samples of churning processes", 16,
			one(CHURN, PEAK), 1, " MiB"),
		flat(taken),
	]

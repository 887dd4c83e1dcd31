#!/usr/bin/env python3
"""Makes every call of every command fail, one after the other: sweep.py [OPTIONS] ANONMEM INJECT PROGRAM

Each command runs undisturbed first, and then once for each of its calls, which fails or comes back
short, until a run has no call left to fail. Every run must end with a status and a sentence that
are right, leave no memory and no file behind, and if it claims success say the same as the run that
was not disturbed, or what is missing.

Only a few processes are seen: all of it runs in a pid namespace of its own (as root).
"""

import argparse
import concurrent.futures
import itertools
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TREES = os.path.join(HERE, "..", "..", "fixtures", "trees")
RECORD = struct.Struct("8q256s")
SECONDS = 60
EINTR, EACCES, ENOSPC, SHORT = 4, 13, 28, 0
ALLOCATION, WRITE, OPEN, OPENAT = -1, 1, 2, 257
STREAMS = 4  # and the record


class Fault:
	"""What the preload did, by its record."""

	def __init__(self, raw):
		*numbers, path = RECORD.unpack(raw[:RECORD.size])
		self.calls, self.failures, self.number, self.error, self.ways = numbers[:5]
		self.ended, self.allocated, self.open = numbers[5:]
		self.path = path.split(b"\0")[0].decode(errors="replace")

	def __str__(self):
		what = {ALLOCATION: "an allocation", -2: "a thread"}.get(self.number, f"system call {self.number}")
		how = os.strerror(self.error) if self.error else "comes back short"
		return f"{what} {self.path}: {how}"


class Case:
	"""A command. `stable` says that its output does not change from run to run; `jobs` how many
	times as many of it may run at once, since they mostly sleep; `like` is a command that it
	must not differ from."""

	def __init__(self, name, *arguments, stable=True, stdin=None, keys=None, program="anonmem",
			statuses=(0, 1), own=True, writes=None, caller=None, jobs=1, like=None):
		self.name, self.arguments, self.stable, self.stdin = name, arguments, stable, stdin
		self.keys, self.program, self.statuses, self.own = keys, program, statuses, own
		self.writes, self.caller, self.jobs, self.like = writes, caller, jobs, like


class Run:
	"""One run of a case, in a folder of its own."""

	def __init__(self, sweep, case, call, way):
		self.folder, self.screen = tempfile.mkdtemp(dir=sweep.folder), None
		try:
			self.go(sweep, case, call, way)
		finally:
			shutil.rmtree(self.folder)

	def path(self, name):
		return os.path.join(self.folder, name)

	def go(self, sweep, case, call, way):
		with open(self.path("record"), "wb") as f:
			f.truncate(4096)
		environment = dict(sweep.environment, FAULT_PROGRAM=case.program, FAULT_CALL=str(call),
			FAULT_WAY=str(way), FAULT_RECORD=self.path("record"), LD_PRELOAD=sweep.inject)
		if case.caller:
			environment["FAULT_CALLER"] = case.caller
		os.mkdir(self.path("here"))
		command = [sweep.binaries.get(a, a) for a in case.arguments]
		with open(self.path("out"), "wb") as out, open(self.path("err"), "wb") as err, \
				open(case.stdin or os.devnull, "rb") as stdin:
			streams = {"stdin": stdin, "stdout": out, "stderr": err, "cwd": self.path("here")}
			if case.keys is None:
				self.status = wait(subprocess.Popen(command, env=environment, **streams))
			else:
				self.status, self.screen = run_on_screen(command, environment, case.keys, streams)
		with open(self.path("record"), "rb") as f:
			self.fault = Fault(f.read())
		self.out, self.err = self.read("out"), self.read("err")
		self.left = {name: self.read(os.path.join("here", name)) for name in os.listdir(self.path("here"))}

	def read(self, name):
		with open(self.path(name), encoding="utf-8", errors="replace", newline="") as f:
			return f.read()


def wait(process):
	try:
		return process.wait(SECONDS)
	except subprocess.TimeoutExpired:
		process.kill()
		process.wait()
		return None


class Screen:
	"""What a terminal was told, and whether it can be used afterwards."""

	def __init__(self):
		self.master, self.slave = pty.openpty()
		os.set_blocking(self.master, False)
		self.modes = termios.tcgetattr(self.slave)
		self.shown = b""

	def read(self):
		try:
			while part := os.read(self.master, 65536):
				self.shown += part
		except BlockingIOError:
			pass

	def end(self):
		self.read()
		self.same_modes = termios.tcgetattr(self.slave) == self.modes
		os.close(self.master)
		os.close(self.slave)

	def complaint(self, told):
		"""Unless `told`, the terminal did not take what it was told."""
		if not self.same_modes:
			return "leaves the terminal in another mode"
		if not told:
			return None
		for what, begin, end in ((b"screen", b"?1049h", b"?1049l"), (b"cursor", b"?25l", b"?25h"),
				(b"mouse", b"?1006;1000h", b"?1006;1000l")):
			if self.shown.rfind(begin) > self.shown.rfind(end):
				return f"does not give the {what.decode()} back"
		return None


def run_on_screen(command, environment, keys, streams):
	"""Keys are typed ahead; with a line's end after the last, in case that curses cannot set the mode."""
	screen = Screen()
	os.write(screen.master, keys.encode() + b"\n")
	environment = dict(environment, TERM="xterm", LINES="24", COLUMNS="80")
	streams = dict(streams, stdin=screen.slave, stdout=screen.slave, start_new_session=True)
	process = subprocess.Popen(command, env=environment, **streams)
	end = time.monotonic() + SECONDS
	while process.poll() is None and time.monotonic() < end:
		select.select([screen.master], [], [], 0.02)
		screen.read()
	status = wait(process)
	screen.end()
	return status, screen


# Judging

def sentences(text):
	return [line for line in text.split("\n") if line]


def unknown_at_most(before, after):
	"""Whether JSON differs by values that are said to be unknown."""
	if isinstance(before, dict) and isinstance(after, dict):
		return before.keys() == after.keys() and all(unknown_at_most(before[k], after[k]) for k in before)
	if isinstance(before, list) and isinstance(after, list):
		return len(before) == len(after) and all(map(unknown_at_most, before, after))
	return after is None or before == after


def missing_in_json(before, after):
	try:
		before = [json.loads(part) for part in parts(before)]
		after = [json.loads(part) for part in parts(after)]
	except json.JSONDecodeError:
		return False
	if len(before) != len(after):
		return False
	told = False  # what one report lacks, the next ones call new
	for b, a in zip(before, after):
		told |= len(a["notes"]) > len(b["notes"]) or lost(a["coverage"]) > lost(b["coverage"])
		if not told and not unknown_at_most(b, a):
			return False
	return True


def parts(text):
	"""Of several reports, each is on a line."""
	return [text] if text.startswith("{\n") else text.splitlines()


def lost(coverage):
	return coverage["seen"] - coverage["read"] - coverage["no_memory"]


def missing_in_table(before, after):
	"""A sentence more under it, fewer processes read, or unknown cells."""
	lines_before, lines_after = before.splitlines(), after.splitlines()
	coverage = [re.findall(r"^(\d+) of (\d+) process.*$", text, re.M) for text in (before, after)]
	if coverage[0] != coverage[1] and any(read != all_ for read, all_ in coverage[1]):
		return True
	if len([l for l in lines_after if re.match(r"[a-z0-9]\S* .*[a-z] [a-z]", l)]) > \
			len([l for l in lines_before if re.match(r"[a-z0-9]\S* .*[a-z] [a-z]", l)]):
		return True
	words_before, words_after = before.split(), after.split()
	return len(words_before) == len(words_after) and all(
		b == a or a in ("-", "-,") for b, a in zip(words_before, words_after))


def sums(rows):
	return [sum(int(cell or 0) for cell in column)
		for column in list(zip(*[row.split(",") for row in rows[1:]]))[2:]]


def missing_in_csv(before, after):
	rows_before, rows_after = before.splitlines(), after.splitlines()
	# What is not known makes a row of its own; nothing is lost.
	if any("" in row.split(",") for row in rows_after) and sums(rows_before) == sums(rows_after):
		return True
	return len(rows_before) == len(rows_after) and all(
		len(b.split(",")) == len(a.split(",")) and
		all(x == y or y == "" for x, y in zip(b.split(","), a.split(",")))
		for b, a in zip(rows_before, rows_after))


def without_kernel(text):
	"""Whether the kernel keeps names is not known without a page to try it on."""
	return "".join(line for line in text.splitlines(True) if not line.startswith("this kernel cannot"))


def without_kept(text):
	"""In the watch, a process that cannot be asked whether it did anything is read again."""
	return re.sub(r'"kept":\d+,', "", text).replace('"kept"', '"read"').replace(",kept,", ",read,")


def says_what_is_missing(case, before, after):
	first, second = (without_kept(without_kernel(run.out)) for run in (before, after))
	if first == second or len(sentences(after.err)) > len(sentences(before.err)):
		return True
	if "--json" in case.arguments:
		return missing_in_json(first, second)
	if "--csv" in case.arguments:
		return missing_in_csv(first, second)
	return missing_in_table(first, second)


def same(before, after):
	return (before.status, before.out, before.err) == (after.status, after.out, after.err)


def complaint(case, before, run):
	"""What is wrong with a run, or None."""
	fault = run.fault
	on_screen = fault.path.startswith("/dev/pts/")
	wrong = None
	if run.status is None:
		return "hangs"
	if run.screen:
		wrong = run.screen.complaint(told=not on_screen or fault.number != WRITE)
	if wrong:
		return wrong
	if fault.number == ALLOCATION and fault.path == "curses" and run.status != 0:
		return None  # without memory, curses crashes or exits
	if run.status < 0:
		return f"dies of {signal.Signals(-run.status).name}"
	if run.status not in case.statuses:
		return f"exits with {run.status}"
	# The C library keeps what it knows of character sets, and an environment that was changed.
	if case.own and fault.ended and fault.allocated > before.fault.allocated and \
			not re.search("/gconv|/etc/passwd", fault.path):
		return f"leaves {fault.allocated - before.fault.allocated} pieces of memory"
	if fault.ended and fault.open > (before.fault.open or STREAMS):
		return "leaves a descriptor open"
	for name, text in run.left.items():
		if name != case.writes:
			return f"leaves the file {name}"
		if not text and fault.path.endswith(name):
			continue  # it could not be written, and is empty
		try:
			json.loads(text)
		except json.JSONDecodeError:
			return f"leaves half a file {name}"
	if not case.own:
		return complaint_of_others(case, before, run)
	for line in sentences(run.err if not fault.path.endswith("/err") else ""):
		if not line.startswith("anonmem: ") or len(line) < 20:
			return f"says: {line}"
	# No handler is there that could interrupt these; and streams and directories do not try again.
	nothing = fault.error in (EINTR, SHORT) and not (fault.error == EINTR and (
		fault.number in (WRITE, OPEN, OPENAT) or on_screen or fault.path.endswith("/rules.conf")))
	# What may not be looked into beside trees is no tree.
	if fault.error == EACCES and re.search(r"trees/\d$", fault.path):
		return None
	if run.status != before.status:
		if run.status == 0 and not case.stable:
			return None
		if not run.err and not fault.path.endswith("/err"):
			return f"exits with {run.status} and says nothing"
		if nothing:
			return f"is not to fail by that, but says: {run.err}"
		return None
	if case.stable and not same(before, run):
		if nothing:
			return "says something else after what is nothing"
		if not says_what_is_missing(case, before, run):
			return f"says something else and not why: {difference(before, run)}"
	return None


def complaint_of_others(case, before, run):
	"""Of a program that anonmem runs: it is as ever, or there is a sentence."""
	if run.status == before.status and run.out == before.out:
		return None
	return None if not case.like and any(l.startswith("anonmem: ") for l in sentences(run.err)) else \
		f"the program exits with {run.status}, not {before.status}: {difference(before, run)}"


def difference(before, run):
	for b, a in itertools.zip_longest(before.out.splitlines(), run.out.splitlines()):
		if b != a:
			return f"{a!r}, not {b!r}"
	return f"{run.err!r}"


# Sweeping

class Sweep:
	def __init__(self, o, folder):
		self.folder, self.all, self.inject = folder, o.all, os.path.abspath(o.inject)
		self.binaries = {"ANONMEM": os.path.abspath(o.anonmem), "PROGRAM": os.path.abspath(o.program)}
		self.environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": "/nonexistent",
			"ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"}
		self.faults = 0
		self.complaints = []
		self.lock = threading.Lock()

	def fail(self, case, before, call):
		"""One call in one way, or in all; False if there is no such call."""
		way = 0 if self.all else call
		while True:
			run = Run(self, case, call, way)
			if run.fault.failures == 0 and run.fault.calls < call:
				return False
			with self.lock:
				self.faults += 1
			wrong = complaint(case, before, run)
			if wrong:
				self.complain(case, call, way, f"{run.fault}: {wrong}")
			way += 1
			if not self.all or way >= run.fault.ways:
				return True

	def complain(self, case, call, way, text):
		with self.lock:
			self.complaints.append(f"{case.name}, call {call}, way {way}: {text}")
			print(self.complaints[-1], flush=True)

	def sweep(self, case, jobs):
		before = Run(self, case, 0, 0)
		if before.status not in (case.statuses) or before.fault.calls == 0:
			self.complain(case, 0, 0, f"undisturbed, it exits with {before.status}: {before.err}")
			return
		if case.like:
			before = Run(self, Case(case.name, *case.like), 0, 0)
		calls = itertools.count(1)
		begun, faults = time.monotonic(), self.faults

		def work():
			while self.fail(case, before, next(calls)):
				pass

		with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
			for done in [pool.submit(work) for _ in range(jobs)]:
				done.result()
		print(f"{case.name}: {self.faults - faults} faults in {time.monotonic() - begun:.1f} s", flush=True)


def cases(folder, pids):
	tree = os.path.join(TREES, "labelled")
	small = os.path.join(TREES, "unnamed")
	smaps = os.path.join(HERE, "..", "..", "fixtures", "smaps", "several.smaps")
	rules = os.path.join(HERE, "..", "golden", "rules.conf")
	stable = "rss,anonymous,swap"
	return [
		Case("help", "ANONMEM", "--help"),
		Case("version", "ANONMEM", "--version"),
		Case("tree.table", "ANONMEM", "--root", tree, "--by", "process,label"),
		Case("tree.json", "ANONMEM", "--root", small, "--json"),
		Case("tree.csv", "ANONMEM", "--root", tree, "--csv", "--by", "user,cgroup"),
		Case("tree.rules", "ANONMEM", "--root", tree, "--by", "subsystem", "--rules", rules),
		Case("tree.name", "ANONMEM", "--root", tree, "--name", ".", "--user", "root", "--by", "name"),
		Case("tree.verify", "ANONMEM", "--root", tree, "--verify", "--strict", statuses=(0, 1, 3)),
		Case("tree.threads", "ANONMEM", "--root", tree, "-j2"),
		Case("smaps.file", "ANONMEM", "--smaps", smaps, "--by", "process"),
		Case("smaps.input", "ANONMEM", "--smaps", "-", stdin=smaps),
		Case("live", "ANONMEM", stable=False),
		Case("live.mapping", "ANONMEM", "--by", "mapping", "--pid", pids[0], "-o", stable, stable=False),
		Case("live.names", "ANONMEM", "--pid", pids[1], "--csv", "-o", stable),
		Case("live.fast", "ANONMEM", "--fast", "--pid", pids[1], "--csv", "-o", "rss,swap"),
		Case("live.stall", "ANONMEM", "--max-stall", "1us", "--pid", pids[1], "--csv", "-o", "rss"),
		Case("live.verify", "ANONMEM", "--verify", "--json", stable=False),
		Case("doctor", "ANONMEM", "doctor", stable=False),
		Case("doctor.json", "ANONMEM", "doctor", "--json", stable=False),
		Case("top.table", "ANONMEM", "top", "-b", "-n2", "-d", "0.1", stable=False),
		Case("top.json", "ANONMEM", "top", "-b", "--root", folder, "-n2", "-d", "0.1", "--json"),
		Case("top.csv", "ANONMEM", "top", "-b", "--root", folder, "-n2", "-d", "0.1", "--csv", "--by", "name"),
		Case("screen", "ANONMEM", "top", "--root", folder, keys="wa.json\n\rhxq", statuses=(0, 1, 2),
			writes="anonmem-top.jsona.json"),
		Case("run", "ANONMEM", "run", "PROGRAM", "run", own=False, statuses=(0, 1, 7, 126, 127)),
		Case("summary", "ANONMEM", "run", "--summary", "PROGRAM", "stay", own=False, statuses=(0, 1, 7, 126, 127),
			jobs=4),
		Case("library.label", "PROGRAM", "label", own=False, program="program", statuses=(7,),
			caller="libanonmem.so.0"),
		Case("library.run", "ANONMEM", "run", "PROGRAM", "run", own=False, program="program",
			statuses=(7,), caller="anonmem-preload.so", like=("PROGRAM", "run")),
		Case("library.function", "ANONMEM", "run", "--label", "function", "PROGRAM", "run", own=False,
			program="program", statuses=(7,), caller="anonmem-preload.so", like=("PROGRAM", "run")),
	]


def main():
	parser = argparse.ArgumentParser()
	parser.add_argument("--all", action="store_true", help="each call in every way it can fail in")
	parser.add_argument("--only", default="", help="cases whose name has this in it")
	parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count())
	parser.add_argument("anonmem")
	parser.add_argument("inject")
	parser.add_argument("program")
	o = parser.parse_args()
	if os.getpid() != 1:
		os.execvp("unshare", ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", sys.executable, "-B", *sys.argv])
	with tempfile.TemporaryDirectory() as folder:
		sweep = Sweep(o, folder)
		for number in "1", "2":
			shutil.copytree(os.path.join(TREES, "unnamed"), os.path.join(folder, "trees", number), symlinks=True)
		targets = [subprocess.Popen(["sleep", "1000"]), subprocess.Popen([o.anonmem, "run", "sleep", "1000"])]
		time.sleep(0.5)
		for case in cases(os.path.join(folder, "trees"), [str(t.pid) for t in targets]):
			if o.only in case.name:
				sweep.sweep(case, case.jobs * o.jobs)
		for target in targets:
			target.kill()
			target.wait()
	print(f"{sweep.faults} faults injected, {len(sweep.complaints)} did not end as they should")
	sys.exit(1 if sweep.complaints else 0)


main()

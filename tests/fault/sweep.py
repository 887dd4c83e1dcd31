#!/usr/bin/env python3
"""Makes every call of every command fail, one at a time: sweep.py [OPTIONS] ANONMEM INJECT PROGRAM

Each command runs undisturbed first, and then once for each of its calls, which fails or returns
short, until no call is left to fail. Every run must end with the right status and message, leave no
memory and no file behind, and if it claims success have the same output as the undisturbed run, or
say what is missing.

Everything runs in a pid namespace of its own (as root), so only a few processes are visible.
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
import tarfile
import tempfile
import termios
import threading
import time

import judge
import results

HERE = os.path.dirname(os.path.abspath(__file__))
TREES = os.path.join(HERE, "..", "..", "fixtures", "trees")
RECORD = struct.Struct("8q256s")
SECONDS = 180
EINTR, EACCES, ENOSPC, SHORT = 4, 13, 28, 0
ALLOCATION, WRITE, OPEN, CLOSE, MMAP, UNLINK, OPENAT = -1, 1, 2, 3, 9, 87, 257
STAYS = 1  # the way of mmap() in which all later ones fail too
STREAMS = 4  # and the record
TRIES = 3
NOT_RUN = (1, 126, 127)


class Fault:
	"""What the preloaded library did, from its record."""

	def __init__(self, raw):
		*numbers, path = RECORD.unpack(raw[:RECORD.size])
		self.calls, self.failures, self.number, self.error, self.ways = numbers[:5]
		self.ended, self.allocated, self.open = numbers[5:]
		self.path = path.split(b"\0")[0].decode(errors="replace")

	def on_screen(self):
		return self.path.startswith("/dev/pts/")

	def __str__(self):
		what = {ALLOCATION: "an allocation", -2: "a thread"}.get(self.number, f"system call {self.number}")
		how = os.strerror(self.error) if self.error else "comes back short"
		return f"{what} {self.path}: {how}"


class Case:
	"""A command. `stable`: its output is the same in every run; `jobs`: how many times as many may
	run at once, since they mostly sleep; `like`: a command that must have the same output;
	`adds_up`: its total is the sum of its rows; `follow`: calls of its child processes fail too;
	`tree`: what was put in the archive that it reads; `result`: what it leaves or serves beside
	text; `numbers`: only numbers differ in its output; `says`: what it says if something is missing
	in that."""

	def __init__(self, name, *arguments, stable=True, stdin=None, keys=None, program="anonmem",
			statuses=(0, 1), own=True, writes=None, caller=None, jobs=1, like=None,
			adds_up=False, follow=False, tree=None, result=results.Result(), numbers=False, says=None):
		self.name, self.arguments, self.stable, self.stdin = name, arguments, stable, stdin
		self.keys, self.program, self.statuses, self.own = keys, program, statuses, own
		self.writes, self.caller, self.jobs, self.like = writes, caller, jobs, like
		self.adds_up, self.references, self.follow, self.tree = adds_up, None, follow, tree
		self.result, self.numbers, self.says = result, numbers, says
		self.calls = 0  # the most that an undisturbed run had

	def form(self):
		"""The format of its output."""
		if self.writes or "--json" in self.arguments:
			return "json"
		return "csv" if "--csv" in self.arguments else "table"


class Run:
	"""One run of a case, in its own directory."""

	def __init__(self, sweep, case, call, way):
		self.folder, self.screen, self.way = tempfile.mkdtemp(dir=sweep.folder), None, way
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
		if case.program != "anonmem" and "--heaps" in case.arguments:
			environment["LD_PRELOAD"] = sweep.inject.replace("inject.so", "inject-calls.so")
		if case.caller:
			environment["FAULT_CALLER"] = case.caller
		if case.follow:
			environment["FAULT_FOLLOW"] = "1"
		os.mkdir(self.path("here"))
		argument = case.result.begin(self.path("here"))
		command = [argument if a == "ARGUMENT" else sweep.binaries.get(a, a) for a in case.arguments]
		with open(self.path("out"), "wb") as out, open(self.path("err"), "wb") as err, \
				open(case.stdin or os.devnull, "rb") as stdin:
			streams = {"stdin": stdin, "stdout": out, "stderr": err, "cwd": self.path("here")}
			if case.keys is None:
				process = subprocess.Popen(command, env=environment, **streams)
				self.served = case.result.wait(process, argument)
				self.status = wait(process)
			else:
				self.status, self.screen = run_on_screen(command, environment, case.keys, streams)
		with open(self.path("record"), "rb") as f:
			self.fault = Fault(f.read())
		self.out, self.err = self.read("out"), self.read("err")
		self.left = {name: self.read(os.path.join("here", name)) for name in os.listdir(self.path("here"))
			if not case.result.keeps(name)}
		self.result = case.result.look(self.path("here"), sweep.binaries["ANONMEM"])

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
	"""What was written to a terminal, and whether it is usable afterwards."""

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
		"""Unless `told`, the terminal did not accept the output."""
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
	"""Keys are typed ahead, followed by a newline in case curses cannot set the mode."""
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


def without_kernel(text):
	"""Without a page to test it, it is unknown whether the kernel keeps names."""
	return "".join(line for line in text.splitlines(True) if not line.startswith("this kernel keeps no names"))


def without_kept(text):
	"""In the watch, a process that cannot be asked whether it did anything is read again."""
	return re.sub(r'"kept":\d+,', "", text).replace('"kept"', '"read"').replace(",kept,", ",read,")


def without_numbers(text):
	return re.sub(r"[0-9][0-9.]*[KMGT]?", "N", text)


def shown(case, run):
	return run.left.get(case.writes, "") if case.writes else run.out


def is_right(case, before, run):
	"""Whether the output is the usual one, or right for what it says was read."""
	text = shown(case, run)
	if without_kernel(text) == without_kernel(shown(case, before)):
		return True
	if case.writes and not text:
		return True  # the screen said that it could not be written
	if case.says and re.search(case.says, run.out + run.err):
		return True
	try:
		if case.references:
			return judge.is_accounted_for(case.form(), text, run.err, case.references)
		if case.stable:
			rows = judge.rows_of(case.form(), shown(case, before))
			after = judge.rows_of(case.form(), text)
			if "names of memory that" in run.err:
				return judge.lacks_names(after, rows)
			return bool(rows) and judge.shows(after, rows)
		if case.numbers:
			return without_numbers(text) == without_numbers(shown(case, before))
		return not case.adds_up or judge.adds_up(case.form(), text)
	except (json.JSONDecodeError, KeyError, IndexError):
		return False


def complaint(case, before, run):
	"""Returns what is wrong with a run, or None."""
	wrong = complaint_of_end(case, run)
	if wrong or crashes_in_library(run):
		return wrong
	wrong = complaint_of_rest(case, before, run) or case.result.complaint(before, run)
	if wrong:
		return wrong
	if not case.own:
		return complaint_of_others(case, before, run)
	return complaint_of_words(before, run) or complaint_of_report(case, before, run)


def crashes_in_library(run):
	"""curses and libarchive crash or exit when out of memory; the terminal must be restored."""
	return run.fault.number == ALLOCATION and run.fault.path in ("curses", "libarchive") and \
		run.status != 0 and not run.err.startswith("anonmem: ")


def complaint_of_end(case, run):
	if run.status is None:
		return "hangs"
	if run.screen:
		wrong = run.screen.complaint(told=not run.fault.on_screen() or run.fault.number != WRITE)
		if wrong:
			return wrong
	if crashes_in_library(run):
		return None
	if run.status < 0:
		return f"dies of {signal.Signals(-run.status).name}"
	return None if run.status in case.statuses else f"exits with {run.status}"


def complaint_of_rest(case, before, run):
	"""Checks what is left: memory, descriptors, files."""
	fault = run.fault
	# The C library keeps character set data and a changed environment.
	allocated = before.fault.allocated + case.result.ALLOCATED
	if case.own and fault.ended and fault.allocated > allocated and \
			not re.search("/gconv|/etc/passwd|libarchive", fault.path):
		return f"leaves {fault.allocated - before.fault.allocated} pieces of memory"
	if fault.ended and fault.open > (before.fault.open or STREAMS):
		return "leaves a descriptor open"
	for name, text in run.left.items():
		if name != case.writes:
			return f"leaves the file {name}" if fault.number != UNLINK else None
		if not text and fault.path.endswith(name):
			continue  # it could not be written, and is empty
		try:
			json.loads(text)
		except json.JSONDecodeError:
			return f"leaves half a file {name}: {text[-60:]!r}"
	return None


def complaint_of_others(case, before, run):
	"""For a program that anonmem runs: it works as usual, or there is a message and it never started."""
	if run.status == before.status and (run.out == before.out or has_no_memory(case, before, run)):
		return None
	says = any(line.startswith("anonmem: ") for line in sentences(run.err))
	if says and not run.out and run.status in NOT_RUN and not case.like:
		return None
	# The program's output may be lost if its file cannot be closed.
	if says and (run.fault.number, run.status) == (CLOSE, 1) and run.fault.path.endswith("/out"):
		return None
	return f"the program exits with {run.status}, not {before.status}: {difference(before, run)}"


def has_no_memory(case, before, run):
	"""With --heaps, a program hears of it if there is no more memory from now on."""
	if "--heaps" not in case.arguments or run.fault.number != MMAP or run.way % run.fault.ways != STAYS:
		return False
	usual = set(before.out.splitlines())
	return all(line in usual or line.endswith(": 0") for line in run.out.splitlines())


# Libraries that are loaded report lack of memory themselves.
FOREIGN = ("Fatal Internal Error in libarchive: ", "Error in GnuTLS initialization: ")


# Beside why the first sample was lost.
OF_RECORDINGS = r"\d samples? could not be written|-wal still; keep it beside"


def complaint_of_words(before, run):
	said = sentences(run.err if not run.fault.path.endswith("/err") else "")
	said = [line for line in said if not line.startswith(FOREIGN)]
	for line in said:
		if not line.startswith("anonmem: ") or len(line) < 20 or re.search(r"\(null\)|: Success", line):
			return f"says: {line}"
	errors = [line for line in said if not re.search(OF_RECORDINGS, line)]
	if run.status == 1 and before.status != 1 and len(errors) > len(sentences(before.err)) + 1:
		return f"says more than one sentence: {said}"
	return None


def is_nothing(fault):
	"""No handler could interrupt these; but streams and directories do not retry."""
	if fault.error == EINTR:
		return not (fault.number in (WRITE, OPEN, OPENAT) or fault.on_screen() or
			re.search(r"/rules\.conf$|/trees/\w+/stat$|/terminfo/", fault.path))
	return fault.error == SHORT


def complaint_of_report(case, before, run):
	fault = run.fault
	# A directory that cannot be read is not taken for a tree.
	if fault.error == EACCES and re.search(r"trees/\d$", fault.path):
		return None
	if run.status not in (0, before.status):
		if case.numbers and "unknown" in run.out:
			return None  # the program ended before it was read
		if not run.err and not fault.path.endswith("/err"):
			return f"exits with {run.status} and says nothing"
		if is_nothing(fault):
			return f"is not to fail by that, but says: {run.err}"
		return None
	if case.stable and is_nothing(fault) and \
			without_kept(run.out + run.err) != without_kept(before.out + before.err):
		return "says something else after what is nothing"
	if not is_right(case, before, run):
		return f"says something else and not why: {difference(before, run)}"
	return None


def difference(before, run):
	for b, a in itertools.zip_longest(before.out.splitlines(), run.out.splitlines()):
		if b != a:
			return f"{a!r}, not {b!r}"
	return f"{run.err!r}"


# Sweeping

class Sweep:
	def __init__(self, o, folder):
		self.folder, self.all, self.every = folder, o.all, o.every
		self.inject = os.path.abspath(o.inject)
		self.binaries = {"ANONMEM": os.path.abspath(o.anonmem), "PROGRAM": os.path.abspath(o.program)}
		self.environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": "/nonexistent",
			"ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"}
		self.faults = 0
		self.complaints = []
		self.lock = threading.Lock()

	def run(self, case, call, way):
		"""If threads share the work, a run may have fewer calls than another; then retries."""
		for _ in range(TRIES):
			run = Run(self, case, call, way)
			with self.lock:
				self.faults += run.fault.failures > 0
				if run.fault.failures == 0:
					case.calls = max(case.calls, run.fault.calls)
			if run.fault.failures > 0 or call > case.calls:
				break
		return run

	def fail(self, case, before, call):
		"""Makes one call fail in one way, or in all; False if there is no such call."""
		way = 0 if self.all else call
		while True:
			run = self.run(case, call, way)
			if run.fault.failures == 0:
				return call <= case.calls
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

	def references(self, case):
		named = case.arguments[case.arguments.index("--from" if case.tree else "--root") + 1]

		def run(path):
			undisturbed = Run(self, Case(case.name, *[path if a == named else a for a in case.arguments],
				keys=case.keys, writes=case.writes), 0, 0)
			return shown(case, undisturbed)

		return judge.References(case.tree or named, run)

	def sweep(self, case, jobs):
		before = Run(self, case, 0, 0)
		if before.status not in (case.statuses) or before.fault.calls == 0:
			self.complain(case, 0, 0, f"undisturbed, it exits with {before.status}: {before.err}")
			return
		case.calls = before.fault.calls
		if case.stable and (case.tree or "--root" in case.arguments):
			case.references = self.references(case)
		if case.like:
			before = Run(self, Case(case.name, *case.like), 0, 0)
		calls = itertools.count(1, self.every)
		begun, faults = time.monotonic(), self.faults

		def work():
			while self.fail(case, before, next(calls)):
				pass

		with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
			for done in [pool.submit(work) for _ in range(jobs)]:
				done.result()
		print(f"{case.name}: {self.faults - faults} faults at {case.calls} calls in "
			f"{time.monotonic() - begun:.1f} s", flush=True)


def wait_until_asleep(pids, names):
	"""Until each has become its program, and has done all that it does."""
	for pid, name in zip(pids, names):
		end = time.monotonic() + SECONDS
		while time.monotonic() < end:
			with open(f"/proc/{pid}/stat", encoding="latin-1") as f:
				if f"({name}) S " in f.read():
					break
			time.sleep(0.01)
		else:
			raise AssertionError(f"{name} does not start")


def pack(tree, path, mode):
	with tarfile.open(path, mode) as t:
		t.add(tree, os.path.basename(tree))


class Made:
	"""What the cases read, made by undisturbed commands. One recording grows still."""

	def __init__(self, folder, anonmem, pids):
		self.growing = os.path.join(folder, "growing.db")
		self.recorder = subprocess.Popen(
			[anonmem, "record", "--output", self.growing, "-d", "1d", "--pid", pids[1]])
		self.tar, self.gzip = os.path.join(folder, "tree.tar"), os.path.join(folder, "tree.tar.gz")
		pack(os.path.join(TREES, "labelled"), self.tar, "w")
		pack(os.path.join(TREES, "unnamed"), self.gzip, "w:gz")
		self.captures = [os.path.join(folder, name) for name in ("one.tar.zst", "two.tar.zst")]
		for path in self.captures:
			subprocess.run([anonmem, "capture", "-q", "--output", path, "--pid", ",".join(pids)], check=True)


def written(pids, older):
	"""What writes files."""
	secrets = ("fault: page", "fault/program")

	def capture(kind, name, *more, **about):
		return Case(f"capture.{kind}", "ANONMEM", "capture", "--output", name, *more, "--pid", pids[1],
			stable=False, follow=True, result=results.Capture(name, **about))

	def record(kind, *more, **about):
		return Case(f"record.{kind}", "ANONMEM", "record", "--output", "r.db", "--for", "250ms",
			"-d", "100ms", *more, "--pid", pids[1], stable=False, jobs=2, result=results.Recording("r.db", **about))

	return [
		capture("tar", "c.tar"),
		capture("gzip", "c.tar.gz"),
		capture("zstd", "c.tar.zst"),
		capture("redacted", "c.tar", "--redact", secrets=secrets),
		record("new"),
		record("more", "--thin", "none", older=older),
		record("redacted", "--redact", "--max-size", "1M"),
	]


def read_back(made, recorded):
	"""What reads files, and what watches a program."""
	one, two = made.captures
	enough, little = ("--max", "rss=1G"), ("--max", "rss=1k")
	return [
		Case("output", "ANONMEM", "--output", "a.json", "--root", os.path.join(TREES, "unnamed"), "--json",
			writes="a.json", follow=True),
		Case("from.tar", "ANONMEM", "--from", made.tar, "--by", "process,label",
			tree=os.path.join(TREES, "labelled")),
		Case("from.gzip", "ANONMEM", "--from", made.gzip, "--csv", "--by", "user,cgroup",
			tree=os.path.join(TREES, "unnamed")),
		Case("from.capture", "ANONMEM", "--from", one, "--csv"),
		Case("from.recording", "ANONMEM", "--from", recorded),
		Case("from.growing", "ANONMEM", "--from", made.growing, "--csv"),
		Case("from.page", "ANONMEM", "--from", recorded, "--format", "html"),
		Case("recorded.top", "ANONMEM", "top", "--batch", "-n2", "-d", "0.01", "--from", recorded + "@first",
			"--csv"),
		Case("diff.captures", "ANONMEM", "diff", made.tar, one, says=r"could not be read"),
		Case("diff.moments", "ANONMEM", "diff", recorded + "@first", recorded + "@last"),
		Case("check.sources", "ANONMEM", "check", *enough, "--growth", "50%", "--from", one, "--baseline", two,
			says="names of memory that"),
		Case("check.over", "ANONMEM", "check", *little, "--json", "--from", one, statuses=(1, 4),
			says="names of memory that"),
		Case("check.names", "ANONMEM", "check", *little, "--label", "anon:fault*", "--from", one, statuses=(1, 4)),
		Case("check.command", "ANONMEM", "check", *enough, "--repeat", "2", "--", "sleep", "0.1", stable=False,
			jobs=2, follow=True, numbers=True),
		Case("serve", "ANONMEM", "serve", "--listen", "ARGUMENT", "-d", "100ms", "--root",
			os.path.join(TREES, "unnamed"), stable=False, jobs=4, result=results.Service()),
		Case("machine.archive", "ANONMEM", "machine", "--from", made.gzip, stable=False),
	]


def cases(folder, pids, made):
	tree = os.path.join(TREES, "labelled")
	small = os.path.join(TREES, "unnamed")
	smaps = os.path.join(HERE, "..", "..", "fixtures", "smaps", "several.smaps")
	rules = os.path.join(HERE, "..", "golden", "rules.conf")
	stable = "rss,anonymous,swap"
	recorded = os.path.join(HERE, "..", "..", "fixtures", "recordings", "version-2.db")
	older = os.path.join(HERE, "..", "..", "fixtures", "recordings", "version-1.db")
	return [
		*written(pids, older),
		*read_back(made, recorded),
		Case("help", "ANONMEM", "--help"),
		Case("version", "ANONMEM", "--version"),
		Case("tree.table", "ANONMEM", "--root", tree, "--by", "process,label"),
		Case("tree.json", "ANONMEM", "--root", small, "--json"),
		Case("tree.csv", "ANONMEM", "--root", tree, "--csv", "--by", "user,cgroup"),
		Case("tree.rules", "ANONMEM", "--root", tree, "--by", "subsystem", "--rules", rules),
		Case("tree.name", "ANONMEM", "--root", tree, "--name", ".", "--user", "root", "--by", "name"),
		Case("tree.children", "ANONMEM", "--root", os.path.join(TREES, "shared"), "--pid", "27264", "--name", ".",
			"--children", "--csv", "-o", "rss"),
		Case("tree.verify", "ANONMEM", "--root", tree, "--verify", "--strict", statuses=(0, 1, 3)),
		Case("tree.threads", "ANONMEM", "--root", tree, "-j2"),
		Case("smaps.file", "ANONMEM", "--smaps", smaps, "--by", "process"),
		Case("smaps.input", "ANONMEM", "--smaps", "-", stdin=smaps),
		Case("live", "ANONMEM", "--all", "--units", "b", stable=False, adds_up=True),
		Case("live.mapping", "ANONMEM", "--by", "mapping", "--pid", pids[0], "-o", stable, stable=False),
		Case("live.names", "ANONMEM", "--pid", pids[1], "--csv", "-o", stable),
		Case("live.fast", "ANONMEM", "--fast", "--pid", pids[1], "--csv", "-o", "rss,swap"),
		Case("live.stall", "ANONMEM", "--max-stall", "1us", "--pid", pids[1], "--csv", "-o", "rss"),
		Case("live.verify", "ANONMEM", "--verify", "--json", stable=False, adds_up=True),
		Case("live.exclusive", "ANONMEM", "--by", "process", "-o", "rss,exclusive", "--csv", stable=False),
		Case("live.heaps", "ANONMEM", "--by", "process", "-o", "rss,heap_used,heap_free", "--csv", stable=False),
		Case("live.segment", "ANONMEM", "--by", "segment", "--json", stable=False),
		Case("machine", "ANONMEM", "machine", stable=False),
		Case("machine.tree", "ANONMEM", "machine", "--root", os.path.join(TREES, "account"), "--json",
			stable=False),
		Case("doctor", "ANONMEM", "doctor", stable=False),
		Case("doctor.json", "ANONMEM", "doctor", "--json", stable=False, adds_up=True),
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
		Case("heaps.run", "ANONMEM", "run", "--heaps", "PROGRAM", "run", own=False, program="program",
			statuses=(7,), caller="anonmem-heaps.so", like=("PROGRAM", "run")),
		Case("heaps.malloc", "ANONMEM", "run", "--heaps", "PROGRAM", "malloc", own=False, program="program",
			statuses=(7,), caller="anonmem-heaps.so", like=("PROGRAM", "malloc")),
		Case("heaps.function", "ANONMEM", "run", "--heaps", "--label", "function", "PROGRAM", "malloc", own=False,
			program="program", statuses=(7,), caller="anonmem-heaps.so", like=("PROGRAM", "malloc")),
	]


def main():
	parser = argparse.ArgumentParser()
	parser.add_argument("--all", action="store_true", help="each call in every way it can fail in")
	parser.add_argument("--every", type=int, default=1, metavar="N", help="only each Nth call")
	parser.add_argument("--only", default="", help="this case, or those whose name begins so")
	parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count())
	parser.add_argument("anonmem")
	parser.add_argument("inject")
	parser.add_argument("program")
	o = parser.parse_args()
	if os.getpid() != 1:
		os.execvp("unshare", ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child",
			sys.executable, "-B", *sys.argv])
	with tempfile.TemporaryDirectory() as folder:
		sweep = Sweep(o, folder)
		for number in "1", "2":
			shutil.copytree(os.path.join(TREES, "unnamed"), os.path.join(folder, "trees", number), symlinks=True)
		names = [o.anonmem, "run", o.program, "names"]
		targets = [subprocess.Popen(command) for command in (["sleep", "1000"], names)]
		pids = [str(t.pid) for t in targets]
		wait_until_asleep(pids, ("sleep", os.path.basename(o.program)))
		made = Made(folder, o.anonmem, pids)
		targets.append(made.recorder)
		for case in cases(os.path.join(folder, "trees"), pids, made):
			if (case.name + ".").startswith(o.only and o.only + "."):
				sweep.sweep(case, case.jobs * o.jobs)
		for target in targets:
			target.kill()
			target.wait()
	print(f"{sweep.faults} faults injected, {len(sweep.complaints)} did not end as they should")
	sys.exit(1 if sweep.complaints else 0)


main()

#!/usr/bin/env python3
"""anonmem among processes that come, go, change and break: chaos.py [--full] ANONMEM ACTOR [CLASS...]

All of it happens in a pid and a mount namespace of its own, and all files lie on a file system that
is mounted only there: so nothing stays behind, however this ends. ACTOR is built from chaos.c, and
stands beside ACTOR-dynamic, the same for what wants to preload a library. --full is for an hour of
a machine that nobody else needs; no verdict depends on how fast the machine is, in neither size.
"""

import collections
import contextlib
import fcntl
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
import termios
import time
import unittest

KIB, MIB = 1024, 1024 * 1024
PAGE = os.sysconf("SC_PAGESIZE")
WORK = "/mnt"  # a file system of ours is mounted there
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
ENVIRONMENT = {k: v for k, v in os.environ.items() if k not in ("LANGUAGE", "COLUMNS", "NO_COLOR")}
ENVIRONMENT.update(LC_ALL="C.UTF-8", HOME="/nonexistent", XDG_CONFIG_HOME="/nonexistent", TERM="xterm")
# Under AddressSanitizer what was freed stays for a while; not here, where memory is measured.
ENVIRONMENT["ASAN_OPTIONS"] = ":".join(
	filter(None, [os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=1"]))
ANONMEM = ACTOR = ""
COUNTS = collections.Counter()


class Size:
	"""How much of it; --full takes the second."""
	full = False
	storm = property(lambda s: 5000 if s.full else 120)
	still = property(lambda s: 50 if s.full else 10)
	readings = property(lambda s: 300 if s.full else 10)
	changing = property(lambda s: 3000 if s.full else 40)  # readings of one process
	sleepers = property(lambda s: 10000 if s.full else 1000)
	mappings = property(lambda s: 200000 if s.full else 60000)
	refreshes = property(lambda s: 150 if s.full else 40)


SIZE = Size()


class Actor:
	"""A process of chaos.c; `words` is what it and its children said: {word: [number...]}."""

	def __init__(self, command, count=1, expect=None, said=1, prefix=(), program=None):
		program = program or ACTOR
		self.process = subprocess.Popen([*prefix, program, command, str(count)], cwd=WORK,
			stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
		self.words = collections.defaultdict(list)
		for _ in range(said if expect else 0):
			self.hear()
		if expect and expect not in self.words:
			self.__exit__()
			raise AssertionError(f"{command}: it did not say {expect}")
		self.pids = self.words[expect] if expect else []
		self.pid = self.pids[0] if self.pids else None

	def hear(self):
		words = self.process.stdout.readline().split()
		if words:
			self.words[words[0]].append(int(words[1]))
		return words

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.process.stdin.close()
		self.process.wait(120)
		self.process.stdout.close()


def run(*arguments, prefix=(), timeout=300, program=None, **more):
	"""A hang is a failure."""
	done = subprocess.run([*prefix, program or ANONMEM, *map(str, arguments)], capture_output=True,
		check=False, env=ENVIRONMENT, timeout=timeout, **more)
	COUNTS["readings"] += 1
	return done


def field(pid, name, file="status"):
	with open(f"/proc/{pid}/{file}", encoding="latin-1") as f:
		return dict(line.split(":", 1) for line in f if ":" in line)[name].split()[0]


def state(pid):
	return field(pid, "State")


def wait_for_state(pid, wanted):
	for _ in range(3000):
		if state(pid) == wanted:
			return
		time.sleep(0.01)
	raise AssertionError(f"process {pid} is in state {state(pid)}, not {wanted}")


def rollup(pid):
	with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
		return {k: int(v.split()[0]) * KIB for k, v in (line.split(":") for line in f.readlines()[1:])}


class Chaos(unittest.TestCase):
	def parse(self, done, status=0):
		self.assertEqual(done.returncode, status, done.stderr.decode(errors="replace")[-3000:])
		report = json.loads(done.stdout)
		coverage = report["coverage"]
		self.assertEqual(coverage["seen"], sum(coverage.values()) - coverage["seen"])
		self.assertEqual(coverage["malformed"], 0)
		COUNTS["processes"] += coverage["read"]
		for outcome in ("vanished", "truncated", "denied", "no_memory"):
			COUNTS[outcome] += coverage[outcome]
		return report

	def report(self, *arguments, status=0, **more):
		return self.parse(run(*arguments, "--json", **more), status)

	# What of the memory of an actor tells whose it is, and by which names a process may be called
	# that has it.
	OWNERS = {"storm": r"storm-\d+|eye", "again": "again", "still": "still|chaos", "one": "one",
		"two": "two", "parent": "parent|chaos", "kid": "kid", "odd": "odd|chaos", "even": "even|chaos"}
	# Of these the memory is there before the name is.
	WHOLE = {"storm-": ("storm", 64 * KIB), "still": ("still", 256 * KIB), "parent": ("parent", MIB),
		"odd": ("odd", 256 * KIB), "even": ("even", 512 * KIB)}

	def check_processes(self, report):
		"""A report by process and label: no process is there twice, none has memory of another."""
		start, name, marks = {}, {}, collections.defaultdict(dict)
		for g in report["groups"]:
			pid, label = g["pid"], g["label"]
			self.assertEqual(start.setdefault(pid, g["start_time"]), g["start_time"], g)
			self.assertEqual(name.setdefault(pid, g["name"]), g["name"])
			self.assertNotIn(label, marks[pid])
			marks[pid][label] = g["rss"]
		self.assertEqual(len(name), report["totals"]["processes"])
		for pid, labels in marks.items():
			self.assertIsNotNone(name[pid], labels)
			self.assertIsNotNone(start[pid])
			for mark, owner in self.OWNERS.items():
				if f"[memfd:{mark}]" in labels:
					self.assertRegex(name[pid], f"^({owner})$", f"memory of {mark}")
			for begin, (mark, size) in self.WHOLE.items():
				if re.match(begin + r"(\d|$)", name[pid]):
					self.assertEqual(labels.get(f"[memfd:{mark}]"), size, (name[pid], labels))

	def on_screen(self, keys):
		"""What the watch shows while these are pressed."""
		ours, theirs = pty.openpty()
		fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
		with open(ours, "r+b", buffering=0) as screen:
			top = subprocess.Popen([ANONMEM, "top", "-d", "0.1"], stdin=theirs, stdout=theirs,
				stderr=theirs, env=ENVIRONMENT, start_new_session=True)
			os.close(theirs)
			seen = self.press(screen, keys, top)
			self.assertEqual(top.wait(60), 0)
		return seen

	def press(self, screen, keys, top):
		"""A key, or a signal, now and then; whatever it shows is taken, to the last."""
		seen, last = b"", time.monotonic()
		end = last + 240
		while top.poll() is None and time.monotonic() < end:
			if select.select([screen], [], [], 0.1)[0]:
				with contextlib.suppress(OSError):
					seen += screen.read(65536) or b""
			if keys and b"quit" in seen and time.monotonic() > last + 0.3:
				key = keys.pop(0)
				if isinstance(key, bytes):
					screen.write(key)
				else:
					os.kill(top.pid, key)
				last = time.monotonic()
			elif not keys and time.monotonic() > last + 5:
				screen.write(b"\x1bq")
				last = time.monotonic()
		with contextlib.suppress(OSError):  # which ends what is left when nobody has it open
			while top.poll() is not None:
				seen += screen.read(65536)
		return seen

	def check_still(self, pids):
		"""--verify, and the same by hand for what nobody else can change."""
		text = ",".join(map(str, pids))
		before = [rollup(pid) for pid in pids]
		report = self.report("--pid", text, "--by", "process", "--verify")
		after = [rollup(pid) for pid in pids]
		found = {g["pid"]: g for g in report["groups"]}
		self.assertEqual(set(found), set(pids))
		names = {"rss": "Rss", "anonymous": "Anonymous", "private_dirty": "Private_Dirty",
			"private_clean": "Private_Clean", "swap": "Swap", "pss": "Pss"}
		for pid, b, a in zip(pids, before, after):
			COUNTS["compared"] += 1
			for ours, theirs in names.items():
				slack = found[pid]["mappings"] * KIB if ours == "pss" else 1
				low, high = sorted((b[theirs], a[theirs]))
				self.assertTrue(low - slack < found[pid][ours] <= high,
					f"{ours} of {pid}: {found[pid][ours]}, {low} to {high}")


class Storm(Chaos):
	"""Processes that fork, run programs and end, beside some that stand still."""

	def test_storm(self):
		copy = shutil.copy(ACTOR, os.path.join(WORK, "still"))  # whose pages nobody else has
		with Actor("still", SIZE.still, "still", SIZE.still, program=copy) as still, \
				Actor("storm", SIZE.storm), Actor("vfork", 2, "parent", 2), \
				Actor("exec", 2, "exec", 2):
			ways = ([], ["--fast"], ["--jobs", 4], ["--max-stall", "1ms"], ["--fast", "-o", "rss"])
			for i in range(SIZE.readings):
				report = self.report("--by", "process,label", *ways[i % len(ways)])
				self.check_processes(report)
				self.assertLessEqual(set(still.pids), {g["pid"] for g in report["groups"]})
				self.check_still(still.pids)
				if i % 10 == 5:
					found = json.loads(run("doctor", "--json").stdout)["coverage"]
					self.assertEqual(found["seen"], sum(found.values()) - found["seen"])


class Programs(Chaos):
	"""Processes that run other programs while they are read."""

	def read_each(self, pids):
		for i in range(SIZE.changing):
			done = run("--pid", pids[i % len(pids)], "--by", "process,label", "--json",
				*(["--fast", "-o", "rss"] if i % 3 == 2 else ["--fast"] if i % 3 else []))
			self.assertNotIn(b"no such process", done.stderr)
			report = self.parse(done, done.returncode)
			self.assertEqual(done.returncode, report["coverage"]["truncated"], done.stderr)
			self.check_processes(report)
			coverage = report["coverage"]
			self.assertEqual(coverage["no_memory"], 0, "it always has memory")
			self.assertEqual(coverage["seen"], coverage["read"] + coverage["truncated"])

	def test_exec(self):
		with Actor("exec", 4, "exec", 4) as actor:
			self.read_each(actor.pids)

	def test_borrowed_memory(self):
		"""Until it runs a program, a child of vfork() has its parent's memory."""
		with Actor("vfork", 8, "parent", 8):
			for i in range(SIZE.changing * 2):
				self.check_processes(self.report("--name", "^(kid|parent)$", "--by", "process,label",
					*(["--fast", "-o", "rss"] if i % 2 else [])))


class Reuse(Chaos):
	def test_pid(self):
		"""One pid that is of one process after the other."""
		with Actor("reuse", 1, "pid") as actor:
			names = collections.Counter()
			for i in range(SIZE.changing * 3):
				done = run("--pid", actor.pid, "--by", "process,label", "--json",
					*(["--fast"] if i % 2 else []))
				report = self.parse(done, 1 if b"there is no such" in done.stderr else done.returncode)
				self.check_processes(report)
				names.update({g["name"] for g in report["groups"]})
			self.assertTrue(names["odd"] and names["even"], names)
			self.assertIsNone(actor.process.poll())

	def test_watched(self):
		"""Under the watch each is a process of its own, as far as the clock can tell them apart."""
		with Actor("reuse", 1, "pid"):
			done = run("top", "-b", "-n", SIZE.refreshes, "-d", "0.01", "--by", "process,label", "--json",
				"--name", "^(odd|even)$")
			self.assertEqual(done.returncode, 0, done.stderr)
			for line in done.stdout.splitlines():
				there = [g for g in json.loads(line)["groups"] if g["state"] != "gone"]
				for g in there:
					for mark in ("odd", "even"):
						if g["label"] == f"[memfd:{mark}]":
							self.assertEqual(g["name"], mark)


class Remap(Chaos):
	def test_without_pause(self):
		"""What stays is the same in every reading, whatever goes on beside it."""
		with Actor("remap", 1, "remap") as actor:
			begun = time.monotonic()
			for i in range(SIZE.changing):
				report = self.report("--pid", actor.pid, "--by", "label", *(["--fast"] if i % 2 else []))
				self.assertEqual(report["coverage"]["read"], 1)
				constant = [g for g in report["groups"] if g["label"] == "[memfd:constant]"]
				self.assertEqual([(g["rss"], g["size"], g["mappings"]) for g in constant],
					[(2 * MIB, 2 * MIB, 1)])
			os.kill(actor.pid, signal.SIGTERM)
			rounds = int(actor.hear()[1])
			COUNTS["remappings"] += 4 * rounds
			COUNTS["remappings a second"] = int(4 * rounds / (time.monotonic() - begun))


class Names(Chaos):
	"""Threads that name and unmap without pause. A name says for which place it was given."""

	THREADS, PLACES, PLACE = 32, 40, 64 * KIB

	def check_names(self, actor):
		report = self.report("--pid", actor.pid, "--by", "label,mapping")
		self.assertEqual(report["coverage"]["read"], 1)
		self.assertNotIn("could not be read", " ".join(report["notes"]))
		first, constant = actor.words["places"][0], 0
		for g in report["groups"]:
			start, end = int(g["start"], 16), int(g["end"], 16)
			named = re.fullmatch(r"\[anon:chaos: (\d+) (\d+) \d\]", g["label"])
			if named:
				number = int(named[1]) * self.PLACES + int(named[2])
				at = first + number * self.PLACE
				self.assertTrue(at <= start < end <= at + self.PLACE, g)
			elif g["label"] == "[anon:chaos: constant]":
				constant += g["rss"]
			else:
				self.assertNotIn("chaos:", g["label"])
			COUNTS["names"] += bool(named)
		self.assertEqual(constant, MIB)

	def check_all(self, actor):
		for _ in range(SIZE.changing // 6):
			self.check_names(actor)
			constant = self.report("--pid", actor.pid, "--fast", "--label", "*constant*")
			self.assertEqual(constant["totals"]["rss"], MIB)

	def test_never_to_an_end(self):
		"""Nobody can keep a reader for as long as he likes."""
		with Actor("tease", 1, "tease") as actor:
			with subprocess.Popen([ANONMEM, "--pid", str(actor.pid)], stdout=subprocess.DEVNULL,
					env=ENVIRONMENT) as anonmem:
				os.waitid(os.P_PID, anonmem.pid, os.WEXITED | os.WNOWAIT)
				looks = int(field(anonmem.pid, "syscr", "io"))
			self.assertEqual(anonmem.returncode, 0)
			self.assertLess(looks, 150000, "reads from its memory")

	def test_gone_when_it_is_read(self):
		"""Nor can he by taking away what is about to be read."""
		with Actor("trap", 1, "trap") as actor:
			for _ in range(SIZE.changing):
				self.assertEqual(self.report("--pid", actor.pid)["coverage"]["read"], 1)

	def test_library(self):
		with Actor("names", self.THREADS, "names", 2) as actor:
			self.check_all(actor)

	def test_run(self):
		with Actor("names", self.THREADS, "names", 2, prefix=[ANONMEM, "run", "--"],
				program=ACTOR + "-dynamic") as actor:
			self.check_all(actor)


class States(Chaos):
	"""Processes that do not run, each for a reason of its own, are read like others."""

	def check(self, pid, name, wanted):
		wait_for_state(pid, wanted)
		for more in ([], ["--fast"], ["--max-stall", "1ms"]):
			report = self.report("--pid", pid, "--by", "process,label", *more, timeout=60)
			self.assertEqual(report["coverage"]["read"], 1, (name, report["coverage"]))
			found = [g for g in report["groups"] if g["label"] == f"[memfd:{name}]"]
			self.assertEqual([(g["rss"], g["name"]) for g in found],
				[(MIB if name != "still" else 256 * KIB, name)])
		self.assertEqual(state(pid), wanted)

	def test_uninterruptible(self):
		with Actor("states", 1, "vfork", 3) as actor:
			self.check(actor.words["vfork"][0], "vfork", "D")

	def test_waiting_for_a_page(self):
		with Actor("states", 1, "page", 3) as actor:
			self.check(actor.words["page"][0], "page", "S")

	def test_main_thread_ended(self):
		with Actor("states", 1, "leaderless", 3) as actor:
			pid = actor.words["leaderless"][0]
			self.check(pid, "leaderless", "Z")
			self.assertIn("[memfd:leaderless]", {g["label"] for g in self.report()["groups"]})
			done = run("top", "-b", "-n", 3, "-d", "0.1", "--by", "process,label", "--json")
			for line in done.stdout.splitlines():
				found = [g["rss"] for g in json.loads(line)["groups"] if g["pid"] == pid
					and g["label"] == "[memfd:leaderless]"]
				self.assertEqual(found, [MIB])

	def test_stopped(self):
		with Actor("still", 1, "still") as actor:
			os.kill(actor.pid, signal.SIGSTOP)
			self.check(actor.pid, "still", "T")
			os.kill(actor.pid, signal.SIGCONT)

	def test_frozen(self):
		mount = os.path.join(WORK, "cgroup")
		os.mkdir(mount)
		subprocess.run(["mount", "-t", "cgroup2", "cgroup2", mount], check=True)
		self.addCleanup(subprocess.run, ["umount", mount], check=True)
		group = os.path.join(mount, "anonmem-chaos")
		with contextlib.suppress(FileExistsError):
			os.mkdir(group)
		self.addCleanup(self.remove, group)
		with Actor("still", 1, "still") as actor:
			self.write(group, "cgroup.procs", actor.pid)
			self.write(group, "cgroup.freeze", 1)
			for _ in range(3000):
				with open(os.path.join(group, "cgroup.events"), encoding="ascii") as f:
					if "frozen 1" in f.read():
						break
				time.sleep(0.01)
			self.check(actor.pid, "still", "S")

	def write(self, group, name, what):
		with open(os.path.join(group, name), "w", encoding="ascii") as f:
			f.write(f"{what}\n")

	def remove(self, group):
		for _ in range(500):
			with contextlib.suppress(OSError):
				os.rmdir(group)
				return
			time.sleep(0.01)


@unittest.skipUnless(os.path.exists("/dev/fuse"), "it takes a file system in user space")
class Stuck(Chaos):
	"""Processes that hold up whoever wants to know what memory they have."""

	def setUp(self):
		# Who looks for leaks waits for all threads.
		before = dict(ENVIRONMENT)
		ENVIRONMENT["ASAN_OPTIONS"] += ":detect_leaks=0"
		self.addCleanup(ENVIRONMENT.update, before)
		self.actor = Actor("stuck", 2, "stuck", 2)
		self.addCleanup(self.actor.__exit__)
		for pid in self.actor.pids:
			wait_for_state(self.waiting(pid), "D")

	@staticmethod
	def waiting(pid):
		"""The thread that waits to change the memory; it began before the one that holds the lock."""
		while len(tasks := sorted(map(int, os.listdir(f"/proc/{pid}/task")))) < 3:
			time.sleep(0.01)
		return tasks[1]

	@staticmethod
	def server():
		"""Other tools would hang as well."""
		for pid in filter(str.isdigit, os.listdir("/proc")):
			with contextlib.suppress(OSError), open(f"/proc/{pid}/comm", encoding="latin-1") as f:
				if f.read() == "stuckfs\n":
					return int(pid)
		raise AssertionError("there is no stuckfs")

	def test_named(self):
		for more in ([], ["--fast"]):
			done = run("--pid", self.actor.pids[0], "--json", *more)
			report = self.parse(done, 1)
			self.assertEqual(report["coverage"]["truncated"], 1)
			self.assertRegex(done.stderr, b"^anonmem: process %d: .* held its lock" % self.actor.pids[0])
			self.assertEqual(len(done.stderr.splitlines()), 1)
			self.assertIsNone(report["totals"]["rss"])

	def test_among_others(self):
		with Actor("still", 3, "still", 3) as still:
			for more in ([], ["--jobs", 2, "--verify"]):
				report = self.report("--by", "process", *more)
				self.assertEqual(report["coverage"]["truncated"], 2)
				self.assertLessEqual(set(still.pids), {g["pid"] for g in report["groups"]})
				self.assertFalse(set(self.actor.pids) & {g["pid"] for g in report["groups"]})
				self.assertRegex(" ".join(report["notes"]), "2 processes are left out, .*/proc/")

	def test_not_wanted(self):
		report = self.report("--name", "^still$", "--by", "process")
		self.assertEqual(report["coverage"]["truncated"], 0)

	def test_doctor(self):
		self.assertEqual(json.loads(run("doctor", "--json").stdout)["coverage"]["truncated"], 2)

	def test_stopped(self):
		"""Not all of it would stop, and a shell would wait for the rest."""
		seen = self.on_screen([signal.SIGTSTP, b" ", b"q"])
		self.assertIn(b"it cannot be stopped now", seen)

	def test_watched(self):
		"""It goes on, and they are back when what they wait for has ended."""
		with subprocess.Popen([ANONMEM, "top", "-b", "-d", "0.1", "--json", "--by", "process",
				"--name", "^(stuck|still)$"], stdout=subprocess.PIPE, env=ENVIRONMENT) as top:
			for line in top.stdout:
				report = json.loads(line)
				truncated = report["coverage"]["truncated"]
				there = {g["pid"] for g in report["groups"]} & set(self.actor.pids)
				if report["refresh"] < 3:
					self.assertEqual((truncated, len(there)), (2, 0))
					self.assertIn("2 processes are left out", " ".join(report["notes"]))
				if report["refresh"] == 3:
					os.kill(self.server(), signal.SIGKILL)
				if len(there) == 2:
					break
			top.terminate()


class Many(Chaos):
	def test_processes(self):
		with Actor("sleepers", SIZE.sleepers, "still", SIZE.sleepers) as actor:
			for more in ([], ["--fast"]):
				report = self.report("--name", "^still$", "--by", "process", *more)
				self.assertEqual({g["pid"] for g in report["groups"]}, set(actor.pids))
				self.assertEqual(report["coverage"]["read"], SIZE.sleepers)
			report = self.report("--name", "^still$", "--verify", "--by", "kind")
			self.assertIn(f"{SIZE.sleepers} of {SIZE.sleepers} processes agree with smaps_rollup",
				" ".join(report["checks"]))
			COUNTS["compared"] += SIZE.sleepers
			done = run("top", "-b", "-n", 3, "-d", "0.1", "--json")
			self.assertEqual(done.returncode, 0)
			done = run("doctor")
			self.assertEqual(done.returncode, 0)

	@staticmethod
	@contextlib.contextmanager
	def room_for(mappings):
		"""The system's limit for one process; raised, if it must be, only while it is needed."""
		path = "/proc/sys/vm/max_map_count"
		with open(path, encoding="ascii") as f:
			limit = int(f.read())
		if limit > mappings + 100:
			yield
			return
		subprocess.run(["sysctl", "-q", f"vm.max_map_count={mappings + 1000}"], check=True)
		try:
			yield
		finally:
			subprocess.run(["sysctl", "-q", f"vm.max_map_count={limit}"], check=True)

	def test_mappings(self):
		count = SIZE.mappings
		with self.room_for(count), Actor("mappings", count, "mappings") as actor:
			for more in ([], ["--verify"], ["--fast"], ["--max-stall", "1ms"]):
				report = self.report("--pid", actor.pid, "--no-infer", "--label", "[[]anon]", *more)
				group = report["groups"][0]
				self.assertGreaterEqual(group["mappings"], count)
				self.assertLess(group["mappings"], count + 10)
				self.assertGreaterEqual(group["rss"], count // 4 * PAGE)
				self.assertLess(group["rss"], (count // 4 + 16) * PAGE)
			report = self.report("--pid", actor.pid, "--by", "mapping")
			self.assertGreaterEqual(len(report["groups"]), count)


class Scarce(Chaos):
	"""With next to nothing to work with: the whole truth, or a sentence and no success."""

	def check(self, done, expected, what):
		text = done.stderr.decode(errors="replace")
		if done.returncode == 0:
			self.assertEqual(self.parse(done)["groups"], expected, what)
			return True
		self.assertGreater(done.returncode, 0, f"{what}: {text}")
		self.assertEqual(text.count("\n"), 1, f"{what}: {text}")
		self.assertTrue(text.startswith("anonmem: "), f"{what}: {text}")
		return False

	def sweep(self, limit, values, *arguments):
		"""With enough it works. How much that is depends on how many threads there are at a time."""
		with Actor("still", 3, "still", 3) as actor:
			command = ["--pid", ",".join(map(str, actor.pids)), "--by", "process,label", "--label",
				"*memfd*", *arguments]
			expected = self.report(*command)["groups"]
			works = []
			for value in values:
				prefix = ["prlimit", f"--{limit}={value}"]
				if run("--version", prefix=prefix).returncode != 0:
					continue  # not even the loader has enough
				works.append(self.check(run(*command, "--json", prefix=prefix), expected, value))
			self.assertTrue(works[-1], works)


class Limits(Scarce):
	def test_files(self):
		for more in ([], ["--fast"], ["--jobs", "3"], ["--verify"]):
			self.sweep("nofile", range(3, 24), *more)

	def test_files_of_the_watch(self):
		with Actor("still", 40, "still", 40):
			for files in range(3, 40):
				prefix = ["prlimit", f"--nofile={files}"]
				if run("--version", prefix=prefix).returncode != 0:
					continue
				done = run("top", "-b", "-n", 3, "-d", "0", "--by", "process,label", "--name", "^still$",
					"--label", "*memfd*", "--json", prefix=prefix)
				if done.returncode != 0:
					self.check(done, None, files)
					continue
				for line in done.stdout.splitlines():
					groups = json.loads(line)["groups"]
					self.assertEqual([g["rss"] for g in groups], 40 * [256 * KIB], files)

	def test_processes(self):
		program = shutil.copy(ANONMEM, os.path.join(WORK, "anonmem"))
		# Who looks for leaks when all is done wants a process for that.
		prefix = [*NOBODY, "env", f"GCOV_PREFIX={WORK}", "ASAN_OPTIONS=detect_leaks=0", "prlimit",
			"--nproc=1"]
		report = self.report("--jobs", 8, "--by", "process,label", prefix=prefix, program=program)
		self.assertGreaterEqual(report["coverage"]["read"], 1)


class AddressSpace(Scarce):
	def test_memory(self):
		step = 512 * KIB
		self.sweep("as", range(2 * MIB, 48 * MIB, step))
		self.sweep("as", range(2 * MIB, 96 * MIB, 4 * step), "--jobs", "4")


class Views(Chaos):
	"""Where not everything may be seen."""

	def test_hidepid(self):
		program = shutil.copy(ANONMEM, os.path.join(WORK, "anonmem"))
		with Actor("still", 2, "still", 2) as others:
			for option in ("hidepid=2", "hidepid=1", "hidepid=4", "subset=pid"):
				prefix = ["unshare", "--mount", "sh", "-ec",
					f'mount -t proc -o {option} proc /proc; exec "$@"', "sh", *NOBODY, "env",
					f"GCOV_PREFIX={WORK}"]
				report = self.report("--by", "process", prefix=prefix, program=program)
				seen = {g["pid"] for g in report["groups"]}
				self.assertFalse(seen & set(others.pids), option)
				self.assertGreaterEqual(report["coverage"]["read"], 1, "itself")
				done = run("--pid", others.pid, prefix=prefix, program=program)
				self.assertEqual(done.returncode, 1, (option, done))
				self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
				done = run("doctor", prefix=prefix, program=program)
				self.assertEqual((done.returncode, done.stderr), (0, b""), option)
				done = run("top", "-b", "-n", 2, "-d", "0.1", prefix=prefix, program=program)
				self.assertEqual((done.returncode, done.stderr), (0, b""), option)

	def test_container(self):
		"""In a pid namespace, with the /proc of the one outside at hand."""
		host = os.path.join(WORK, "host")
		os.makedirs(host, exist_ok=True)
		prefix = ["unshare", "--mount", "--pid", "--fork", "sh", "-ec",
			f'mount --bind /proc {host}; mount -t proc proc /proc; exec "$@"', "sh"]
		with Actor("still", 5, "still", 5) as still, Actor("storm", 20), \
				Actor("names", 4, "names", 2) as names:
			pids = ",".join(map(str, still.pids))
			outside = self.report("--pid", pids, "--by", "process,label", "--label", "*memfd*")
			for more in ([], ["--fast"]):
				inside = self.report("--root", host, "--pid", pids, "--by", "process,label",
					"--label", "*memfd*", *more, prefix=prefix)
				self.assertEqual([(g["pid"], g["start_time"], g["rss"]) for g in inside["groups"]],
					[(g["pid"], g["start_time"], g["rss"]) for g in outside["groups"]])
			report = self.report("--root", host, "--by", "process,label", prefix=prefix)
			self.check_processes(report)
			self.assertLessEqual(set(still.pids), {g["pid"] for g in report["groups"]})
			report = self.report("--root", host, "--pid", names.pid, "--label", "*constant*",
				prefix=prefix)
			self.assertEqual(report["totals"]["rss"], MIB)
			report = self.report("--by", "process", prefix=prefix)
			self.assertFalse({g["name"] for g in report["groups"]} & {"still", "eye", "names"})
			done = run("top", "-b", "-n", 1, "--root", host, "--json", "--by", "process",
				prefix=prefix)
			self.assertEqual(done.returncode, 0, done.stderr)
			seen = {g["pid"] for g in json.loads(done.stdout)["groups"]}
			self.assertLessEqual(set(still.pids), seen)


class Watch(Chaos):
	"""The watch while processes come and go by the hundreds."""

	def test_batch(self):
		measured = {}
		with Actor("storm", SIZE.storm // 2), Actor("still", 5, "still", 5) as still:
			# It has some left, more than fits into a pipe, when it is measured for the last time.
			with subprocess.Popen([ANONMEM, "top", "-b", "-n", str(SIZE.refreshes + 20), "-d", "0.02",
					"--by", "process,label", "--json"], stdout=subprocess.PIPE, env=ENVIRONMENT) as top:
				for number, line in enumerate(top.stdout, 1):
					report = json.loads(line)
					coverage = report["coverage"]
					self.assertEqual(coverage["seen"], sum(coverage.values()) - coverage["seen"])
					there = dict(report, groups=[g for g in report["groups"] if g["state"] != "gone"])
					self.check_processes(there)
					self.assertEqual(sum(g["rss"] for g in there["groups"]), report["totals"]["rss"])
					self.assertLessEqual(set(still.pids), {g["pid"] for g in there["groups"]})
					COUNTS["refreshes"] += 1
					COUNTS["processes"] += coverage["read"]
					if number in (SIZE.refreshes // 2, SIZE.refreshes):
						measured[number] = rollup(top.pid)["Private_Dirty"]
		self.assertEqual(top.returncode, 0)
		early, late = measured.values()
		COUNTS["growth of the watch, KiB"] = (late - early) // KIB
		self.assertLess(late, early + 2 * MIB)

	def test_terminal(self):
		with Actor("storm", SIZE.storm // 2):
			seen = self.on_screen([b"\r", b"\x1b[B\r", b"b", b"\x1b", b"s", b"\x1b", b"h", b"\x1b", b"z",
				b"/storm\r", b"\x1b[B", b"\x1b", b"q"])
		self.assertIn(b"anonmem top", seen)
		self.assertIn(b"\x1b[?1049l", seen)


def enter():
	"""Begins again in namespaces of its own, as root."""
	command = ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc", "sh", "-ec",
		f'mount -t tmpfs -o mode=1777 tmpfs {WORK}; exec "$@"', "sh",
		"env", "ANONMEM_CHAOS=inside", sys.executable, "-B", *sys.argv]
	if os.geteuid() != 0:
		command = ["sudo", "-n", *command]
	os.execvp(command[0], command)


def main():
	global ANONMEM, ACTOR  # pylint: disable=global-statement
	arguments = sys.argv[1:]
	SIZE.full = "--full" in arguments
	arguments = [a for a in arguments if a != "--full"]
	ANONMEM, ACTOR = (os.path.abspath(path) for path in arguments[:2])
	for name in ("again", "one", "two", "kid"):
		os.symlink(ACTOR, os.path.join(WORK, name))
	program = unittest.main(argv=["chaos.py", *arguments[2:]], exit=False, verbosity=1 + SIZE.full)
	if SIZE.full:
		for name, count in sorted(COUNTS.items()):
			print(f"{count:12d} {name}")
	sys.exit(not program.result.wasSuccessful())


if __name__ == "__main__":
	if os.environ.get("ANONMEM_CHAOS") != "inside":
		enter()
	main()

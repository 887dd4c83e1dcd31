#!/usr/bin/env python3
"""Runs anonmem top on the running system and on a terminal: live.py ANONMEM [TEST...]"""

import fcntl
import json
import os
import pty
import pwd
import resource
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest

import trees

BINARY = ""
ENVIRONMENT = {k: v for k, v in os.environ.items() if k not in ("LANGUAGE", "COLUMNS", "NO_COLOR")}
ENVIRONMENT.update(LC_ALL="C.UTF-8", HOME="/nonexistent", XDG_CONFIG_HOME="/nonexistent",
	TERM="xterm")
# AddressSanitizer delays freeing memory; disabled here, where memory is measured.
ENVIRONMENT["ASAN_OPTIONS"] = ":".join(
	filter(None, [os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=1"]))
PATIENCE = 300  # seconds, for what takes a moment; under valgrind on a busy machine, minutes
# --max-stall needs PAGEMAP_SCAN.
SCANS = tuple(int(n) for n in os.uname().release.split("-")[0].split(".")[:2]) >= (6, 7)
# Grows by 16 MB for each line.
GROWS = """
import sys
kept = []
print("ready", flush=True)
for line in sys.stdin:
	kept.append(b"x" * 16000000)
	print("grown", flush=True)
"""


def batch(*arguments, **more):
	return subprocess.Popen([BINARY, "top", "--batch", *arguments], stdout=subprocess.PIPE,
		stdin=subprocess.DEVNULL, env=ENVIRONMENT, text=True, **more)


def state_of(pid):
	with open(f"/proc/{pid}/stat", encoding="latin-1") as f:
		return f.read().rsplit(")", 1)[1].split()[0]


def reports_until(top, condition):
	"""The reports up to one of which this is true."""
	found = []
	for line in top.stdout:
		found.append(json.loads(line))
		if condition(found[-1]):
			return found
		if len(found) > 3000:
			break
	raise AssertionError(f"it is not so in the last of {len(found)} reports: {found[-1:]}")


def memory_of(pid):
	with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
		fields = dict(line.split(":") for line in f.readlines()[1:])
	return int(fields["Private_Dirty"].split()[0])


class Batch(unittest.TestCase):
	def test_who_grows_comes_first(self):
		"""Among some that are larger."""
		large = "kept = bytearray(64 << 20); print(flush=True); input()"
		pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
		with subprocess.Popen([sys.executable, "-c", GROWS], **pipes) as leak, \
				subprocess.Popen([sys.executable, "-c", large], **pipes) as other:
			for process in (leak, other):
				process.stdout.readline()
			with batch("-d", "0.2", "--by", "process", "--sort", "-growth", "--json", "-p",
					f"{leak.pid},{other.pid}") as top:
				reports = [json.loads(top.stdout.readline())]
				leak.stdin.write(b"\n")
				leak.stdin.flush()
				self.assertEqual(leak.stdout.readline(), b"grown\n")
				reports += reports_until(top, lambda r: r["groups"][0]["growth"] > 8000000)
				top.terminate()
			leak.kill()
			other.kill()
		self.assertEqual([r["refresh"] for r in reports], [*range(1, len(reports) + 1)])
		self.assertEqual([g["pid"] for g in reports[-1]["groups"]], [leak.pid, other.pid])
		self.assertGreater(reports[-1]["groups"][1]["rss"], reports[-1]["groups"][0]["rss"])
		# What it has grown by is what it has changed by in each of them.
		self.assertGreater(sum(g["change"] for r in reports[1:] for g in r["groups"]
			if g["pid"] == leak.pid), 8000000)

	def test_orphans_stay_among_the_children(self):
		# The one between them ends with the input.
		script = "exec 3<&0; (sleep 1000 3<&- & echo $!; exec cat <&3) & exec 3<&-; wait; exec sleep 1000"

		def there(report):
			return {g["pid"] for g in report["groups"] if g["state"] != "gone"}

		with subprocess.Popen(["sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
				text=True) as first:
			orphan = int(first.stdout.readline())
			try:
				with batch("-d", "0.1", "--by", "process", "--json", "--children", str(first.pid)) as top:
					reports = [json.loads(top.stdout.readline())]
					self.assertEqual(len(there(reports[0])), 3)
					first.stdin.close()
					reports += reports_until(top, lambda r: len(there(r)) == 2)
					reports += [json.loads(top.stdout.readline()) for _ in range(3)]
					top.terminate()
			finally:
				os.kill(orphan, signal.SIGKILL)
				first.kill()
		for r in reports:
			self.assertLessEqual({first.pid, orphan}, there(r))
		self.assertEqual([there(r) for r in reports[-4:]], [{first.pid, orphan}] * 4)

	def test_nothing_matches(self):
		with batch("-n", "2", "-d", "0.1", "--name", "^no such$", "--csv", stderr=subprocess.PIPE) as top:
			lines, said = list(top.stdout), top.stderr.read()
		self.assertEqual((top.returncode, len(lines)), (1, 1))
		self.assertIn('--name "^no such$"\n', said)

	def test_processes_come_and_go(self):
		ended = threading.Event()

		def churn():
			while not ended.is_set():
				some = [subprocess.Popen(["sleep", "0.1"]) for _ in range(20)]
				for one in some:
					one.wait()

		threads = [threading.Thread(target=churn) for _ in range(3)]
		for thread in threads:
			thread.start()
		try:
			with batch("-n", "25", "-d", "0.1", "--by", "process", "--json") as top:
				reports = [json.loads(line) for line in top.stdout]
		finally:
			ended.set()
			for thread in threads:
				thread.join()
		self.assertEqual(top.returncode, 0)
		self.assertEqual(len(reports), 25)
		states = {g["state"] for r in reports for g in r["groups"]}
		self.assertLessEqual({"new", "gone"}, states)
		for r in reports:
			c = r["coverage"]
			self.assertEqual(c["seen"], sum(c[n] for n in
				("read", "no_memory", "denied", "vanished", "truncated", "malformed")))
			there = [g for g in r["groups"] if g["state"] != "gone"]
			self.assertEqual(sum(g["rss"] for g in there), r["totals"]["rss"])

	def test_memory_does_not_grow(self):
		"""An hour's worth of refreshes, with processes that come and go under their own names."""
		measured = {}
		with tempfile.TemporaryDirectory() as folder:
			for i in range(1, 31):
				tree = os.path.join(folder, str(i))
				for name, text in trees.MACHINE.items():
					trees.write(os.path.join(tree, name), text)
				trees.write(os.path.join(tree, "uptime"), "1.00 0.00\n")
				for pid in range(10 * i, 10 * i + 20):
					trees.Process(pid, f"p{i}-{pid}", 0, i, (f"[anon:{i}-{pid}]", 64)).write(tree, i)
			# Links play it forwards and backwards, 1800 times in all.
			many = os.path.join(folder, "many")
			os.mkdir(many)
			for i in range(1800):
				at = i % 58
				os.symlink(f"../{at + 1 if at < 30 else 59 - at}", f"{many}/m{i}")
			with batch("--root", many, "-d", "0.01", "--json") as top:
				for number, _ in enumerate(top.stdout, 1):
					# It has more left than fit into a pipe.
					if number in (300, 1700):
						measured[number] = memory_of(top.pid)
		self.assertEqual(top.returncode, 0)
		self.assertEqual(number, 1800)
		self.assertLess(measured[1700], measured[300] + 512, "KiB of its own memory")

	def test_max_stall(self):
		"""A large process is not blocked longer than allowed, also by default; its PSS is then unknown."""
		# By its name, since a process given by --pid is read at each refresh.
		large = ("import sys; open('/proc/self/comm', 'w').write('large'); kept = bytearray(64 << 20);"
			"print(flush=True); sys.stdin.read()")
		with subprocess.Popen([sys.executable, "-c", large], stdin=subprocess.PIPE,
				stdout=subprocess.PIPE) as child:
			child.stdout.readline()
			while state_of(child.pid) != "S":
				time.sleep(0.01)
			known = {}
			for stall in ("1us", "10s"):
				with batch("-n", "2", "-d", "0.1", "--name", "^large$", "--max-stall", stall,
						"--by", "process", "--json") as top:
					reports = [json.loads(line) for line in top.stdout]
				self.assertEqual(top.returncode, 0)
				self.assertTrue(all(r["groups"][0]["rss"] > 64 << 20 for r in reports))
				known[stall] = [r["groups"][0].get("pss") is not None for r in reports]
				# Kept figures stay as they were read.
				self.assertEqual([r["kept"] for r in reports], [0, 1])
				self.assertEqual([r["read"] for r in reports],
					["scan" if SCANS and stall == "1us" else "smaps"] * 2)
				# The note about the kernel appears once.
				of_kernel = [n for n in reports[0]["notes"] if n.startswith("this kernel")]
				self.assertEqual(reports[0]["notes"], of_kernel + reports[1]["notes"])
			child.stdin.close()
		self.assertEqual(known["10s"], [True, True])
		self.assertEqual(known["1us"], [not SCANS, not SCANS])

	def test_formats(self):
		with tempfile.TemporaryDirectory() as folder:
			trees.make(folder)
			out = {}
			for form in ("table", "csv", "json"):
				with batch("--root", folder, "-d", "0.01", "--no-rules", "--format", form) as top:
					out[form] = top.stdout.read()
				self.assertEqual(top.returncode, 0)
		self.assertEqual(out["table"].count("anonmem top  example"), 4)
		rows = out["csv"].splitlines()
		self.assertEqual([row for row in rows if row.startswith("time,refresh,subsystem,")], rows[:1])
		self.assertEqual({tuple(row.split(",")[:2]) for row in rows[1:]},
			{(f"2023-11-14T22:1{n + 3}:20Z", f"{n}") for n in (1, 2, 3, 4)})
		growth = [{g["subsystem"]: g["growth"] for g in json.loads(line)["groups"]}
			for line in out["json"].splitlines()]
		self.assertEqual([g["bionic/malloc"] // 2**20 for g in growth], [0, 16, 58, 34])

	def test_every_report_says_when(self):
		"""Every report has its time and number, in the same form whatever columns are chosen."""
		with tempfile.TemporaryDirectory() as folder:
			trees.make(folder)
			out = {}
			for form in ("csv", "json"):
				with batch("--root", folder, "-d", "0.01", "--no-rules", "-o", "pss", "--format", form) as top:
					out[form] = top.stdout.read()
		reports = [json.loads(line) for line in out["json"].splitlines()]
		lines = [line.split(",") for line in out["csv"].splitlines()]
		self.assertEqual(lines[0], ["time", "refresh", "subsystem", "pss"])
		self.assertEqual([(r["time"], str(r["refresh"]), g["subsystem"], str(g["pss"]))
			for r in reports for g in r["groups"]],
			[tuple(cell.replace(r"\033", "\x1b") for cell in line) for line in lines[1:]])

	def test_no_terminal(self):
		done = subprocess.run([BINARY, "top"], stdin=subprocess.DEVNULL, capture_output=True,
			text=True, env=ENVIRONMENT, check=False)
		self.assertEqual(done.returncode, 2)
		self.assertEqual(done.stderr,
			"anonmem: anonmem top needs a terminal; use -b to write to a pipe or a file\n")

	def test_no_such_process(self):
		done = subprocess.run([BINARY, "top", "-b", "-n", "2", "-p", "4194304"], capture_output=True,
			text=True, env=ENVIRONMENT, check=False)
		self.assertEqual((done.returncode, done.stdout), (1, ""))
		self.assertEqual(done.stderr, "anonmem: process 4194304: no such process\n")

	def test_reader_goes_away(self):
		with batch("-n", "50", "-d", "0.01", "--json", stderr=subprocess.PIPE) as top:
			top.stdout.readline()
			top.stdout.close()
			top.stderr.read()
		self.assertNotEqual(top.returncode, 0)


class Terminal(unittest.TestCase):
	"""On a terminal of our own, whose settings must be restored."""

	arguments = ("--root", "trees", "-d", "3600")

	def setUp(self):
		self.ours, self.theirs = pty.openpty()
		fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
		self.before = termios.tcgetattr(self.theirs)
		self.seen = b""
		folder = tempfile.TemporaryDirectory()
		self.addCleanup(folder.cleanup)
		self.folder = folder.name
		trees.make(os.path.join(self.folder, "trees"))
		pid = os.fork()
		if pid == 0:
			os.setsid()
			fcntl.ioctl(self.theirs, termios.TIOCSCTTY, 0)
			for fd in range(3):
				os.dup2(self.theirs, fd)
			os.closerange(3, 256)
			os.chdir(self.folder)
			os.execve(BINARY, [BINARY, "top", *self.arguments], ENVIRONMENT)
		self.pid = pid
		self.wait_for(b"quit")

	def tearDown(self):
		try:
			os.kill(self.pid, signal.SIGKILL)
			os.waitpid(self.pid, 0)
		except (ProcessLookupError, ChildProcessError):
			pass
		for fd in (self.ours, self.theirs):
			try:
				os.close(fd)
			except OSError:
				pass

	def wait_for(self, text):
		end = time.monotonic() + PATIENCE
		while text not in self.seen:
			ready, _, _ = select.select([self.ours], [], [], 0.1)
			if ready:
				self.seen += os.read(self.ours, 65536)
			self.assertLess(time.monotonic(), end, self.seen)

	def end(self):
		end = time.monotonic() + PATIENCE
		while time.monotonic() < end:
			ready, _, _ = select.select([self.ours], [], [], 0.05)
			if ready:
				self.seen += os.read(self.ours, 65536)
			pid, status = os.waitpid(self.pid, os.WNOHANG)
			if pid:
				return status
		self.fail("it does not end")
		return None

	def check_usable(self):
		after = termios.tcgetattr(self.theirs)
		self.assertEqual(after[:4], self.before[:4])
		self.assertIn(b"\x1b[?1049l", self.seen)  # xterm's other screen is left

	def test_quit(self):
		os.write(self.ours, b"q")
		self.assertEqual(self.end(), 0)
		self.check_usable()

	def test_signals(self):
		for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
			with self.subTest(number):
				os.kill(self.pid, number)
				self.assertEqual(os.WTERMSIG(self.end()), number)
				self.check_usable()
			self.tearDown()
			self.setUp()

	def test_interrupt_key(self):
		os.write(self.ours, b"\x03")
		self.assertEqual(os.WTERMSIG(self.end()), signal.SIGINT)
		self.check_usable()

	def test_crash(self):
		os.kill(self.pid, signal.SIGSEGV)
		self.assertNotEqual(self.end(), 0)
		self.check_usable()

	def start_below_a_leader(self):
		"""A key does not stop a process whose parent is not in its session, so it gets such a parent."""
		told, tells = os.pipe()
		leader = os.fork()
		if leader == 0:
			os.setsid()
			fcntl.ioctl(self.theirs, termios.TIOCSCTTY, 0)
			signal.signal(signal.SIGTTOU, signal.SIG_IGN)
			pid = os.fork()
			if pid == 0:
				os.setpgid(0, 0)
				os.tcsetpgrp(self.theirs, os.getpid())
				signal.signal(signal.SIGTTOU, signal.SIG_DFL)
				os.chdir(self.folder)
				for fd in range(3):
					os.dup2(self.theirs, fd)
				os.execve(BINARY, [BINARY, "top", "--root", "trees", "-d", "3600"], ENVIRONMENT)
			os.write(tells, str(pid).encode())
			os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
		self.pid = leader
		return int(os.read(told, 64))

	def drain(self):
		"""Discards what was written so far."""
		while select.select([self.ours], [], [], 0.1)[0]:
			os.read(self.ours, 65536)
		self.seen = b""

	def wait_until_stopped(self, pid):
		end = time.monotonic() + PATIENCE
		while time.monotonic() < end:
			if state_of(pid) == "T":
				return
			if select.select([self.ours], [], [], 0.05)[0]:
				os.read(self.ours, 65536)
		self.fail("it does not stop")

	def test_stop_and_go_on(self):
		os.write(self.ours, b"q")
		self.end()
		self.drain()
		pid = self.start_below_a_leader()
		self.wait_for(b"quit")
		for _ in range(10):
			os.write(self.ours, b"jk" * 500)  # it draws for each,
			time.sleep(0.005)
			os.write(self.ours, b"\x1a")  # and it still stops
			self.wait_until_stopped(pid)
			self.assertEqual(termios.tcgetattr(self.theirs)[:4], self.before[:4])
			self.drain()
			os.kill(pid, signal.SIGCONT)
			self.wait_for(b"quit")
		os.write(self.ours, b"q")
		self.assertEqual(self.end(), 0)
		self.check_usable()

	def test_terminal_vanishes(self):
		os.close(self.theirs)
		os.close(self.ours)
		end = time.monotonic() + PATIENCE
		while time.monotonic() < end:
			pid, status = os.waitpid(self.pid, os.WNOHANG)
			if pid:
				break
			time.sleep(0.05)
		self.assertTrue(pid, "it goes on without a terminal")

	def test_resize(self):
		self.seen = b""
		fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 160, 0, 0))
		os.kill(self.pid, signal.SIGWINCH)
		self.wait_for(b"HISTORY")

	def test_mouse(self):
		"""Mouse events as sent by xterm. At the end, reporting must be off."""
		self.assertIn(b"\x1b[?1006;1000h", self.seen)
		os.write(self.ours, b"\x1b[<0;5;8M\x1b[<0;5;8m\r")  # the second row, and Enter
		self.wait_for(b"libc_malloc")
		self.drain()
		os.write(self.ours, b"\x7f")
		self.wait_for(b"go/heap")
		self.drain()
		os.write(self.ours, b"\x1b[<64;5;8M\x1b[<65;5;8M\r\r")  # to the first row, and to the fourth
		self.wait_for(b"worker")
		os.write(self.ours, b"q")
		self.assertEqual(self.end(), 0)
		self.assertIn(b"\x1b[?1006;1000l", self.seen)

	def test_user(self):
		"""By name or number, if there is such a user, matching the name in rows."""
		self.arguments = ("-p", str(os.getpid()), "-d", "3600")
		self.tearDown()
		self.setUp()
		os.write(self.ours, b"unobody-at-all\r")
		self.wait_for(b"unknown")
		self.drain()
		os.write(self.ours, f"{os.getuid()}\r".encode())
		self.wait_for(pwd.getpwuid(os.getuid()).pw_name.encode() + b":")
		self.drain()
		os.write(self.ours, b"u4242424\r")
		self.wait_for(b"unknown")
		os.write(self.ours, b"\x1b")
		self.drain()
		os.write(self.ours, b"unobody\r")  # has no process here, but may have
		self.wait_for(b"nobody:")
		os.write(self.ours, b"q")
		self.assertEqual(self.end(), 0)

	def test_write(self):
		os.write(self.ours, b"w")
		self.wait_for(b"new file")
		os.write(self.ours, b"\r")
		self.wait_for(b"saved")
		with open(os.path.join(self.folder, "anonmem-top.json"), encoding="utf-8") as f:
			report = json.load(f)
		self.assertEqual(report["by"], ["subsystem"])
		self.assertEqual(len(report["groups"]), 8)
		self.seen = b""
		os.write(self.ours, b"w\r")
		self.wait_for(b": File exists")

	def test_write_without_room(self):
		"""A part of a file would look like the whole."""
		limits = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)
		resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (100, limits[1]))
		os.write(self.ours, b"w")
		self.wait_for(b"new file")
		os.write(self.ours, b"\r")
		self.wait_for(b"cannot write")
		self.assertEqual(os.path.getsize(os.path.join(self.folder, "anonmem-top.json")), 0)
		resource.prlimit(self.pid, resource.RLIMIT_FSIZE, limits)  # or coverage is cut short too
		os.write(self.ours, b"q")
		self.assertEqual(self.end(), 0)


if __name__ == "__main__":
	BINARY = os.path.abspath(sys.argv.pop(1))
	unittest.main(testRunner=unittest.TextTestRunner(verbosity=2, descriptions=False))

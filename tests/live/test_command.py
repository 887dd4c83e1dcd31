"""Command lines: what they look like, and that they cannot block anonmem."""

import json
import os
import subprocess
import sys
import time
import unittest

from anonmem import IS_ROOT, Live, run
from helper import wait_for_state

SLEEP = "/bin/sleep"
# The second page of its arguments never arrives: this process itself would have to provide it, and
# does not.
NEVER = """
import ctypes, fcntl, mmap, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
def check(result):
	if result < 0:
		sys.exit(f"errno {ctypes.get_errno()}")
	return result
arguments = int(open("/proc/self/stat").read().rsplit(")", 1)[1].split()[45])
page = (arguments // mmap.PAGESIZE + 1) * mmap.PAGESIZE
fault = check(libc.syscall(323, 0o2000000)) # userfaultfd on x86-64
fcntl.ioctl(fault, 0xC018AA3F, struct.pack("QQQ", 0xAA, 0, 0)) # UFFDIO_API
check(libc.madvise(ctypes.c_void_p(page), ctypes.c_size_t(mmap.PAGESIZE), 4)) # MADV_DONTNEED
fcntl.ioctl(fault, 0xC020AA00, bytearray(struct.pack("QQQQ", page, mmap.PAGESIZE, 1, 0))) # _REGISTER
print("ready", flush=True)
sys.stdin.read()
"""


def never_possible():
	return IS_ROOT and os.uname().machine == "x86_64"


class Command(Live):
	def start(self, *arguments, program=SLEEP):
		process = subprocess.Popen(arguments, executable=program, stdin=subprocess.PIPE)
		self.addCleanup(self.end, process)
		# Between fork and exec it is still this program.
		while os.readlink(f"/proc/{process.pid}/exe") != os.path.realpath(program):
			time.sleep(0.01)
		wait_for_state(process.pid, "S")  # and then it gets its arguments
		return process.pid

	@staticmethod
	def end(process):
		process.kill()
		process.wait()
		process.stdin.close()

	def commands(self, pids, *arguments):
		report = self.report("-p", ",".join(map(str, pids)), *arguments)
		return {g.get("pid"): g["command"] for g in report["groups"]}

	def test_tells_six_apart(self):
		pids = [self.start(f"postgres: worker {n}", "100") for n in range(6)]
		wanted = {pid: f"postgres: worker {n} 100" for n, pid in enumerate(pids)}
		self.assertEqual(self.commands(pids, "--by", "process", "-o", "command"), wanted)
		self.assertEqual(self.commands(pids, "--by", "process,command"), wanted)
		report = self.report("-p", ",".join(map(str, pids)), "--by", "command")
		self.assertEqual({(g["command"], g["processes"]) for g in report["groups"]},
			{(line, 1) for line in wanted.values()})
		table = run("-p", pids[3], "--by", "command", "-o", "processes", "-q").stdout.decode()
		self.assertIn("\npostgres: worker 3 100      1\n", table)

	def test_is_not_shown_unless_asked_for(self):
		pid = self.start("--password=secret", "100")
		for arguments in ([], ["--by", "process"], ["--by", "process", "--json"], ["--by", "process", "--csv"]):
			self.assertNotIn(b"secret", run("-p", pid, *arguments).stdout)
		self.assertIn(b"secret", run("-p", pid, "--by", "process", "-o", "command").stdout)

	def test_hostile(self):
		pid = self.start(b"\x1b[2Jx\n\xff", b"-c", b"read x", b"\xe2\x80\xae", program="/bin/sh")
		done = run("-p", pid, "--by", "command", "-q", "-o", "processes")
		self.assertEqual(done.stdout.decode().splitlines()[1].split("  ")[0],
			r"\033[2Jx\n\377 -c read x \342\200\256")

	def test_none(self):
		pid = self.start("", program="/bin/cat")
		self.assertEqual(self.commands([pid], "--by", "process,command"), {pid: "[cat]"})

	def test_long(self):
		pid = self.start("x" * 3000, "-c", "read x", "y" * 3000, program="/bin/sh")
		line = self.commands([pid], "--by", "process", "-o", "command")[pid]
		self.assertEqual(line, "x" * 3000 + " -c read x " + "y" * 1085 + "...")
		lines = run("-p", pid, "--by", "process", "-o", "rss,command").stdout.decode().splitlines()
		self.assertLess(max(map(len, lines[:2])), 130)
		wide = run("-p", pid, "--by", "process", "-o", "rss,command", "-w").stdout.decode()
		self.assertIn(line, wide)

	def test_watched(self):
		pid = self.start("one", "100")
		done = run("top", "-b", "-n", 2, "-d", 0.1, "-p", pid, "--by", "process", "-o", "pss,command", "--json")
		reports = [json.loads(line) for line in done.stdout.splitlines()]
		self.assertEqual([r["groups"][0]["command"] for r in reports], ["one 100"] * 2)
		done = run("top", "-b", "-n", 1, "-p", pid, "--by", "command", "--json")
		self.assertEqual(json.loads(done.stdout)["groups"][0]["command"], "one 100")

	@unittest.skipUnless(never_possible(), "it takes root, and the numbers of x86-64")
	def test_never_comes(self):
		with subprocess.Popen([sys.executable, "-c", NEVER, "x" * 20000], stdin=subprocess.PIPE,
				stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
			try:
				if process.stdout.readline() != "ready\n":
					self.skipTest(f"no such command line here: {process.stderr.read()}")
				self.assertEqual(self.report("-p", process.pid)["coverage"]["read"], 1)
				started = time.monotonic()
				done = run("-p", process.pid, "--by", "command", "--json")
				self.assertLess(time.monotonic() - started, 100)
				report = json.loads(done.stdout)
				# A kernel that does not wait returns what is there; from one that
				# does, nothing comes.
				self.assertEqual(report["coverage"]["read"] + report["coverage"]["truncated"], 1)
				for group in report["groups"]:
					self.assertTrue(group["command"].startswith(sys.executable))
			finally:
				process.stdin.close()
				process.kill()

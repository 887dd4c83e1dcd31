"""anonmem machine against memory of a known size, and against /proc/meminfo."""

import contextlib
import json
import mmap
import os
import random
import socket
import struct
import subprocess
import tempfile
import time
import unittest

from anonmem import IS_ROOT, MIB, NOBODY, Live, run

SIZE = 96 * MIB
# Other processes run at the same time.
NEAR = 24 * MIB
# Of linux/if_packet.h and sys/socket.h.
SOL_PACKET, PACKET_RX_RING = 263, 5


def account(*arguments, **more):
	done = run("machine", "--json", *arguments, **more)
	assert done.returncode == 0, done.stderr
	return json.loads(done.stdout)["memory"]


def bytes_of(account, *names):
	"""The bytes of a row, or of a part of it."""
	rows = account["rows"]
	for name in names:
		row = next(row for row in rows if row["name"] == name)
		rows = row.get("parts", [])
	return row["bytes"]


class Machine(Live):
	def test_total(self):
		memory = account()
		with open("/proc/meminfo", encoding="ascii") as f:
			total = next(int(line.split()[1]) * 1024 for line in f if line.startswith("MemTotal:"))
		self.assertEqual(memory["total"], total)
		self.assertEqual(sum(row["bytes"] or 0 for row in memory["rows"]), total)
		for row in memory["rows"]:
			if row["parts"]:
				self.assertEqual(sum(part["bytes"] or 0 for part in row["parts"]), row["bytes"], row["name"])

	def grows(self, make, *names):
		"""Checks that a row grows by what `make` makes; its result keeps that."""
		for _ in range(20):
			before = bytes_of(account(), *names)
			with make():
				grown = bytes_of(account(), *names) - before
			if abs(grown - SIZE) < NEAR:
				return
			time.sleep(random.random())
		self.fail(f"{names}: {grown / MIB} MiB instead of {SIZE / MIB}")

	def test_not_mapped(self):
		"""A file on a tmpfs that no process maps."""
		def make():
			file = tempfile.NamedTemporaryFile(dir="/dev/shm")
			file.write(bytes(SIZE))
			file.flush()
			return file
		self.grows(make, "shared memory", "not mapped")

	def test_mapped(self):
		def make():
			memory = mmap.mmap(-1, SIZE)
			memory.write(bytes(SIZE))
			return memory
		self.grows(make, "shared memory", "mapped by processes")

	def test_anonymous(self):
		def make():
			memory = mmap.mmap(-1, SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
			memory.write(bytes(SIZE))
			return memory
		self.grows(make, "anonymous")

	def test_cache(self):
		def make():
			file = tempfile.NamedTemporaryFile(dir="/var/tmp")
			file.write(bytes(SIZE))
			file.flush()
			return file
		self.grows(make, "files", "not mapped (cache)")

	def test_copied(self):
		"""Pages copied from a file on a tmpfs are anonymous; the file itself is not mapped any more."""
		def make():
			file = tempfile.TemporaryFile(dir="/dev/shm")
			file.write(bytes(SIZE))
			file.flush()
			file.copy = mmap.mmap(file.fileno(), SIZE, flags=mmap.MAP_PRIVATE)
			file.copy.write(bytes(SIZE))
			return file
		self.grows(make, "shared memory", "not mapped")

	def test_of_sockets(self):
		"""Data that was sent, and that nobody takes."""
		def make():
			kept = contextlib.ExitStack()
			listener = kept.enter_context(socket.create_server(("127.0.0.1", 0), backlog=200))
			left = SIZE
			while left > 0:
				sender = kept.enter_context(socket.create_connection(listener.getsockname()))
				kept.enter_context(listener.accept()[0])
				sender.setblocking(False)
				with contextlib.suppress(BlockingIOError):
					while left > 0:
						left -= sender.send(bytes(min(left, 1 << 16)))
			return kept
		self.grows(make, "TCP buffers")

	@unittest.skipUnless(IS_ROOT, "only root may capture packets")
	def test_of_a_driver(self):
		"""The kernel counts a packet ring as mapped, but not as cached."""
		with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as ring:
			ring.setsockopt(SOL_PACKET, PACKET_RX_RING, struct.pack("IIII", 1 << 16, 256, 2048, 256 * 32))
			memory = mmap.mmap(ring.fileno(), 16 * MIB)
			for i in range(0, 16 * MIB, mmap.PAGESIZE):
				memory[i]
			name = f"socket:[{os.fstat(ring.fileno()).st_ino}]"
			found = account("--limit", 1000)
			memory.close()
		self.assertEqual(bytes_of(found, "driver memory, mapped", name), 16 * MIB)

	def test_of_a_user(self):
		"""Figures that a user may not read are reported as such, and the rows add up."""
		memory = account(prefix=NOBODY)
		self.assertEqual(sum(row["bytes"] or 0 for row in memory["rows"]), memory["total"])
		self.assertGreater(bytes_of(memory, "anonymous", "(in processes not readable)"), 0)


V1 = "/sys/fs/cgroup/memory"
# Maps and fills 32 MiB; fills a file of 24 MiB on a tmpfs, and maps 8 MiB of it.
CHARGED = """
import mmap, sys, tempfile
own = mmap.mmap(-1, 32 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
own.write(bytes(32 << 20))
file = tempfile.TemporaryFile(dir="/dev/shm")
file.write(bytes(24 << 20))
file.flush()
part = mmap.mmap(file.fileno(), 8 << 20)
part.read(8 << 20)
sum(part[i] for i in range(0, 8 << 20, 4096))
print("ready", flush=True)
sys.stdin.read()
"""


@unittest.skipUnless(os.access(f"{V1}/cgroup.procs", os.W_OK), "no control groups of version 1 to write to")
class ControlGroup(Live):
	def setUp(self):
		self.name = f"anonmem-test-{os.getpid()}"
		self.folder = os.path.join(V1, self.name)
		os.mkdir(self.folder)
		self.addCleanup(self.remove)
		self.write("memory.limit_in_bytes", 256 * MIB)
		self.process = subprocess.Popen(["/usr/bin/python3", "-c", CHARGED], stdin=subprocess.PIPE,
			stdout=subprocess.PIPE, preexec_fn=lambda: self.write("cgroup.procs", os.getpid()))
		self.addCleanup(self.process.communicate)
		self.assertEqual(self.process.stdout.readline(), b"ready\n")

	def write(self, name, value):
		with open(os.path.join(self.folder, name), "w", encoding="ascii") as f:
			f.write(str(value))

	def remove(self):
		for _ in range(50):
			with contextlib.suppress(OSError):
				os.rmdir(self.folder)
				return
			time.sleep(.1)

	def check(self, *arguments):
		done = run("machine", "--json", *arguments)
		self.assertEqual(done.returncode, 0, done.stderr)
		machine = json.loads(done.stdout)
		memory, cgroup = machine["memory"], machine["cgroup"]
		self.assertEqual(cgroup["path"], f"/{self.name}")
		self.assertEqual((cgroup["version"], cgroup["limit"]), (1, 256 * MIB))
		self.assertEqual(sum(row["bytes"] or 0 for row in memory["rows"]), memory["total"])
		for wanted, *names in (
			(42, "anonymous"),  # the interpreter has some 10
			(24, "shared memory"),
			(8, "shared memory", "mapped by its processes"),
			(16, "shared memory", "not mapped by them"),
			(0, "(not accounted for)"),
		):
			self.assertAlmostEqual(bytes_of(memory, *names) / MIB, wanted, delta=8, msg=names)

	def test_paths(self):
		self.check("--cgroup", f"/{self.name}")
		self.check("--cgroup", self.folder + "/")
		self.check("--pid", self.process.pid)

	def test_moved(self):
		"""What a process brings along remains charged to the group that it comes from, whose limit applies
		to all groups below it."""
		below = os.path.join(self.folder, "below")
		os.mkdir(below)
		self.addCleanup(os.rmdir, below)
		with open(os.path.join(below, "cgroup.procs"), "w", encoding="ascii") as f:
			f.write(str(self.process.pid))
		try:
			done = json.loads(run("machine", "--json", "--pid", self.process.pid).stdout)
			text = run("machine", "--cgroup", f"{self.folder}/./below//").stdout.decode()
		finally:
			with open(os.path.join(V1, "cgroup.procs"), "w", encoding="ascii") as f:
				f.write(str(self.process.pid))
		memory, group = done["memory"], done["cgroup"]
		self.assertEqual(sum(row["bytes"] or 0 for row in memory["rows"]), memory["total"])
		self.assertLess(memory["total"], 4 * MIB)
		self.assertEqual(group["path"], f"/{self.name}/below")
		self.assertEqual((group["limit"], group["limit_above"]["path"], group["limit_above"]["limit"]),
			(None, f"/{self.name}", 256 * MIB))
		for name, wanted in (("anonymous", 42), ("shared", 8)):
			self.assertAlmostEqual(group[f"charged_elsewhere_{name}"] / MIB, wanted, delta=8, msg=name)
		self.assertAlmostEqual(bytes_of(memory, "anonymous", "(charged to other groups)") / MIB, -42, delta=8)
		self.assertRegex(text, rf"\nno limit of its own.*\nlimit 256M of group /{self.name}, \d+M below it\n")

	def test_table(self):
		text = run("machine", "--cgroup", f"/{self.name}").stdout.decode()
		self.assertRegex(text, r"\nlimit 256M, \d+M below it; peak \d+M\n")

	def test_missing(self):
		self.fails(1, "machine", "--cgroup", "/anonmem/nowhere", words="control group /anonmem/nowhere")

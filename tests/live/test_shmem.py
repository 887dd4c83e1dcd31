"""Shared memory against what the kernel counts as such."""

import ctypes
import errno
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from anonmem import IS_ROOT, MIB, Live, run
from helper import PATIENCE, Helper, wait_for_state

# Makes `size` bytes of each kind of shared memory, each of a different size, and other memory
# besides.
MAKE = """
import ctypes, mmap, os, sys

libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
size, folder = 1 << 20, sys.argv[1]
kept = []

def fill(fd, mib, flags=mmap.MAP_SHARED):
	os.ftruncate(fd, mib * size)
	m = mmap.mmap(fd, mib * size, flags)
	m[:] = b"x" * (mib * size)
	kept.append(m)

fill(os.memfd_create("live"), 1)
fill(os.open(f"/dev/shm/anonmem-live-{os.getpid()}", os.O_RDWR | os.O_CREAT | os.O_EXCL), 2)
os.unlink(f"/dev/shm/anonmem-live-{os.getpid()}")
m = mmap.mmap(-1, 3 * size, mmap.MAP_SHARED)
m[:] = b"x" * (3 * size)
kept.append(m)
segment = libc.shmget(0, 4 * size, 0o600)
ctypes.memset(libc.shmat(segment, None, 0), 1, 4 * size)
libc.shmctl(segment, 0, None)
# Half of it is copied on write, and so no longer shared memory.
fd = os.memfd_create("private")
os.write(fd, b"x" * (2 * size))
m = mmap.mmap(fd, 2 * size, mmap.MAP_PRIVATE)
for page in range(0, 2 * size, mmap.PAGESIZE):
	m[page]
m[:size] = b"y" * size
kept.append(m)
fill(os.open(f"{folder}/file", os.O_RDWR | os.O_CREAT), 5)
# A ring, which is not shared memory.
ring = ctypes.c_ulong(0)
libc.syscall({"x86_64": 206, "aarch64": 0}[os.uname().machine], 4096, ctypes.byref(ring))
print("ready", flush=True)
sys.stdin.read()
"""


# Makes an object of 8 MiB of shared memory, has it swapped out, and maps a part of it in each of
# some children: (start in MiB, size in MiB) for each child. The object is anonymous memory, a memfd
# or a System V segment.
SWAP = """
import ctypes, mmap, os, sys

MIB, PAGEOUT = 1 << 20, 21
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
libc.mmap.restype = ctypes.c_void_p
what, parts = sys.argv[1], [tuple(map(int, p.split("+"))) for p in sys.argv[2:]]
fd = os.memfd_create("swapped")
os.ftruncate(fd, 8 * MIB)
if what == "sysv":
	segment = libc.shmget(0, 8 * MIB, 0o600)
	at = libc.shmat(segment, None, 0)
	libc.shmctl(segment, 0, None)
else:
	flags = mmap.MAP_SHARED | (mmap.MAP_ANONYMOUS if what == "anon" else 0)
	at = libc.mmap(None, ctypes.c_size_t(8 * MIB), 3, flags, -1 if what == "anon" else fd,
		ctypes.c_long(0))
memory = (ctypes.c_char * (8 * MIB)).from_address(at)
for i in range(0, 8 * MIB, 4096):
	memory[i:i + 4096] = os.urandom(16) * 256
if libc.madvise(ctypes.c_void_p(at), ctypes.c_size_t(8 * MIB), PAGEOUT):
	sys.exit("cannot be swapped")
pids = []
ends, said = os.pipe(), os.pipe()
for begin, size in parts:
	pid = os.fork()
	if pid == 0:
		os.close(ends[1])
		libc.munmap(ctypes.c_void_p(at), ctypes.c_size_t(begin * MIB))
		rest = at + (begin + size) * MIB
		libc.munmap(ctypes.c_void_p(rest), ctypes.c_size_t((8 - begin - size) * MIB))
		os.write(said[1], b".")
		os.read(ends[0], 1)
		os._exit(0)
	pids.append(pid)
	os.read(said[0], 1)
if what == "sysv":
	libc.shmdt(ctypes.c_void_p(at))
else:
	libc.munmap(ctypes.c_void_p(at), ctypes.c_size_t(8 * MIB))
print("ready", *pids, flush=True)
sys.stdin.read()
"""


class Program:
	"""One of the programs above, which has described what it made and waits."""

	def __init__(self, text, *arguments, prefix=()):
		# pylint: disable=consider-using-with
		self.process = subprocess.Popen([*prefix, sys.executable, "-c", text, *arguments],
			stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
		words = self.process.stdout.readline().split()
		if words[:1] != ["ready"]:
			raise AssertionError("no shared memory could be made")
		self.children = [int(pid) for pid in words[1:]]

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.process.stdin.close()
		self.process.wait(PATIENCE)
		self.process.stdout.close()


class Maker(Program):
	"""A process that has shared memory, and files in `folder`."""

	def __init__(self, folder, prefix=()):
		super().__init__(MAKE, folder, prefix=prefix)

	def __enter__(self):
		return self.process.pid


def status(pid, name):
	with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as f:
		return 1024 * int(re.search(rf"^{name}:\s+(\d+) kB", f.read(), re.M).group(1))


def rollup(pid, name):
	with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
		return 1024 * int(re.search(rf"^{name}:\s+(\d+) kB", f.read(), re.M).group(1))


class SharedMemory(Live):
	def agrees_with_the_kernel(self, pid):
		"""The rows of kind shmem must agree; copied pages are anonymous memory."""
		groups = self.report("--pid", pid, "--by", "kind,label,file")["groups"]
		shmem = [g for g in groups if g["kind"] == "shmem"]
		rss = sum(g["rss"] - g["anonymous"] for g in shmem)
		self.assertEqual(rss, status(pid, "RssShmem"), shmem)
		pss = sum(g["pss"] for g in shmem) - sum(g["anonymous"] for g in shmem)
		self.assertLessEqual(abs(pss - rollup(pid, "Pss_Shmem")), 1024 * len(groups))
		return {g["label"]: g for g in groups}

	def test_all_sorts(self):
		with tempfile.TemporaryDirectory(dir="/dev/shm") as folder, Maker(folder) as pid:
			rows = self.agrees_with_the_kernel(pid)
			for label, mib in (("[memfd:live]", 1), ("[anon_shmem]", 3), ("[sysv_shm]", 4)):
				self.assertEqual((rows[label]["kind"], rows[label]["rss"]), ("shmem", mib * MIB), label)
			self.assertEqual(rows["[memfd:private]"]["anonymous"], MIB)
			self.assertEqual(rows["[aio]"]["kind"], "special")
			posix = self.report("--pid", pid, "--by", "label,file", "--label", "[posix_shm]")["groups"]
			self.assertEqual(sorted(g["rss"] for g in posix), [2 * MIB, 5 * MIB])
			self.assertIn(f"{folder}/file", [g["file"] for g in posix])

	def test_files_on_a_disk(self):
		with tempfile.TemporaryDirectory(dir="/var/tmp") as folder, Maker(folder) as pid:
			rows = self.agrees_with_the_kernel(pid)
			self.assertEqual(rows["[file]"]["kind"], "file")

	@unittest.skipUnless(IS_ROOT and shutil.which("unshare"), "only root can mount")
	def test_mounts_that_only_the_process_has(self):
		with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
			mount = ["unshare", "--mount", "sh", "-c",
				f'mount -t tmpfs none {folder} && exec "$@"', "sh"]
			with Maker(folder, mount) as pid:
				rows = self.agrees_with_the_kernel(pid)
				self.assertEqual((rows["[tmpfs]"]["kind"], rows["[tmpfs]"]["rss"]), ("shmem", 5 * MIB))
				self.assertEqual(rows["[tmpfs]"]["file"], f"{folder}/file")

	@unittest.skipUnless(IS_ROOT and shutil.which("unshare"), "only root can mount")
	def test_a_program_on_a_tmpfs(self):
		with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
			shutil.copy(shutil.which("sleep"), f"{folder}/program")
			with subprocess.Popen([f"{folder}/program", "1000"]) as program:
				try:
					wait_for_state(program.pid, "S")
					rows = self.agrees_with_the_kernel(program.pid)
					self.assertGreater(rows["[posix_shm]"]["rss"], 0)
				finally:
					program.kill()


# Unmapped shared memory: a System V segment, a memfd and a file; and a memfd with a part that is
# mapped twice.
HOLD = """
import ctypes, mmap, os, sys

MIB = 1 << 20
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
segment = libc.shmget(0x5a17, 3 * MIB, 0o1600)
at = libc.shmat(segment, None, 0)
ctypes.memset(at, 1, MIB)
libc.shmdt(ctypes.c_void_p(at))
held = os.memfd_create("held")
os.write(held, b"x" * (2 * MIB))
fd = os.memfd_create("mapped twice")
os.write(fd, b"x" * (4 * MIB))
kept = [mmap.mmap(fd, 4 * MIB), mmap.mmap(fd, 2 * MIB)]
for m in kept:
	m[:] = m[:]
with open(sys.argv[1], "wb") as f:
	f.write(b"x" * 5 * MIB)
print("ready", segment, flush=True)
sys.stdin.read()
libc.shmctl(segment, 0, None)
"""


class Segments(Live):
	"""--by segment: a row for each object."""

	def segments(self, *arguments, **more):
		groups = self.report("--by", "segment", *arguments, **more)["groups"]
		return {g["segment"]: g for g in groups}

	@unittest.skipUnless(IS_ROOT, "only root can look at objects")
	def test_mapped_or_not(self):
		for _ in range(20):  # others have files there that come and go
			with tempfile.NamedTemporaryFile(dir="/dev/shm") as file:
				before = self.segments()
				with Program(HOLD, file.name) as p:
					rows = self.segments()
					one = self.segments("--pid", p.process.pid)
			rest = before.get("/dev/shm", {"segment_size": 0})["segment_size"]
			if rows["/dev/shm"]["segment_size"] >= rest + 4 * MIB:
				break
		mapped = rows["[memfd:mapped twice]"]
		facts = ("segment_size", "segment_rss", "segment_swap", "processes", "mappings", "rss", "pss")
		self.assertEqual([mapped[f] for f in facts],
			[4 * MIB, 4 * MIB, 0, 1, 2, 6 * MIB, 4 * MIB])
		self.assertEqual([one["[memfd:mapped twice]"][f] for f in facts], [mapped[f] for f in facts])
		sysv = rows["[sysv_shm:00005a17]"]
		self.assertEqual((sysv["inode"], sysv["segment_size"]), (p.children[0], 3 * MIB))
		self.assertEqual((sysv["segment_rss"] + sysv["segment_swap"], sysv["processes"]), (MIB, 0))
		held = rows["[memfd:held]"]
		self.assertEqual((held["segment_size"], held["processes"], held["pss"]), (2 * MIB, 0, 0))
		# Unmapped objects belong to no process, so they are not among those of one.
		self.assertEqual(set(one), {"[memfd:mapped twice]"})
		self.assertGreaterEqual(rows["/dev/shm"]["segment_size"], rest + 4 * MIB)
		self.assertEqual((rows["/dev/shm"]["processes"], rows["/dev/shm"]["inode"]), (0, None))

	def test_forms(self):
		with Helper("memory") as h:
			text = run("--pid", h.pid, "--by", "segment", "-q").stdout.decode().splitlines()
			self.assertEqual(text[0].split()[:6],
				["SEGMENT", "INODE", "SEGSIZE", "SEGRSS", "SEGSWAP", "PROCS"])
			self.assertEqual({line.split("  ")[0] for line in text[1:]},
				{"[memfd:anonmem live]", "[anon_shmem]", "TOTAL"})
			lines = run("--pid", h.pid, "--by", "segment", "--csv").stdout.decode().split("\r\n")
			self.assertEqual(lines[0].split(",")[:4], ["segment", "device", "inode", "segment_size"])
			self.assertEqual(len(lines), 4)

	def test_without_the_right_to_look(self):
		prefix = ["setpriv", "--bounding-set=-checkpoint_restore,-sys_admin"] if IS_ROOT else []
		with Helper("memory") as h:
			rows = self.segments("--pid", h.pid, prefix=prefix)
			self.assertIsNone(rows["[memfd:anonmem live]"]["segment_size"])
			self.assertEqual(rows["[memfd:anonmem live]"]["rss"], 3 * MIB)


def has_cachestat():
	return ctypes.CDLL(None, use_errno=True).syscall(451, -1, 0, 0, 0) < 0 and ctypes.get_errno() != errno.ENOSYS


HAS_SWAP = len(open("/proc/swaps", encoding="ascii").readlines()) > 1


@unittest.skipUnless(HAS_SWAP, "no swap here")
@unittest.skipUnless(IS_ROOT, "only root can see what is swapped of an object")
class Swapped(Live):
	"""Each object counts once, whatever parts of it are mapped by how many processes."""

	def shares(self, *arguments):
		"""By process: the swapped memory that it maps, and its share."""
		groups = self.report("--by", "process", "-k", "shmem", *arguments)["groups"]
		return {g["pid"]: (g["swap"], g["swap_pss"]) for g in groups}

	def swapped(self, pids):
		"""What the kernel could swap; other memory may have been in the way."""
		most = max(self.report("--pid", pid, "-k", "shmem")["totals"]["swap"] for pid in pids)
		self.assertGreater(most, 0)
		return most

	def check(self, what, *parts):
		with Program(SWAP, what, *parts) as p:
			found = self.shares("--pid", ",".join(map(str, p.children)))
			alone = self.shares("--pid", p.children[0])
			others = self.shares("--name", ".*")
			swapped, shares = zip(*(found[pid] for pid in p.children))
			# Whatever is selected, all processes that map it share it.
			self.assertEqual(alone[p.children[0]], found[p.children[0]])
			for pid in p.children:
				self.assertEqual(others[pid], found[pid])
		return swapped, shares

	def test_by_halves(self):
		for what in ("anon", "memfd", "sysv"):
			swapped, shares = self.check(what, "0+8", "0+8")
			self.assertEqual(swapped[0], swapped[1], what)
			self.assertGreater(swapped[0], 7 * MIB)
			self.assertEqual(shares, (swapped[0] // 2,) * 2, what)

	def test_six(self):
		swapped, shares = self.check("anon", *["0+8"] * 6)
		self.assertLessEqual(abs(sum(shares) - swapped[0]), 6)
		self.assertLessEqual(max(shares) - min(shares), 1)

	def test_parts(self):
		swapped, shares = self.check("memfd", "0+8", "0+4", "4+4")
		self.assertEqual(swapped[0], swapped[1] + swapped[2])
		self.assertLessEqual(abs(sum(shares) - swapped[0]), 3)
		self.assertLessEqual(abs(shares[0] - shares[1] - shares[2]), 3)

	def test_a_part_that_nobody_maps(self):
		"""Its swap is divided among those that map the rest."""
		swapped, shares = self.check("anon", "0+2", "0+2")
		self.assertLess(max(swapped), 3 * MIB)
		if has_cachestat():
			self.assertGreater(sum(shares), 7 * MIB)
		else:
			self.assertEqual(shares, (None, None))

	def test_without_the_right_to_look(self):
		"""Without the capability, only a mapping of the whole object tells; here it is unknown."""
		bounds = ["setpriv", "--bounding-set=-checkpoint_restore,-sys_admin"]
		with Program(SWAP, "anon", "0+8", "0+8") as p:
			report = self.report("--by", "process", "--pid", ",".join(map(str, p.children)), "-k", "shmem",
				prefix=bounds)
			for group in report["groups"] + [report["totals"]]:
				self.assertIsNone(group["swap_pss"])
			swap = report["groups"][0]["swap"]
			self.assertEqual(report["totals"]["swap_pss_min"], swap)
			self.assertIn("is a lower bound", " ".join(report["notes"]))
			text = run("--by", "process", "--pid", p.children[0], "-k", "shmem", "-o", "swap_pss",
				"--units", "b", prefix=bounds).stdout.decode()
			self.assertIn(f" {swap // 2}+\n", text)
		# For System V segments, the kernel tells anybody.
		with Program(SWAP, "sysv", "0+8", "0+8") as p:
			report = self.report("--pid", p.children[0], "-k", "shmem", prefix=bounds)
			self.assertEqual(report["totals"]["swap_pss"], report["totals"]["swap"] // 2)

	def test_watched(self):
		with Program(SWAP, "memfd", "0+8", "0+8") as p:
			swap = self.swapped(p.children)
			for pids in (p.children[:1], p.children):
				done = run("top", "-b", "-n", "2", "-d", "0.1", "--csv", "-o", "swap,swap_pss", "--by", "process",
					"-k", "shmem", "--pid", ",".join(map(str, pids)))
				rows = done.stdout.decode().split("\r\n")[1:-1]
				self.assertEqual(len(rows), 2 * len(pids))
				for row in rows:
					self.assertEqual(row.split(",")[-2:], [str(swap), str(swap // 2)])

	def test_against_the_kernel(self):
		"""Where nothing else is swapped, or all of it is mapped."""
		def used():
			with open("/proc/meminfo", encoding="ascii") as f:
				sizes = {k: 1024 * int(v.split()[0]) for k, v in (line.split(":") for line in f)}
			return sizes["SwapTotal"] - sizes["SwapFree"], sizes["SwapCached"]
		with Program(SWAP, "anon", "0+8", "0+8", "0+8"), Program(SWAP, "sysv", "0+8", "0+2"):
			before, cached = used()
			found = self.report()["totals"]["swap_pss"]
			after, cached_after = used()
			if before != after:
				self.skipTest("others are swapped")
			self.assertLessEqual(abs(found - after), max(cached, cached_after) + MIB)

"""Shared memory against what the kernel counts as such."""

import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from anonmem import IS_ROOT, MIB, Live, run

# Makes `size` bytes of each sort of shared memory, of another size each, and what is none beside.
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
# Half of it is copied, which makes that half no shared memory.
fd = os.memfd_create("private")
os.write(fd, b"x" * (2 * size))
m = mmap.mmap(fd, 2 * size, mmap.MAP_PRIVATE)
for page in range(0, 2 * size, mmap.PAGESIZE):
	m[page]
m[:size] = b"y" * size
kept.append(m)
fill(os.open(f"{folder}/file", os.O_RDWR | os.O_CREAT), 5)
# A ring, which is none of these.
ring = ctypes.c_ulong(0)
libc.syscall({"x86_64": 206, "aarch64": 0}[os.uname().machine], 4096, ctypes.byref(ring))
print("ready", flush=True)
sys.stdin.read()
"""


class Maker:
	"""A process that has shared memory, and files in `folder`."""

	def __init__(self, folder, prefix=()):
		# pylint: disable=consider-using-with
		self.process = subprocess.Popen([*prefix, sys.executable, "-c", MAKE, folder],
			stdin=subprocess.PIPE, stdout=subprocess.PIPE)
		if self.process.stdout.readline() != b"ready\n":
			raise AssertionError("no shared memory could be made")

	def __enter__(self):
		with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as f:
			children = f.read().split()
		return int(children[0]) if children else self.process.pid

	def __exit__(self, *_):
		self.process.stdin.close()
		self.process.wait(20)
		self.process.stdout.close()


def status(pid, name):
	with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as f:
		return 1024 * int(re.search(rf"^{name}:\s+(\d+) kB", f.read(), re.M).group(1))


def rollup(pid, name):
	with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
		return 1024 * int(re.search(rf"^{name}:\s+(\d+) kB", f.read(), re.M).group(1))


class SharedMemory(Live):
	def agrees_with_the_kernel(self, pid):
		"""The rows of kind shmem, of which what was copied is anonymous memory."""
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
					for _ in range(100):
						if b"program" in run("-p", program.pid, "--by", "file").stdout:
							break
					rows = self.agrees_with_the_kernel(program.pid)
					self.assertGreater(rows["[posix_shm]"]["rss"], 0)
				finally:
					program.kill()

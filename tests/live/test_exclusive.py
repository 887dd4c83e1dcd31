"""What is freed if processes end: the column exclusive."""

import ctypes
import mmap
import os
import shutil
import subprocess
import tempfile
import unittest

import anonmem
import helper
from anonmem import IS_ROOT, MIB, NOBODY, Live, run
from helper import Helper, wait_for_state

COMMON = {"[memfd:thrice]": 16 * MIB, "[sysv_shm]": 4 * MIB, "[anon_shmem]": 2 * MIB}
LARGE, OWN, LITTLE = 64 * MIB, 256 * 1024, MIB  # little: stack, heap, .bss and data of libraries
WITHOUT_ADMIN = ["setpriv", "--bounding-set", "-sys_admin"]


def sees_pages():
	"""Whether the kernel identifies pages, as for root outside of user namespaces."""
	try:
		with open("/proc/self/pagemap", "rb") as pagemap, open("/proc/kpagecount", "rb"):
			memory = mmap.mmap(-1, mmap.PAGESIZE)
			memory[0] = 1
			with open("/proc/self/maps", encoding="utf-8") as maps:
				stack = next(line for line in maps if "[stack]" in line)
			pagemap.seek((int(stack.split("-")[1].split()[0], 16) // mmap.PAGESIZE - 1) * 8)
			return int.from_bytes(pagemap.read(8), "little") & ((1 << 55) - 1) != 0
	except OSError:
		return False


def bounds(row):
	return row["exclusive"], row.get("exclusive_max", row["exclusive"])


def pids_of(h):
	return ",".join(map(str, [h.pid, *h.children]))


class Rows(Live):
	def rows(self, pids, by, *more, prefix=()):
		report = self.report("--pid", pids, "--by", by, "-o", "exclusive", *more, prefix=prefix)
		return {g["pid" if by == "process" else by]: g for g in report["groups"]}, report["totals"]

	def is_about(self, row, wanted):
		low, high = bounds(row)
		self.assertEqual(low, high)
		self.assertGreaterEqual(low, wanted)
		self.assertLess(low, wanted + LITTLE)

	def object(self, pid, label):
		return bounds(self.rows(pid, "label")[0][label])


@unittest.skipUnless(sees_pages(), "needs root, who may look at pages")
class Exact(Rows):
	def check_family(self, command):
		with Helper(command, 5) as h:
			everything = LARGE + sum(COMMON.values()) + 5 * OWN
			labels, totals = self.rows(pids_of(h), "label")
			for label, size in COMMON.items():
				self.assertEqual(bounds(labels[label]), (size, size), label)
			self.is_about(labels["[anon]"], LARGE + 5 * OWN)
			self.is_about(totals, everything)
			for by in ("name", "user", "cgroup", "kind"):
				rows, totals = self.rows(pids_of(h), by)
				self.is_about(totals, everything)
				self.assertEqual(len(rows) == 1, by != "kind")
				if by != "kind":
					self.assertEqual(bounds(*rows.values()), bounds(totals))
			# A single process has what it does not share.
			rows, totals = self.rows(pids_of(h), "process")
			self.is_about(totals, everything)
			self.is_about(rows[h.pid], 0)
			for child in h.children:
				self.is_about(rows[child], OWN)

	def test_family(self):
		self.check_family("family")

	def test_huge_pages(self):
		self.check_family("huge-family")

	def test_part_of_a_family(self):
		"""Processes that were not selected keep what they share."""
		with Helper("family", 2) as h:
			labels, totals = self.rows(f"{h.pid},{h.children[0]}", "label")
			self.is_about(totals, OWN)
			for label in COMMON:
				self.assertEqual(bounds(labels[label]), (0, 0), label)

	def test_one_process(self):
		"""USS excludes what a process maps several times."""
		with Helper("family") as h:
			labels, totals = self.rows(h.pid, "label")
			self.assertEqual(labels["[memfd:thrice]"]["uss"], 0)
			self.assertEqual(bounds(labels["[memfd:thrice]"]), (16 * MIB,) * 2)
			self.is_about(totals, LARGE + sum(COMMON.values()))

	def test_descriptor_of_another(self):
		with Helper("family") as h:
			path = f"/proc/{h.pid}/fd/{int(h.ranges['descriptor'][0])}"
			with open(path, "rb"):
				self.assertEqual(self.object(h.pid, "[memfd:thrice]"), (0, 0))
			self.assertEqual(self.object(h.pid, "[memfd:thrice]"), (16 * MIB,) * 2)

	def test_untouched_mapping_of_another(self):
		"""It has no page of the object, but would keep it."""
		with Helper("family") as h:
			path = f"/proc/{h.pid}/fd/{int(h.ranges['descriptor'][0])}"
			with open(path, "rb") as memfd:
				mapping = mmap.mmap(memfd.fileno(), 16 * MIB, prot=mmap.PROT_READ)
			self.assertEqual(self.object(h.pid, "[memfd:thrice]"), (0, 0))
			self.assertEqual(bounds(self.rows(f"{h.pid},{os.getpid()}", "label")[0]
				["[memfd:thrice]"]), (16 * MIB,) * 2)
			mapping.close()

	def test_pages_beyond_the_mapping(self):
		"""An object goes away as a whole."""
		with open(os.memfd_create("whole"), "r+b") as memfd:
			memfd.write(bytes(8 * MIB))
			memfd.flush()
			mapping = mmap.mmap(memfd.fileno(), mmap.PAGESIZE)
		self.assertEqual(self.object(os.getpid(), "[memfd:whole]"), (8 * MIB,) * 2)
		mapping.close()

	def test_main_thread_that_has_ended(self):
		with subprocess.Popen([helper.PROGRAM, "headless"], stdin=subprocess.PIPE,
				stdout=subprocess.PIPE) as process:
			process.stdout.readline()
			wait_for_state(process.pid, "Z")
			self.assertEqual(self.object(process.pid, "[memfd:headless]"), (4 * MIB,) * 2)
			process.stdin.close()

	def test_segment_that_stays(self):
		"""A System V segment stays unless it is marked for removal."""
		libc = ctypes.CDLL(None, use_errno=True)
		libc.shmat.restype = ctypes.c_void_p
		segment = libc.shmget(0, 4 * MIB, 0o1600)  # IPC_PRIVATE, IPC_CREAT
		try:
			address = libc.shmat(segment, None, 0)
			ctypes.memset(address, 1, 4 * MIB)
			self.assertEqual(self.object(os.getpid(), "[sysv_shm]"), (0, 0))
		finally:
			libc.shmctl(segment, 0, None)  # IPC_RMID
		self.assertEqual(self.object(os.getpid(), "[sysv_shm]"), (4 * MIB,) * 2)
		libc.shmdt(ctypes.c_void_p(address))

	def test_file_of_tmpfs(self):
		"""A file stays as long as it has a name."""
		with tempfile.NamedTemporaryFile(dir="/dev/shm", delete=False) as file:
			file.write(bytes(4 * MIB))
			file.flush()
			with mmap.mmap(file.fileno(), 4 * MIB) as mapping:
				mapping[0] = 1

				def found():
					rows, _ = self.rows(os.getpid(), "file")
					return next(bounds(g) for name, g in rows.items() if name.startswith(file.name))

				self.assertEqual(found(), (0, 0))
				os.rename(file.name, file.name + ".other")
				self.assertEqual(found(), (0, 0))
				os.unlink(file.name + ".other")
				self.assertEqual(found(), (4 * MIB,) * 2)

	def test_no_note_of_bounds(self):
		with Helper("family") as h:
			notes = self.report("--pid", h.pid, "-o", "exclusive")["notes"]
			self.assertFalse([n for n in notes if "bounds" in n])


@unittest.skipUnless(IS_ROOT, "needs root, to become others")
class Bounds(Rows):
	"""For a user who may not examine pages."""

	def check(self, h, note, *more, prefix=()):
		labels, totals = self.rows(pids_of(h), "label", *more, prefix=prefix)
		for label, size in {**COMMON, "[anon]": LARGE + 5 * OWN}.items():
			low, high = bounds(labels[label])
			self.assertLessEqual(low, size + LITTLE, label)
			self.assertGreaterEqual(high, size, label)
			self.assertLess(high, size + LITTLE, label)
		self.assertGreaterEqual(labels["[anon]"]["exclusive"], 5 * OWN)
		low, high = bounds(totals)
		self.assertLess(low, high)
		self.assertGreaterEqual(high, LARGE + sum(COMMON.values()) + 5 * OWN)
		report = self.report("--pid", h.pid, "-o", "exclusive", *more, prefix=prefix)
		self.assertIn(note, " ".join(report["notes"]))

	def test_without_the_right(self):
		with Helper("family", 5) as h:
			self.check(h, "run as root", prefix=WITHOUT_ADMIN)

	def test_ordinary_user(self):
		with tempfile.TemporaryDirectory() as folder:
			os.chmod(folder, 0o755)
			copy = shutil.copy(os.path.realpath(helper.PROGRAM), folder)
			os.chmod(copy, 0o755)
			with Helper("family", 5, program=copy, prefix=NOBODY) as h:
				self.check(h, "run as root", prefix=self.as_nobody(folder))

	def as_nobody(self, folder):
		"""A prefix that runs a copy of anonmem instead; gcov needs a directory to which it may write."""
		program = os.path.join(folder, "anonmem")
		shutil.copy(anonmem.PROGRAM, program)
		os.chmod(program, 0o755)
		return [*NOBODY, "env", f"GCOV_PREFIX={folder}", "sh", "-c", 'shift; exec "$0" "$@"', program]

	def test_own_process(self):
		"""Its own process, without children: nothing of the large part is shared."""
		with Helper("family") as h:
			labels, _ = self.rows(h.pid, "label", prefix=WITHOUT_ADMIN)
			self.is_about(labels["[anon]"], LARGE)
			low, high = bounds(labels["[memfd:thrice]"])
			self.assertEqual(low, 0)
			self.assertGreaterEqual(high, 16 * MIB)

	def test_watch(self):
		with Helper("family", 5) as h:
			done = run("top", "-b", "-n", "1", "--json", "--pid", pids_of(h), "--by", "name",
				"-o", "exclusive", "--max-stall", "60s")
			self.assertIn(b'"exclusive_max"', done.stdout)
			self.assertIn(b"anonmem top does not examine single pages", done.stdout)

"""What lies in unnamed memory shows what it is; and nobody notices that it was looked at."""

import os
import platform
import shutil
import subprocess
import unittest

import helper
from anonmem import MIB
from programs import Programs, compile_c, compiles

OBJECTS = "import sys; keep = [str(n) for n in range(300000)]; b = [bytearray(1 << 20) for n in range(20)];" \
	"print('ready', flush=True); sys.stdin.read()"


def state(pid):
	"""What a reader could change of a process."""
	with open(f"/proc/{pid}/status", encoding="ascii") as f:
		status = dict(line.split(":", 1) for line in f)
	with open(f"/proc/{pid}/stat", encoding="ascii") as f:
		fields = f.read().rsplit(")", 1)[1].split()
	found = {name: status[name].split() for name in ("VmRSS", "RssAnon", "VmPTE", "VmSwap", "VmSize")}
	found["faults"] = fields[7], fields[9]  # minor and major
	with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/pagemap", "rb") as pages:
		for line in maps:
			start, end = (int(n, 16) for n in line.split()[0].split("-"))
			if end < 1 << 48:
				pages.seek(start // 4096 * 8)
				entries = bytearray(pages.read((end - start) // 4096 * 8))
				# Whether nobody else maps a page depends on other processes, and where in the
				# machine's memory it lies, on the kernel, which may move it.
				for at in range(6):
					entries[at::8] = bytes(len(entries) // 8)
				entries[6::8] = bytes(byte & 0x80 for byte in entries[6::8])
				entries[7::8] = bytes(byte & 0xfe for byte in entries[7::8])
				found[start] = bytes(entries)
	return found


class Content(Programs):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.program = os.path.join(cls.folder, "content")
		compile_c("content.c", cls.program, "-pthread", "-w")

	def found(self, command, *arguments):
		"""RSS by label of a program's anonymous memory, which a scan that spares the process finds, too."""
		with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
				stderr=subprocess.DEVNULL) as p:
			said = p.stdout.readline()
			if said == b"ready\n":
				helper.wait_until_asleep(p.pid)  # valgrind translates what follows
				report, spared = (self.report("--pid", p.pid, "--kind", "anon", *arguments, *more)
					for more in ((), ("--max-stall", "1us")))
			p.stdin.close()
		if said == b"cannot\n":
			self.skipTest("this kernel lets nobody watch memory")
		self.assertEqual(said, b"ready\n")
		found, scanned = ({g["label"]: g["rss"] for g in r["groups"]} for r in (report, spared))
		if scanned != found:  # as for one that may watch its own memory
			self.assertIn("watched", command)
			self.assertNotIn("~malloc", scanned)
		return found

	def test_chunks(self):
		found = self.found([self.program, "chunks"])
		self.assertEqual(found["~malloc"], 20 * (MIB + 4096))
		self.assertNotIn("~malloc", self.found([self.program, "chunks"], "--infer=place"))

	def test_lookalikes(self):
		found = self.found([self.program, "lookalikes"])
		self.assertEqual(found["~malloc?"], MIB)
		self.assertNotIn("~malloc", found)
		self.assertGreaterEqual(found["[anon]"], 11 * MIB)

	def test_imitation(self):
		found = self.found([self.program, "imitation"])
		self.assertEqual(found["~malloc?"], 4 * MIB)
		self.assertNotIn("~malloc", found)

	@unittest.skipUnless(compiles("gcc", "-m32"), "no compiler for 32 bits")
	def test_32_bits(self):
		path = os.path.join(self.folder, "content32")
		compile_c("content.c", path, "-m32", "-pthread", "-w", "-D_FILE_OFFSET_BITS=64")
		self.assertEqual(self.found([path, "chunks"])["~malloc"], 20 * (MIB + 4096))
		found = self.found([path, "imitation"])
		self.assertEqual(found["~malloc?"], 4 * MIB)
		self.assertNotIn("~malloc", found)

	@unittest.skipUnless(platform.machine() == "x86_64", "threads do not show")
	def test_stacks(self):
		for mode in ("stacks", "merged"):
			found = self.found([self.program, mode])
			self.assertGreaterEqual(found["~thread stack"], MIB)
			self.assertLess(found["~thread stack"], 2 * MIB)
			if mode == "merged":
				self.assertGreaterEqual(found["[anon]"], 8 * MIB)

	@unittest.skipUnless(platform.machine() == "x86_64", "threads do not show")
	def test_no_stack(self):
		found = self.found([self.program, "partition"])
		self.assertGreaterEqual(found["[anon]"], MIB)
		self.assertNotIn("~thread stack?", found)

	def test_little_used_stacks(self):
		found = self.found([self.program, "small"])
		self.assertGreaterEqual(found["~thread stack"], 8 * 8192)
		self.assertLess(found["~thread stack"], MIB)
		self.assertNotIn("~thread stack?", found)
		found = self.found([self.program, "small"], "--infer=place")
		self.assertNotIn("~thread stack", found)

	@unittest.skipUnless(platform.machine() == "x86_64", "threads do not show")
	def test_stacks_in_areas(self):
		self.assertNotIn("~thread stack", self.found([self.program, "areas"]))
		found = self.found([self.program, "ends"])
		self.assertGreaterEqual(found["~thread stack"], 2 * 8192)
		self.assertLess(found["~thread stack"], 2 * 32768)
		self.assertGreaterEqual(found["[anon]"], 2 * 16384)

	def test_alternate_stack(self):
		self.assertNotIn("~thread stack", self.found([self.program, "alternate"]))

	def test_executable_stacks(self):
		path = os.path.join(self.folder, "execstack")
		compile_c("content.c", path, "-pthread", "-w", "-Wl,-z,execstack")
		found = self.found([path, "stacks"], "--infer=place")
		self.assertGreaterEqual(found["~thread stack?"], MIB)
		self.assertFalse([label for label in found if label.startswith("~jit")])

	def test_text(self):
		found = self.found([self.program, "text"])
		self.assertEqual(found["~program text"], 4 * MIB)

	def test_executable_heap(self):
		found = self.found([self.program, "heap"])
		self.assertFalse([label for label in found if label.startswith("~jit")])

	def test_valgrind(self):
		if not shutil.which("valgrind"):
			self.skipTest("valgrind is not installed")
		found = self.found(["valgrind", "-q", self.program, "chunks"])
		self.assertFalse([label for label, rss in found.items() if label.startswith("~jit") and rss])

	def test_executable_data(self):
		"""As the kernel itself has it for old programs on i386."""
		found = self.found(["setarch", "-X", self.program, "chunks"])
		self.assertEqual(found["~malloc"], 20 * (MIB + 4096))
		self.assertFalse([label for label in found if label.startswith("~jit")])

	def test_watched(self):
		found = self.found([self.program, "watched"])
		self.assertNotIn("~malloc", found)

	def test_nobody_notices(self):
		with subprocess.Popen(["/usr/bin/python3", "-c", OBJECTS], stdin=subprocess.PIPE,
				stdout=subprocess.PIPE) as p:
			self.assertEqual(p.stdout.readline(), b"ready\n")
			helper.wait_for_state(p.pid, "S")  # it runs a little before it waits
			before = state(p.pid)
			report = self.report("--pid", p.pid, "--kind", "anon")
			after = state(p.pid)
			spared = self.report("--pid", p.pid, "--kind", "anon", "--max-stall", "1us")
			self.assertEqual(after, state(p.pid))
			p.stdin.close()
		self.assertEqual(*({g["label"]: g["rss"] for g in r["groups"]} for r in (report, spared)))
		self.assertIn("~malloc", {g["label"] for g in report["groups"]})
		self.assertEqual(before, after)

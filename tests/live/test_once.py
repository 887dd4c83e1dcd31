"""One memory counts once, however many processes have it."""

import ctypes
import json
import os
import re
import subprocess
import tempfile

import anonmem
import helper
from anonmem import ENVIRONMENT, MIB, Live, run
from helper import Helper

SIZE = 8  # MiB that the helper has


class Filter(ctypes.Structure):
	_fields_ = [("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8),
		("k", ctypes.c_uint32)]


class Program(ctypes.Structure):
	_fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.POINTER(Filter))]


def refuse_kcmp():
	"""In a child: from now on, kcmp() fails with EPERM."""
	number = {"x86_64": 312, "aarch64": 272}[os.uname().machine]
	load, equal, give, allow, refuse = 0x20, 0x15, 0x06, 0x7FFF0000, 0x00050001
	filters = (Filter * 4)(Filter(load, 0, 0, 0), Filter(equal, 0, 1, number),
		Filter(give, 0, 0, refuse), Filter(give, 0, 0, allow))
	libc = ctypes.CDLL(None)
	libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
	libc.prctl(22, 2, ctypes.byref(Program(4, filters)), 0, 0)  # PR_SET_SECCOMP


class Once(Live):
	def together(self, h):
		return f"{h.pid},{h.children[0]}"

	def check(self, report, owner, other):
		groups = {g["pid"]: g for g in report["groups"]}
		self.assertEqual(set(groups), {owner, other})
		self.assertNotIn("shares_memory_with", groups[owner])
		self.assertEqual(groups[other]["shares_memory_with"], owner)
		for name in ("mappings", "size", "rss", "pss", "uss", "anonymous", "swap"):
			self.assertEqual(groups[other][name], 0, name)
		self.assertGreaterEqual(groups[owner]["uss"], SIZE * MIB)
		self.assertEqual(report["totals"]["rss"], groups[owner]["rss"])
		self.assertEqual(report["totals"]["processes"], 2)
		self.assertTrue(any(f"{other} shares that of {owner}" in n for n in report["notes"]))

	def test_counted_once(self):
		for command in ("clone", "vfork"):
			for jobs in (1, 4):
				with self.subTest(command=command, jobs=jobs), Helper(command, SIZE) as h:
					report = self.report("--pid", self.together(h), "--by", "process", "--jobs", jobs)
					self.check(report, h.pid, h.children[0])

	def test_among_all(self):
		with Helper("clone", SIZE) as h:
			self.check(self.report("--name", f"^{os.path.basename(helper.PROGRAM)}"[:16], "--by", "process"),
				h.pid, h.children[0])

	def test_labels(self):
		with Helper("clone", SIZE) as h:
			both, one = self.report("--pid", self.together(h)), self.report("--pid", h.pid)
			self.assertEqual(both["totals"]["rss"], one["totals"]["rss"])
			self.assertEqual(both["totals"]["mappings"], one["totals"]["mappings"])
			self.assertTrue(all(g["processes"] == 2 for g in both["groups"]))

	def test_alone(self):
		"""The requested process counts the memory, even if others share it."""
		with Helper("clone", SIZE) as h:
			group = self.report("--pid", h.children[0], "--by", "process")["groups"][0]
			self.assertGreaterEqual(group["uss"], SIZE * MIB)
			self.assertNotIn("shares_memory_with", group)

	def test_fast(self):
		with Helper("clone", SIZE) as h:
			report = self.report("--pid", self.together(h), "--by", "process", "--fast")
			self.assertLess(report["totals"]["rss"], 2 * SIZE * MIB)

	def test_children_of_fork(self):
		"""They look alike, but have their own memory."""
		with Helper("sleepers", 9) as h:
			report = self.report("--pid", ",".join(map(str, h.children)), "--by", "process")
			self.assertTrue(all(g["rss"] > 0 and "shares_memory_with" not in g for g in report["groups"]))
			self.assertFalse(any("share" in note for note in report["notes"]))

	def test_verify(self):
		with Helper("clone", SIZE) as h:
			done = self.agrees("--pid", self.together(h))
			self.assertIn(b"1 of 1 process agrees with smaps_rollup", done.stdout)

	def test_thread(self):
		with Helper("thread") as h:
			for pids in (h.children[0], self.together(h)):
				report = self.report("--pid", pids, "--by", "process")
				self.assertEqual([g["pid"] for g in report["groups"]], [h.pid])
				self.assertEqual(report["coverage"]["seen"], 1)

	def test_watch(self):
		with Helper("clone", SIZE) as h:
			done = run("top", "-b", "-n", 3, "-d", "0.1", "--pid", self.together(h), "--by", "process", "--json")
			reports = [json.loads(line) for line in done.stdout.splitlines()]
			self.assertEqual(len(reports), 3)
			for report in reports:
				self.check(report, h.pid, h.children[0])

	def test_who_is_left(self):
		"""When the owner exits, the other process counts the memory, although it did nothing."""
		h = Helper("clone", SIZE)
		self.addCleanup(h.process.stdout.close)
		self.addCleanup(h.process.stdin.close)
		with Helper("thread") as other, subprocess.Popen([anonmem.PROGRAM, "top", "-b", "-n", "40", "-d",
				"0.05", "--pid", f"{other.pid},{self.together(h)}", "--by", "process", "--json"],
				stdout=subprocess.PIPE, env=ENVIRONMENT) as top:
			reports = [json.loads(top.stdout.readline())]
			h.process.kill()
			h.process.wait()
			reports += [json.loads(line) for line in top.stdout]
		there = [{g["pid"]: g for g in r["groups"] if g["state"] != "gone"} for r in reports]
		self.assertEqual(there[0][h.children[0]]["shares_memory_with"], h.pid)
		self.assertEqual(set(there[-1]), {other.pid, h.children[0]})
		self.assertNotIn("shares_memory_with", there[-1][h.children[0]])
		self.assertGreaterEqual(there[-1][h.children[0]]["rss"], SIZE * MIB)

	def test_summary(self):
		with subprocess.Popen([anonmem.PROGRAM, "run", "--summary", helper.PROGRAM, "clone", "64"],
				stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
				env=ENVIRONMENT) as process:
			while process.stdout.readline() != b"ready\n":
				self.assertIsNone(process.poll())
			helper.wait_for_readings(process.pid)
			text = process.communicate(timeout=helper.PATIENCE)[1].decode()
		total = next(line.split() for line in text.splitlines() if line.startswith("TOTAL"))
		self.assertEqual(total[1], "2")
		self.assertTrue(re.fullmatch(r"6\dM", total[3]), text)

	def test_doctor(self):
		with Helper("clone", SIZE) as h:
			both, one = (json.loads(run("doctor", "--json", "--pid", p).stdout)["memory"]
				for p in (self.together(h), h.pid))
			self.assertEqual(both, one)

	def test_refused(self):
		with Helper("clone", SIZE) as h:
			done = run("--pid", self.together(h), "--by", "process", "--json", preexec_fn=refuse_kcmp)
			report = json.loads(done.stdout)
			self.assertGreater(report["totals"]["rss"], 2 * SIZE * MIB)
			self.assertTrue(any("may share the memory of another" in n and "kcmp" in n for n in report["notes"]),
				report["notes"])

	def test_capture(self):
		with Helper("clone", SIZE) as h, Helper("sleepers", 3) as alike, \
				tempfile.TemporaryDirectory() as folder:
			tree = os.path.join(folder, "tree")
			pids = [h.pid, *h.children, *alike.children]
			self.assertEqual(run("capture", "--output", f"{tree}.tar", *pids).returncode, 0)
			os.mkdir(tree)
			subprocess.run(["tar", "-xf", f"{tree}.tar", "-C", tree], check=True)
			with open(f"{tree}/shared-memory", encoding="ascii") as f:
				self.assertEqual(f.read(), f"{h.pid} {h.children[0]}\n")
			for pid in alike.children:
				subprocess.run(["rm", "-r", f"{tree}/{pid}"], check=True)
			self.check(self.report("--root", tree, "--by", "process"), h.pid, h.children[0])
			os.remove(f"{tree}/shared-memory")
			report = self.report("--root", tree, "--by", "process")
			self.assertGreater(report["totals"]["rss"], 2 * SIZE * MIB)
			self.assertTrue(any("may share the memory of another" in n for n in report["notes"]), report["notes"])

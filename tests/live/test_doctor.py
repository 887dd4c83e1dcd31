"""anonmem doctor."""

import json
import os
import subprocess

import helper
from anonmem import MIB, Live, outcomes, run
from helper import Helper
from interpreters import OBJECTS


class Doctor(Live):
	def doctor(self, *arguments):
		done = run("doctor", *arguments, "--json")
		self.assertEqual((done.returncode, done.stderr), (0, b""))
		found = json.loads(done.stdout)
		self.assertEqual(found["schema"], "anonmem-doctor/1")
		return found

	def test_machine(self):
		found, report = self.doctor(), self.report("--by", "kind")
		for name in ("kernel", "kernel_labels"):
			self.assertEqual(found[name], report[name])
		self.assertEqual(found["coverage"]["seen"], outcomes(found["coverage"]))
		self.assertGreater(found["coverage"]["read"], 0)

	def test_memory(self):
		"""The same sums as in a report."""
		with Helper("inferred") as h:
			memory = self.doctor("--pid", h.pid)["memory"]
			wanted = dict.fromkeys(memory, 0)
			for g in self.report("--pid", h.pid, "--kind", "anon")["groups"]:
				word = "unknown" if g["label"] == "[anon]" else g["origin"]
				wanted["process" if g["label"].startswith("[anon:") else word] += g["pss"]
			self.assertEqual(memory, wanted)
			self.assertGreater(memory["inferred"], 4 * MIB)

	def test_programs(self):
		with Helper("inferred") as h:
			found = {k["program"]: k for k in self.doctor("--pid", h.pid)["known"]}
			self.assertIn("GNU C library", found)
			self.assertEqual(found["Go"]["names"], [os.path.basename(helper.PROGRAM)])
			version = os.confstr("CS_GNU_LIBC_VERSION").split()[1]
			self.assertEqual(found["GNU C library"]["version"], version)
			self.assertIn("glibc.mem.decorate_maps=1", found["GNU C library"]["advice"])
		with subprocess.Popen(["/usr/bin/python3", "-c", OBJECTS], stdin=subprocess.PIPE,
				stdout=subprocess.PIPE) as p:
			p.stdout.readline()
			programs = [k["program"] for k in self.doctor("--pid", p.pid)["known"]]
			p.stdin.close()
		self.assertEqual(programs, ["GNU C library", "Python"])

	def test_text(self):
		with Helper("inferred") as h:
			text = run("doctor", "--pid", h.pid).stdout.decode()
			keeps = self.report("--pid", h.pid)["kernel_labels"]
			self.assertIn("keeps names of memory" if keeps else "keeps no names of memory", text)
			self.assertIn("1 of 1 process read.", text)
			self.assertRegex(text, r"% +guessed \(~\)")
			self.assertIn(f"GNU C library, 1 process ({os.path.basename(helper.PROGRAM)}):", text)

	def test_hostile_name(self):
		with Helper("name") as h:
			text = run("doctor", "--pid", h.pid).stdout
			self.assertIn(rb"a) R 1\n\033[2J\377", text)
			self.assertNotIn(b"\x1b", text)
			self.assertEqual(self.doctor("--pid", h.pid)["known"][0]["names"],
				[r"a) R 1\n\033[2J\377"])

	def test_version(self):
		"""The system's version, whichever library a process has."""
		with Helper("sleepers") as h:
			known = self.doctor("--pid", h.pid)["known"][0]
			self.assertEqual(known["program"], "GNU C library")
			self.assertEqual(known["version"], os.confstr("CS_GNU_LIBC_VERSION").split()[1])

	def test_no_such_process(self):
		with Helper("sleepers") as h:
			pid = h.pid
		self.fails(1, "doctor", "--pid", pid, words="no such process")

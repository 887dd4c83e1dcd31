"""Which processes are read, and what is reported about the machine."""

import json
import os
import signal
import subprocess

import helper
from anonmem import Live, lasting, run
from helper import Helper


class Selection(Live):
	def test_several_pids(self):
		with Helper("sleepers", 3) as h:
			report = self.report("-p", f"{h.pid},{h.children[0]}", "-p", h.children[1],
				"--by", "process")
			self.assertEqual([g["pid"] for g in sorted(report["groups"], key=lambda g: g["pid"])],
				sorted([h.pid, *h.children[:2]]))
			self.assertEqual(report["coverage"]["seen"], 3)
			self.assertTrue(all(g["start_time"] > 0 for g in report["groups"]))

	def test_several_hundred(self):
		with Helper("sleepers", 302) as h:
			pids = ",".join(map(str, h.children))
			report = self.report("--pid", pids, "--by", "process")
			self.assertEqual((report["coverage"]["read"], len(report["groups"])), (302, 302))
			self.assertEqual(report["totals"]["processes"], 302)
			self.assertEqual(self.report("--name", f"^{os.path.basename(helper.PROGRAM)}$")["coverage"]["read"], 303)
			everything = self.report("--by", "process")
			self.assertLessEqual(set(h.children), {g["pid"] for g in everything["groups"]})

	def test_by_name_and_user(self):
		with Helper("sleepers", 2) as h:
			program = os.path.basename(helper.PROGRAM)
			report = self.report("--name", f"^{program}$", "--user", os.geteuid(), "--by", "user,name")
			self.assertEqual(len(report["groups"]), 1)
			self.assertEqual(report["groups"][0]["processes"], 1 + len(h.children))
			self.assertEqual(self.report("--user", 4242424, status=1)["coverage"]["seen"], 0)

	def test_operands_and_lists(self):
		with Helper("sleepers", 2) as h:
			pids = [h.pid, *h.children]
			for words in (pids, ["-p", *pids], ["-p", "\n".join(map(str, pids))],
					["-p", " ".join(map(str, pids)), "--no-infer"]):
				report = self.report(*words, "--by", "process")
				self.assertEqual({g["pid"] for g in report["groups"]}, set(pids), words)

	def test_children(self):
		with Helper("sleepers", 3) as h:
			family = {h.pid, *h.children}
			name = f"^{os.path.basename(helper.PROGRAM)}$"
			for words in (["-p", h.pid], [os.getpid()], ["--name", name], ["-p", h.pid, "--name", name]):
				report = self.report(*words, "--children", "--by", "process")
				self.assertLessEqual(family, {g["pid"] for g in report["groups"]}, words)
			report = self.report("-p", h.children[0], "--children", "--by", "process")
			self.assertEqual([g["pid"] for g in report["groups"]], h.children[:1])
			self.assertEqual(self.report("-p", h.pid)["coverage"]["seen"], 1)

	def test_children_of_what_is_not_there(self):
		with subprocess.Popen(["true"]) as ended:
			ended.wait()
		gone = ended.pid
		self.fails(1, "-p", gone, "--children", "--json", words="no such process")

	def test_children_that_come(self):
		"""Each is the parent of the next: those that existed before anonmem started must be found."""
		script = "import os, time\nprint(os.getpid(), flush=True)\nfor _ in range(60):\n" \
			"\ttime.sleep(.005)\n\tif os.fork():\n\t\ttime.sleep(600)\n\t\tbreak\n" \
			"\tprint(os.getpid(), flush=True)\ntime.sleep(600)"
		with subprocess.Popen(["/usr/bin/python3", "-c", script], stdout=subprocess.PIPE) as first:
			os.set_blocking(first.stdout.fileno(), False)
			there, waiting = [], 2000
			try:
				while len(there) < 60 and waiting:
					there += [int(pid) for pid in (first.stdout.read() or b"").split()]
					found = self.report("-p", first.pid, "--children", "--by", "process")["groups"]
					self.assertLessEqual(set(there), {g["pid"] for g in found})
					waiting -= 1
			finally:
				there += [int(pid) for pid in (first.stdout.read() or b"").split()]
				for pid in reversed(there):
					os.kill(pid, signal.SIGKILL)
			self.assertEqual(len(there), 61)

	def test_nothing_matches(self):
		for words, said in ((["--name", "^no such$"], '--name "^no such$"'),
				(["--user", 4242424], '--user "4242424"'),
				(["--cgroup", "/no such"], '--cgroup "/no such"'),
				(["-p", os.getpid(), "--label", "no such"],
				'no memory of 1 process matches --label "no such"')):
			done = run(*words, "--json")
			self.assertEqual(done.returncode, 1)
			self.assertIn(said, done.stderr.decode())
			self.assertEqual(done.stderr.count(b"\n"), 1)
			self.assertEqual(json.loads(done.stdout)["groups"], [])
			done = run(*words, "--csv", "-q")
			self.assertEqual((done.returncode, done.stdout.count(b"\n")), (1, 1))

	def test_mappings_by_name(self):
		with Helper("sleepers", 1) as h:
			found = self.report("--name", f"^{os.path.basename(helper.PROGRAM)}$", "--by", "mapping")["groups"]
			own = self.report("-p", h.pid, "--by", "mapping")["groups"]
			self.assertEqual({g["pid"] for g in found}, {h.pid, *h.children})
			self.assertEqual({g["start"] for g in found if g["pid"] == h.pid}, {g["start"] for g in own})

	def test_the_machine(self):
		report = self.report("--by", "kind")
		self.assertEqual(report["host"], os.uname().nodename)
		self.assertEqual(report["kernel"], os.uname().release)
		self.assertEqual(report["page_size"], os.sysconf("SC_PAGESIZE"))
		self.assertIsInstance(report["kernel_labels"], bool)
		self.assertEqual(report["kernel_labels"], not any("keeps no names" in n for n in report["notes"]))
		self.assertEqual(report["source"], {"kind": "proc", "paths": ["/proc"]})
		with open("/proc/meminfo", encoding="ascii") as f:
			total = int(f.readline().split()[1]) * 1024
		self.assertEqual(report["meminfo"]["mem_total"], total)

	def test_mounted_elsewhere(self):
		with Helper("memory") as h:
			here = self.report("--pid", h.pid)
			there = self.report("--root", "/proc", "--pid", h.pid)
			self.assertEqual(lasting(here), lasting(there))
			self.assertEqual(there["source"]["kind"], "tree")

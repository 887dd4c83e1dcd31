"""Processes that block anybody who reads their memory map."""

import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
import unittest
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import anonmem
from actor import Actor
from anonmem import ENVIRONMENT, Chaos, run
from proc import wait_for_state
from screen import on_screen


@unittest.skipUnless(os.path.exists("/dev/fuse"), "it takes a file system in user space")
class Stuck(Chaos):
	def setUp(self):
		# The leak check waits for all threads.
		before = dict(ENVIRONMENT)
		ENVIRONMENT["ASAN_OPTIONS"] += ":detect_leaks=0"
		self.addCleanup(ENVIRONMENT.update, before)
		self.actor = Actor("stuck", 2, "stuck", 2)
		self.addCleanup(self.actor.__exit__)
		for pid in self.actor.pids:
			wait_for_state(self.waiting(pid), "D")

	@staticmethod
	def at_once(function, *arguments):
		"""Its results for each of these lists; all of them wait for the same time."""
		with ThreadPoolExecutor() as threads:
			return list(threads.map(lambda more: function(*more), arguments))

	def wait(self, condition):
		for _ in range(4000):
			if condition():
				return
			time.sleep(0.05)
		self.fail("it did not happen")

	@staticmethod
	def waiting(pid):
		"""The thread that waits to change the memory; it was started before the one that holds the lock."""
		while len(tasks := sorted(map(int, os.listdir(f"/proc/{pid}/task")))) < 3:
			time.sleep(0.01)
		return tasks[1]

	@staticmethod
	def server():
		"""Other tools would hang as well."""
		for pid in filter(str.isdigit, os.listdir("/proc")):
			with contextlib.suppress(OSError), open(f"/proc/{pid}/comm", encoding="latin-1") as f:
				if f.read() == "stuckfs\n":
					return int(pid)
		raise AssertionError("there is no stuckfs")

	def test_named(self):
		for done in self.at_once(lambda *more: run("--pid", self.actor.pids[0], "--json", *more), [], ["--fast"]):
			report = self.parse(done, 1)
			self.assertEqual(report["coverage"]["truncated"], 1)
			self.assertRegex(done.stderr, b"^anonmem: process %d: .* timed out" % self.actor.pids[0])
			self.assertEqual(len(done.stderr.splitlines()), 1)
			self.assertIsNone(report["totals"]["rss"])

	def test_among_others(self):
		with Actor("still", 3, "still", 3) as still:
			for report in self.at_once(lambda *more: self.report("--by", "process", *more),
					[], ["--jobs", 2, "--verify"], ["-o", "command"]):
				self.assertEqual(report["coverage"]["truncated"], 2)
				self.assertLessEqual(set(still.pids), {g["pid"] for g in report["groups"]})
				self.assertFalse(set(self.actor.pids) & {g["pid"] for g in report["groups"]})
				self.assertRegex(" ".join(report["notes"]), "2 processes skipped: .*/proc/")

	def test_not_wanted(self):
		report = self.report("--name", "^still$", "--by", "process", status=1)
		self.assertEqual(report["coverage"]["truncated"], 0)

	def test_doctor(self):
		self.assertEqual(json.loads(run("doctor", "--json").stdout)["coverage"]["truncated"], 2)

	def test_captured(self):
		"""They are left out, and the others are there."""
		with Actor("still", 3, "still", 3) as still, tempfile.TemporaryDirectory() as folder:
			path = os.path.join(folder, "x.tar")
			done = run("capture", "--output", path, "--name", "^(stuck|still)$")
			self.assertEqual(done.returncode, 0, done.stderr)
			self.assertRegex(done.stderr, b"captured 3 processes in .*; 2 left out because .* blocked the reading")
			report = self.report("--from", path, "--by", "process")
			self.assertEqual({g["pid"] for g in report["groups"]}, set(still.pids))

	def test_served(self):
		"""They hold up one reading, no request, and are counted once."""
		with socket.create_server(("127.0.0.1", 0)) as free:
			address = f"127.0.0.1:{free.getsockname()[1]}"

		def ask(path="/metrics"):
			with contextlib.suppress(OSError), urllib.request.urlopen(f"http://{address}{path}", timeout=20) as answer:
				return answer.read().decode()
			return ""

		def value(name):
			found = re.search(rf"^{re.escape(name)} (\S+)$", ask(), re.M)
			return float(found.group(1)) if found else 0

		truncated = 'anonmem_coverage_processes{outcome="truncated"}'
		begun = time.monotonic()
		with subprocess.Popen([anonmem.PROGRAM, "serve", "--listen", address, "-d", "100ms"],
				env=ENVIRONMENT) as serve:
			self.wait(lambda: ask("/"))
			none = value("anonmem_readings_total") == 0  # the first one waits for them, five seconds
			self.assertTrue(none or time.monotonic() > begun + 4)
			self.wait(lambda: value("anonmem_readings_total") > 20)
			self.assertEqual((value(truncated), value("anonmem_processes_timed_out_total")), (2, 2))
			os.kill(self.server(), signal.SIGKILL)
			self.wait(lambda: value(truncated) == 0)
			serve.terminate()
		self.assertEqual(serve.returncode, 0)

	def test_recorded(self):
		"""They hold up one sample, and are recorded once they are no longer blocked."""
		with tempfile.TemporaryDirectory() as folder:
			path = os.path.join(folder, "r.db")

			def ask(columns):
				with contextlib.suppress(sqlite3.OperationalError), \
						contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
					return db.execute(f"SELECT {columns} FROM sample ORDER BY sample").fetchall()
				return []

			with subprocess.Popen([anonmem.PROGRAM, "record", "-d", "100ms", "--name", "^(stuck|still)$",
					"--output", path], stderr=subprocess.DEVNULL, env=ENVIRONMENT) as record:
				try:
					self.wait(lambda: len(ask("sample")) > 20)
					samples = ask("timed_out, reading_us")
					self.assertEqual({timed_out for timed_out, _ in samples}, {2})
					self.assertEqual([us for _, us in samples[1:] if us > 4000000], [])
					os.kill(self.server(), signal.SIGKILL)
					self.wait(lambda: ask("timed_out")[-1:] == [(0,)])
				finally:
					record.terminate()

	def test_stopped(self):
		"""Not all threads would stop, and a shell would wait for the rest."""
		seen = on_screen([signal.SIGTSTP, b" ", b"q"])
		self.assertIn(b"cannot suspend", seen)

	def test_watched(self):
		"""top continues, and the processes are back once they are no longer blocked."""
		with subprocess.Popen([anonmem.PROGRAM, "top", "-b", "-d", "0.1", "--json", "--by", "process",
				"--name", "^(stuck|still)$"], stdout=subprocess.PIPE, env=ENVIRONMENT) as top:
			for line in top.stdout:
				report = json.loads(line)
				truncated = report["coverage"]["truncated"]
				there = {g["pid"] for g in report["groups"]} & set(self.actor.pids)
				if report["refresh"] < 3:
					self.assertEqual((truncated, len(there)), (2, 0))
					self.assertIn("2 processes skipped", " ".join(report["notes"]))
				if report["refresh"] == 3:
					os.kill(self.server(), signal.SIGKILL)
				if len(there) == 2:
					break
			top.terminate()

"""anonmem check of commands: their peaks, their output, their exit status."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest

import anonmem
from anonmem import ENVIRONMENT, MIB, Live, run
from helper import stat, wait_until
from interpreters import AWAIT

SIZE = 48 * MIB

# Named by `anonmem run` after what asked for it.
PROGRAM = AWAIT + f"""
import mmap, os, sys

print("words of the program")
held = mmap.mmap(-1, {SIZE}, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for i in range(0, {SIZE}, 4096):
	held[i] = 1
await_readings(os.getppid())
sys.exit(int(sys.argv[1]))
"""


def check(*arguments, status=0):
	done = run("check", *arguments, "--json", "--", sys.executable, "-c", PROGRAM, str(status))
	return done.returncode, json.loads(done.stdout), done.stderr


def run_to(path, *arguments):
	done = run("check", *arguments, "--json", "--output", path, "--", sys.executable, "-c", PROGRAM, "0")
	return done.returncode, done.stdout, done.stderr


class Check(Live):
	def test_within(self):
		code, found, said = check("--max", "rss=1G")
		self.assertEqual((code, found["result"]), (0, "within"))
		self.assertEqual(found["program_status"], 0)
		self.assertGreater(found["readings"], 0)
		self.assertGreaterEqual(found["rules"][0]["findings"][0]["bytes"], SIZE)
		self.assertIn(b"words of the program", said if isinstance(said, bytes) else said.encode())

	def test_over(self):
		code, found, _ = check("--by", "label", "--max", "rss=40M", "--max", "rss=1G")
		self.assertEqual((code, found["result"]), (4, "over"))
		over, within = found["rules"]
		self.assertEqual([f["result"] for f in over["findings"]], ["over"])
		self.assertGreater(over["matched"], 3)
		self.assertTrue(over["findings"][0]["name"].startswith("[anon:"), over["findings"][0]["name"])
		self.assertEqual(over["findings"][0]["parts"][0]["label"], over["findings"][0]["name"])
		self.assertEqual(within["result"], "within")

	def test_process(self):
		"""Process ids may stand before or behind the options, and a command begins with none."""
		for arguments in ((os.getpid(), os.getppid(), "--max", "rss=100G"), ("--max", "rss=100G", os.getpid()),
				(os.getpid(), "--max=rss=100G", os.getppid())):
			done = run("check", *arguments)
			self.assertEqual(done.returncode, 0, done.stderr)
		self.fails(2, "check", "--max", "1G", os.getpid(), "--max", words="--max needs a value")
		done = run("check", "--max", "1G", sys.executable, "-c", AWAIT +
			"import os, sys; await_readings(os.getppid()); print(sys.argv[1])", "--max")
		self.assertEqual(done.returncode, 0)
		self.assertIn(b"--max", done.stdout + done.stderr)

	def test_fails(self):
		"""The command fails: nobody may think that all is well."""
		code, found, _ = check("--max", "rss=1G", status=3)
		self.assertEqual((code, found["result"], found["program_status"]), (1, "within", 3))

	def test_repeat(self):
		code, found, _ = check("--by", "label", "--max", "rss=1G", "--repeat", "4")
		self.assertEqual((code, found["result"], found["program_status"]), (0, "within", 0))
		self.assertEqual(len(found["runs"]), 4)
		self.assertEqual(found["readings"], sum(run["readings"] for run in found["runs"]))
		most = found["rules"][0]["findings"][0]
		self.assertEqual(len(most["values"]), 4)
		self.assertGreaterEqual(min(most["values"]), SIZE)
		self.repeat_growth(found)

	def repeat_growth(self, found):
		"""Against half of it, and against what it is."""
		with tempfile.TemporaryDirectory() as folder:
			paths = [os.path.join(folder, name) for name in ("same.json", "half.json")]
			for path in paths:
				with open(path, "w", encoding="utf-8") as f:
					json.dump(found, f)
				for figure in (f for r in found["runs"] for f in r["rules"][0]["figures"]):
					figure["bytes"] //= 2
			grown, alike = (run("check", "--by", "label", "--growth", "rss=9%", "--from", paths[0],
				"--baseline", path, "--json") for path in (paths[1], paths[0]))
		self.assertEqual((grown.returncode, alike.returncode), (4, 0))
		finding = json.loads(grown.stdout)["rules"][0]["findings"][0]
		self.assertEqual((finding["result"], finding["difference"]), ("over", "more"))
		self.assertLess(finding["p"], 0.03)
		finding = json.loads(alike.stdout)["rules"][0]["findings"][0]
		self.assertEqual((finding["result"], finding["difference"], finding["p"]), ("within", "noise", 1))

	def test_repeat_to_file(self):
		with tempfile.TemporaryDirectory() as folder:
			path = os.path.join(folder, "check.json")
			code, said, _ = run_to(path, "--max", "rss=1G", "--repeat", "2")
			with open(path, encoding="utf-8") as f:
				found = json.load(f)
		self.assertEqual((code, said, found["result"], len(found["runs"])), (0, b"", "within", 2))

	def test_repeat_fails(self):
		"""It is not run again."""
		code, found, _ = check("--max", "rss=1G", "--repeat", "3", status=3)
		self.assertEqual((code, found["result"], found["program_status"]), (1, "within", 3))
		self.assertEqual(len(found["runs"]), 1)

	def test_repeat_killed(self):
		"""The command ends with the one that repeats it."""
		with subprocess.Popen([anonmem.PROGRAM, "check", "--max", "rss=1G", "--repeat", "3", "--",
				"sh", "-c", "echo $$ >&2; exec sleep 600"], env=ENVIRONMENT,
				stderr=subprocess.PIPE) as process:
			program = int(process.stderr.readline())
			process.send_signal(signal.SIGKILL)
			process.stderr.read()  # until the program has closed it
		wait_until(lambda: (stat(program) or "Z")[0] == "Z", "its end")

	def test_baseline_is_read_first(self):
		"""A command is not run for nothing."""
		with tempfile.TemporaryDirectory() as folder:
			path, ran = (os.path.join(folder, name) for name in ("cut.json", "ran"))
			with open(path, "w", encoding="utf-8") as f:
				f.write('{"schema": "anonmem/1", ')
			for more in ((), ("--repeat", "2")):
				done = run("check", "--growth", "5%", "--baseline", path, *more, "--", "touch", ran)
				self.assertEqual((done.returncode, done.stdout), (1, b""), done.stderr)
				self.assertIn(path, str(done.stderr))
				self.assertFalse(os.path.exists(ran))

	def test_full_and_closed(self):
		for arguments in (("--max", "1G", "--", "true"), ("--max", "1G", "--repeat", "2", "--", "true")):
			for to in (">/dev/full", ">&-"):
				done = subprocess.run(["bash", "-c", f'exec "$@" {to}', "bash", anonmem.PROGRAM, "check",
					*arguments], stderr=subprocess.PIPE, env=ENVIRONMENT, timeout=120, check=False)
				self.assertEqual(done.returncode, 1, (to, done.stderr))
				self.assertIn(b"standard output", done.stderr)

	def test_no_command(self):
		done = run("check", "--max", "rss=1G", "--json", "--", "/nowhere/command")
		self.assertEqual(done.returncode, 1)
		self.assertEqual(json.loads(done.stdout)["program_status"], 127)


if __name__ == "__main__":
	unittest.main()

"""Runs anonmem, and checks what must be true of every report."""

import json
import os
import pty
import re
import subprocess
import unittest

PROGRAM = ""  # live.py sets it
MIB = 1024 * 1024
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
IS_ROOT = os.geteuid() == 0
ENVIRONMENT = {k: v for k, v in os.environ.items() if k not in ("LANGUAGE", "COLUMNS", "NO_COLOR")}
ENVIRONMENT.update(LC_ALL="C.UTF-8", HOME="/nonexistent", XDG_CONFIG_HOME="/nonexistent")


def run(*arguments, prefix=(), timeout=120, **more):
	return subprocess.run([*prefix, PROGRAM, *map(str, arguments)], capture_output=True, check=False,
		env=ENVIRONMENT, timeout=timeout, **more)


def lasting(report):
	"""Counters that stay while the processes sleep: sharing of libraries depends on other processes."""
	everywhere = ("processes", "mappings", "size", "rss", "anonymous", "swap")
	own = ("pss", "pss_dirty", "uss", "locked")
	return {g["label"]: [g[n] for n in everywhere + (own if g["label"] != "[file]" else ())]
		for g in report["groups"] if g["label"] != "[vdso]"}


def outcomes(coverage):
	"""Every process seen must have exactly one outcome."""
	return sum(coverage[n] for n in
		("read", "no_memory", "denied", "vanished", "truncated", "malformed"))


class Live(unittest.TestCase):
	def report(self, *arguments, status=0, prefix=()):
		done = run(*arguments, "--json", prefix=prefix)
		self.assertEqual(done.returncode, status, done.stderr.decode())
		report = json.loads(done.stdout)
		self.assertEqual(report["coverage"]["seen"], outcomes(report["coverage"]))
		return report

	def mapping(self, pid, span):
		"""The counters of a mapping, given its addresses."""
		report = self.report("--pid", pid, "--by", "mapping")
		found = [g for g in report["groups"] if (g["start"], g["end"]) == span]
		self.assertEqual(len(found), 1, f"no single mapping at {span}")
		return found[0]

	def label(self, label, *arguments):
		groups = self.report(*arguments)["groups"]
		return next(g for g in groups if g["label"] == label)

	def agrees(self, *arguments):
		"""The memory of an idle process does not change, but other processes that come or go change the
		sharing of library pages: twenty readings must not all fail."""
		for _ in range(20):
			done = run(*arguments, "--verify")
			if done.returncode == 0:
				return done
		self.fail(done.stdout.decode() + done.stderr.decode())
		return done

	def on_terminal(self, *arguments, ends=False):
		"""The first line that it writes to standard error, if that is a terminal; `ends` it then."""
		ours, its = pty.openpty()
		line = ""
		with subprocess.Popen([PROGRAM, *map(str, arguments)], stderr=its, stdout=subprocess.DEVNULL,
				env=ENVIRONMENT) as process:
			try:
				os.close(its)
				while not line.endswith("\n"):
					line += os.read(ours, 65536).decode()
				return line.splitlines()[0]
			finally:
				if ends:
					process.terminate()
				process.wait(120)
				os.close(ours)

	def fails(self, status, *arguments, words="", **more):
		"""One sentence on standard error."""
		done = run(*arguments, **more)
		# A build that counts lines says so too when it runs as a user who may not write the counts.
		text = re.sub("^profiling:.*\n", "", done.stderr.decode(), flags=re.M)
		self.assertEqual(done.returncode, status, text)
		self.assertEqual(text.count("\n"), 1, text)
		self.assertIn(words, text)
		return done

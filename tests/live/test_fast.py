"""--fast and --max-stall against smaps. On a kernel before Linux 6.7 both fall back to it."""

import subprocess

from anonmem import Live, run
from helper import Helper, wait_for_state


def by_key(report):
	return {(g.get("pid"), g.get("label") or g.get("kind") or g.get("file")): g
		for g in report["groups"]}


class Fast(Live):
	def scans(self, *arguments):
		"""A report by a scan, or None if the kernel cannot scan and the report says so."""
		report = self.report(*arguments)
		if any("cannot scan" in note for note in report["notes"]):
			self.assertEqual(report["read"], "smaps")
			return None
		self.assertEqual(report["read"], "scan")
		return report

	def compare(self, fast, exact, *names):
		"""What the scan knows must agree with smaps."""
		fast, exact = by_key(fast), by_key(exact)
		self.assertEqual(set(fast), set(exact))
		for key, group in fast.items():
			for name in names:
				if group[name] is not None:
					self.assertEqual(group[name], exact[key][name], (key, name))
			self.assertIsNotNone(group["rss"], key)

	def test_memory_of_one_process(self):
		with Helper("memory") as h:
			arguments = ("--pid", h.pid, "--by", "process,label")
			fast, exact = self.scans("--fast", *arguments), self.report(*arguments)
			if not fast:
				return
			self.compare(fast, exact, "mappings", "size", "rss", "anonymous", "swap")
			# Nothing anonymous is shared, so its shares are proven.
			anon, same = by_key(fast)[h.pid, "[anon]"], by_key(exact)[h.pid, "[anon]"]
			self.assertEqual((anon["pss"], anon["uss"]), (same["pss"], same["uss"]))
			# The shares of resident shared memory are not, nor is the rest for the
			# files.
			self.assertIsNone(by_key(fast)[h.pid, "[memfd:anonmem live]"]["pss"])
			self.assertIsNone(by_key(fast)[h.pid, "[file]"]["pss"])

	def test_files_have_the_rest_of_the_rollup(self):
		with subprocess.Popen(["sleep", "60"]) as sleeper:
			try:
				wait_for_state(sleeper.pid, "S")
				for by in "label", "kind":
					fast = self.scans("--fast", "--pid", sleeper.pid, "--by", by)
					if not fast:
						return
					exact = self.report("--pid", sleeper.pid, "--by", by)
					self.compare(fast, exact, "rss", "anonymous", "swap")
					files = next(g for g in fast["groups"] if g[by] in ("[file]", "file"))
					self.assertGreater(files["pss"], 0)
					self.assertIsNotNone(fast["totals"]["pss"])
				# Separately, they are unknown.
				fast = self.scans("--fast", "--pid", sleeper.pid, "--by", "file")
				self.assertTrue(all(g["pss"] is None for g in fast["groups"] if g["file"][0] == "/"))
			finally:
				sleeper.kill()

	def test_shared_with_children(self):
		with Helper("share", 4) as h:
			pids = ",".join(map(str, [h.pid, *h.children]))
			fast = self.scans("--fast", "--pid", pids)
			if not fast:
				return
			self.compare(fast, self.report("--pid", pids), "rss", "size", "anonymous")
			self.assertIsNone(self.group(fast, "[anon]")["pss"])
			self.assertIsNone(fast["totals"]["pss"])

	def group(self, report, label):
		return next(g for g in report["groups"] if g["label"] == label)

	def test_without_shares(self):
		with Helper("memory") as h:
			exact = run("--pid", h.pid, "--csv", "-o", "rss,swap")
			fast = run("--pid", h.pid, "--csv", "-o", "rss,swap", "--fast")
			rows = [sorted(done.stdout.splitlines()) for done in (exact, fast)]
			self.assertEqual([line.split(b",")[:2] for line in rows[0]],
				[line.split(b",")[:2] for line in rows[1]])

	def test_gently(self):
		with Helper("memory") as h:
			arguments = ("--pid", h.pid, "--by", "process,label")
			fast = self.scans("--max-stall", "1us", *arguments)
			if fast:
				self.compare(fast, self.report(*arguments), "size", "rss", "anonymous", "swap")
				self.assertIsNone(self.group(fast, "[anon]")["pss"])
			# What is fast enough is read as usual.
			slow = self.report("--max-stall", "10s", *arguments)
			self.assertEqual(slow["read"], "smaps")
			self.assertIsNotNone(self.group(slow, "[anon]")["pss"])

	def test_everything(self):
		"""Processes that come and go while they are scanned: no crash, and the coverage adds up."""
		with Helper("churn", 4):
			for _ in range(20):
				self.report("--fast")
				self.report("--max-stall", "20us", "--jobs", "4")

	def test_stats(self):
		with Helper("memory") as h:
			done = run("--pid", h.pid, "--stats", "--csv")
			self.assertRegex(done.stderr.decode(),
				rf"[0-9.]+ s, [0-9.]+ s of CPU; [0-9]+ bytes in [0-9]+ calls, the longest "
				rf"[0-9.]+ ms on process {h.pid}\n")

"""Processes that execute other programs while they are read."""

from actor import Actor
from anonmem import Chaos, run
from size import SIZE


class Programs(Chaos):
	def read_each(self, pids):
		for i in range(SIZE.changing):
			done = run("--pid", pids[i % len(pids)], "--by", "process,label", "--json",
				*(["--fast", "-o", "rss"] if i % 3 == 2 else ["--fast"] if i % 3 else []))
			self.assertNotIn(b"no such process", done.stderr)
			report = self.parse(done, done.returncode)
			self.assertEqual(done.returncode, report["coverage"]["truncated"], done.stderr)
			self.check_processes(report)
			coverage = report["coverage"]
			self.assertEqual(coverage["no_memory"], 0, "it always has memory")
			self.assertEqual(coverage["seen"], coverage["read"] + coverage["truncated"])

	def test_exec(self):
		with Actor("exec", 4, "exec", 4) as actor:
			self.read_each(actor.pids)

	def test_borrowed_memory(self):
		"""Until it calls exec, a child of vfork() has its parent's memory."""
		with Actor("vfork", 8, "parent", 8):
			for i in range(SIZE.changing * 2):
				self.check_processes(self.report("--name", "^(kid|parent)$", "--by", "process,label",
					*(["--fast", "-o", "rss"] if i % 2 else [])))

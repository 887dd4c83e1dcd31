"""--verify, and captures by anonmem capture."""

import os
import tempfile

from anonmem import Live, lasting, run
from helper import Helper


class Verify(Live):
	def test_quiet_processes(self):
		with Helper("share", 4) as h:
			pids = ",".join(map(str, [h.pid, *h.children]))
			done = self.agrees("--pid", pids, "--by", "kind")
			self.assertEqual(done.stderr, b"")
			self.assertIn(b"5 of 5 processes agree with smaps_rollup", done.stdout)

	def test_capture(self):
		"""A capture gives the same as the process itself."""
		with Helper("memory") as h, tempfile.TemporaryDirectory() as folder:
			tree = os.path.join(folder, "tree.tar")
			self.assertEqual(run("capture", "--output", tree, h.pid).returncode, 0)
			live = self.report("--pid", h.pid, "--by", "process,label")
			captured = self.report("--from", tree, "--by", "process,label")
			self.assertEqual(lasting(captured), lasting(live))
			self.assertEqual((captured["host"], captured["kernel"]), (live["host"], live["kernel"]))

"""--verify, and captures by dev/capture."""

import os
import subprocess
import tempfile

from anonmem import Live, lasting
from helper import Helper


class Verify(Live):
	def test_quiet_processes(self):
		with Helper("share", 4) as h:
			pids = ",".join(map(str, [h.pid, *h.children]))
			done = self.agrees("--pid", pids, "--by", "kind")
			self.assertEqual(done.stderr, b"")
			self.assertIn(b"5 of 5 processes agree with smaps_rollup", done.stdout)

	def test_capture(self):
		"""A capture by dev/capture gives the same as the process itself."""
		capture = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../dev/capture")
		with Helper("memory") as h, tempfile.TemporaryDirectory() as folder:
			tree = os.path.join(folder, "tree")
			subprocess.run([capture, tree, str(h.pid)], check=True, stdout=subprocess.DEVNULL)
			live = self.report("--pid", h.pid, "--by", "process,label")
			captured = self.report("--root", tree, "--by", "process,label")
			self.assertEqual(lasting(captured), lasting(live))
			self.assertEqual((captured["host"], captured["kernel"]), (live["host"], live["kernel"]))

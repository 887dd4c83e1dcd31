"""Memory needed for very many labels: ANONMEM_LABELS of them, each in one mapping."""

import os
import subprocess
import tempfile

import anonmem
from anonmem import ENVIRONMENT, Live

LABELS = int(os.environ.get("ANONMEM_LABELS", "200000"))
KIB_EACH = 0.6  # 600 MB for a million
KIB_AROUND = 16 * 1024
ENTRY = """%x-%x rw-p 00000000 00:00 0 [anon:label number %d of many]
Size: 64 kB
Rss: 16 kB
Pss: 16 kB
Swap: 0 kB
"""


class Large(Live):
	@classmethod
	def setUpClass(cls):
		cls.file = tempfile.NamedTemporaryFile("w", suffix=".smaps", encoding="ascii")
		start = 0x7f0000000000
		for i in range(LABELS):
			cls.file.write(ENTRY % (start, start + 0x10000, i))
			start += 0x20000
		cls.file.flush()

	@classmethod
	def tearDownClass(cls):
		cls.file.close()

	def needs(self, *arguments):
		"""Peak memory of a report in KiB, and its number of lines."""
		command = [anonmem.PROGRAM, "--smaps", self.file.name, *arguments]
		with subprocess.Popen(command, stdout=subprocess.PIPE, env=ENVIRONMENT) as program:
			lines = sum(1 for _ in program.stdout)
			_, status, usage = os.wait4(program.pid, 0)
			program.returncode = os.waitstatus_to_exitcode(status)
		self.assertEqual(program.returncode, 0)
		return usage.ru_maxrss, lines

	def test_formats(self):
		for arguments in ((), ("--csv",), ("--json",), ("--limit", "5")):
			with self.subTest(arguments):
				kib, lines = self.needs(*arguments)
				if "--limit" not in arguments:
					self.assertGreaterEqual(lines, LABELS)
				self.assertLess(kib, KIB_AROUND + LABELS * KIB_EACH)

"""anonmem check of commands: their peaks, their output, their exit status."""

import json
import sys
import unittest

from anonmem import MIB, Live, run

SIZE = 48 * MIB

# Named by `anonmem run` after what asked for it.
PROGRAM = f"""
import mmap, sys, time
print("words of the program")
held = mmap.mmap(-1, {SIZE}, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for i in range(0, {SIZE}, 4096):
	held[i] = 1
time.sleep(0.6)
sys.exit(int(sys.argv[1]))
"""


def check(*arguments, status=0):
	done = run("check", *arguments, "--json", "--", sys.executable, "-c", PROGRAM, str(status))
	return done.returncode, json.loads(done.stdout), done.stderr


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

	def test_fails(self):
		"""The command fails: nobody may think that all is well."""
		code, found, _ = check("--max", "rss=1G", status=3)
		self.assertEqual((code, found["result"], found["program_status"]), (1, "within", 3))

	def test_no_command(self):
		done = run("check", "--max", "rss=1G", "--json", "--", "/nowhere/command")
		self.assertEqual(done.returncode, 1)
		self.assertEqual(json.loads(done.stdout)["program_status"], 127)


if __name__ == "__main__":
	unittest.main()

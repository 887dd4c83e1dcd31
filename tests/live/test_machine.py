"""anonmem machine against memory of a known size, and against /proc/meminfo."""

import json
import mmap
import tempfile

from anonmem import MIB, NOBODY, Live, run

SIZE = 96 * MIB
# Others run while this does.
NEAR = 24 * MIB


def account(*arguments, **more):
	done = run("machine", "--json", *arguments, **more)
	assert done.returncode == 0, done.stderr
	return json.loads(done.stdout)["memory"]


def bytes_of(account, *names):
	"""Of a row, or of a part of it."""
	rows = account["rows"]
	for name in names:
		row = next(row for row in rows if row["name"] == name)
		rows = row.get("parts", [])
	return row["bytes"]


class Machine(Live):
	def test_total(self):
		memory = account()
		with open("/proc/meminfo", encoding="ascii") as f:
			total = next(int(line.split()[1]) * 1024 for line in f if line.startswith("MemTotal:"))
		self.assertEqual(memory["total"], total)
		self.assertEqual(sum(row["bytes"] or 0 for row in memory["rows"]), total)
		for row in memory["rows"]:
			if row["parts"]:
				self.assertEqual(sum(part["bytes"] or 0 for part in row["parts"]), row["bytes"], row["name"])

	def grows(self, make, *names):
		"""That a row grows by what `make` makes; its result holds it."""
		for _ in range(5):
			before = bytes_of(account(), *names)
			with make():
				grown = bytes_of(account(), *names) - before
			if abs(grown - SIZE) < NEAR:
				return
		self.fail(f"{names}: {grown / MIB} MiB instead of {SIZE / MIB}")

	def test_not_mapped(self):
		"""A file on a tmpfs that no process maps."""
		def make():
			file = tempfile.NamedTemporaryFile(dir="/dev/shm")
			file.write(bytes(SIZE))
			file.flush()
			return file
		self.grows(make, "shared memory", "not mapped")

	def test_mapped(self):
		def make():
			memory = mmap.mmap(-1, SIZE)
			memory.write(bytes(SIZE))
			return memory
		self.grows(make, "shared memory", "mapped by processes")

	def test_anonymous(self):
		def make():
			memory = mmap.mmap(-1, SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
			memory.write(bytes(SIZE))
			return memory
		self.grows(make, "anonymous")

	def test_cache(self):
		def make():
			file = tempfile.NamedTemporaryFile(dir="/var/tmp")
			file.write(bytes(SIZE))
			file.flush()
			return file
		self.grows(make, "files", "not mapped (cache)")

	def test_of_a_user(self):
		"""What a user may not read is said to be so, and the rows add up."""
		memory = account(prefix=NOBODY)
		self.assertEqual(sum(row["bytes"] or 0 for row in memory["rows"]), memory["total"])
		self.assertGreater(bytes_of(memory, "anonymous", "(in processes not readable)"), 0)

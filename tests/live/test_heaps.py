"""What malloc has handed out and keeps free, by the columns heap_used and heap_free."""

import csv
import json
import os
import subprocess

import helper
from anonmem import MIB, Live, run

NO_CACHE = "GLIBC_TUNABLES=glibc.malloc.tcache_count=0"
COLUMNS = ("-o", "heap_used,heap_free")


class Malloc:
	"""A process of malloc.c: it has said what malloc knows, and waits."""

	def __init__(self, scenario, *environment):
		program = os.path.join(os.path.dirname(os.path.realpath(helper.PROGRAM)), "live-malloc")
		self.process = subprocess.Popen(["env", *environment, program, scenario],
			stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
		self.pid = self.process.pid
		self.read()

	def read(self):
		found = json.loads(self.process.stdout.readline())
		helper.wait_for_state(self.pid, "S")  # or it touches more
		self.used, self.free = found["used"] + found["mapped"], found["free"]
		self.fast = found["fast"]

	def ask(self, word):
		self.process.stdin.write(f"{word}\n")
		self.process.stdin.flush()
		self.read()

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.process.stdin.close()
		self.process.stdout.close()
		if self.process.wait(helper.PATIENCE) != 0:
			raise AssertionError(f"malloc ended with {self.process.returncode}")


def disturbance(pid):
	"""What changes in a process whose memory is not only read: faults, RSS, page tables, swap."""
	with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
		faults = stat.read().rsplit(")", 1)[1].split()[7:11]
	with open(f"/proc/{pid}/status", encoding="utf-8") as status:
		sizes = [line for line in status if line.startswith(("VmRSS", "VmPTE", "VmSwap", "Rss"))]
	return faults, sizes


class Heaps(Live):
	def heaps(self, pid, *more, known=False, **others):
		"""anonmem gives up on a heap after a second; a busy machine may need more for a large one. What has to
		be `known` is so in one of twenty reports."""
		for _ in range(20):
			report = self.report("--pid", pid, *COLUMNS, *more, **others)
			if not known or report["totals"]["heap_used"] is not None:
				break
		for g in (*report["groups"], report["totals"]):
			known = [g[n] if g[n] is not None else g.get(f"{n}_min", 0)
				for n in ("heap_used", "heap_free")]
			self.assertLessEqual(sum(known), g["rss"] + g["swap"])
			self.assertTrue(g["heap_used"] is None or "heap_used_min" not in g)
		return {g["label"]: g for g in report["groups"]}, report["totals"], report["notes"]

	def exact(self, *arguments):
		with Malloc(*arguments) as m:
			before = disturbance(m.pid)
			labels, totals, notes = self.heaps(m.pid, known=True)
			self.assertEqual((totals["heap_used"], totals["heap_free"]), (m.used, m.free))
			self.assertIsNone(labels["[stack]"]["heap_used"])
			self.assertIn("HEAPUSED and HEAPFREE are what malloc had at the moment of reading", notes)
			self.assertEqual(disturbance(m.pid), before)
			return labels

	def test_what_malloc_says(self):
		for scenario in ("little", "main", "fragments", "fast", "threads"):
			with self.subTest(scenario):
				self.exact(scenario, NO_CACHE)
				self.exact(scenario)

	def test_fastbins(self):
		with Malloc("fast") as m:
			self.assertGreater(m.fast, MIB // 2)
			self.assertEqual(self.heaps(m.pid, known=True)[1]["heap_free"], m.free)

	def test_threads_of_one_arena(self):
		labels = self.exact("threads", NO_CACHE, "MALLOC_ARENA_MAX=1")
		self.assertGreater(labels["[heap]"]["heap_used"], 50 * MIB)

	def test_scan(self):
		with Malloc("threads") as m:
			totals = self.heaps(m.pid, "--fast", known=True)[1]
			self.assertEqual((totals["heap_used"], totals["heap_free"]), (m.used, m.free))

	def test_mapped_chunks(self):
		"""The chunk that lies alone before other memory may be anything."""
		with Malloc("mapped") as m:
			labels, totals, notes = self.heaps(m.pid)
			alone = 6 * MIB + 4096
			self.assertEqual(totals["heap_used_min"], m.used - alone)
			for name in ("heap_used", "heap_used_min"):
				self.assertIsNone(labels["~malloc?"].get(name))
			self.assertEqual(self.heaps(m.pid, "--infer=place")[1]["heap_used_min"], m.used - alone)
			self.assertEqual(labels["[heap]"]["heap_free"], m.free)
			self.assertIn("a + marks a lower bound", "".join(notes))
			table = run("--pid", m.pid, *COLUMNS).stdout.decode()
			self.assertRegex(table, r"\nTOTAL +25M\+ ")

	def test_foreign_memory(self):
		"""Behind what somebody else took by sbrk(2), nobody knows where a chunk begins."""
		with Malloc("foreign") as m:
			labels, totals, _ = self.heaps(m.pid)
			self.assertIsNone(labels["[heap]"]["heap_used"])
			self.assertLess(20 * MIB, totals["heap_used_min"])
			self.assertLess(totals["heap_used_min"], m.used)
			self.assertLess(totals["heap_free_min"], m.free)

	def test_lookalikes(self):
		with Malloc("lookalikes") as m:
			for g in self.heaps(m.pid)[0].values():
				self.assertIsNone(g["heap_used"], g["label"])
				self.assertNotIn("heap_used_min", g)

	def test_untouched_pages_are_no_memory(self):
		with Malloc("untouched") as m:
			labels, totals, _ = self.heaps(m.pid)
			self.assertGreater(m.used, 65 * MIB)
			self.assertEqual(labels["~malloc"]["heap_used"], MIB + 2 * 4096)
			self.assertLess(totals["heap_free"], 4096)

	def test_a_busy_process(self):
		"""What is read fits, or is left out: mostly there is a lower bound."""
		with Malloc("busy") as m:
			known = 0
			for _ in range(10):
				totals = self.report("--pid", m.pid, *COLUMNS)["totals"]
				low = [totals[n] or totals.get(f"{n}_min", 0) for n in ("heap_used", "heap_free")]
				self.assertLess(sum(low), 2 * totals["rss"])
				known += low[0] > 0
			self.assertGreater(known, 0)

	def test_asked_by_an_order(self):
		with Malloc("main") as m:
			rows = run("--pid", m.pid, "-o", "rss", "--sort", "heap_used", "--csv").stdout.decode()
			self.assertEqual(next(csv.reader(rows.splitlines()[1:]))[0], "[heap]")

	def test_top(self):
		with Malloc("main") as m:
			done = run("top", "--batch", "-n", "2", "-d", "0.1", "-p", m.pid, "--by", "label", "--csv",
				*COLUMNS)
			rows = list(csv.DictReader(done.stdout.decode().splitlines()))
			heaps = [r for r in rows if r["label"] == "[heap]"]
			self.assertEqual([int(r["heap_free"]) for r in heaps], [m.free, m.free])

	def test_only_if_asked(self):
		with Malloc("little") as m:
			self.assertNotIn("heap_used", self.report("--pid", m.pid, "-o", "all")["totals"])


def resident(pid):
	with open(f"/proc/{pid}/status", encoding="utf-8") as status:
		return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


class Trim(Live):
	def doctor(self, m):
		"""A busy machine may not have enough time for all of a heap at once."""
		for _ in range(20):
			found = json.loads(run("doctor", "--json", m.pid).stdout)["malloc"]
			if not any(program["partial"] for program in found):
				break
		return found

	def check(self, *arguments):
		"""malloc_trim(3) gives back what doctor says."""
		with Malloc(*arguments) as m:
			found, = self.doctor(m)
			self.assertEqual((found["name"], found["processes"]), ("live-malloc", 1))
			self.assertEqual((found["heap_used"], found["heap_free"]), (m.used, m.free))
			self.assertFalse(found["partial"])
			text = run("doctor", m.pid).stdout.decode()
			self.assertRegex(text, r"\n  live-malloc, 1 process: \d+M, of which \d+M could be returned\n")
			self.assertIn("malloc_trim(3)", text)
			before = resident(m.pid)
			m.ask("trim")
			self.assertAlmostEqual(before - resident(m.pid), found["returnable"], delta=MIB)
			self.assertEqual(self.doctor(m), [])

	def test_fragments(self):
		self.check("fragments")

	def test_fragments_of_arenas(self):
		self.check("fragments-of-arenas")

	def test_little(self):
		with Malloc("main") as m:
			self.assertGreater(m.free, 10 * MIB)  # in chunks that are smaller than pages
			self.assertEqual(self.doctor(m), [])
			self.assertNotIn("malloc_trim", run("doctor", m.pid).stdout.decode())

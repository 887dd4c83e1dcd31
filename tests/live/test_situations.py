"""--fast and --max-stall agree with smaps in each situation of situations.c."""

import time
import unittest

from anonmem import IS_ROOT, MIB, Live, run
from helper import Helper, wait_for_state

EXACT = ("rss", "swap", "pss", "uss", "anonymous")


def swap_is_there():
	with open("/proc/swaps", encoding="ascii") as f:
		return len(f.readlines()) > 1


class Situations(Live):
	def groups(self, pids, *arguments):
		report = self.report("--pid", pids, "--by", "process,label", *arguments)
		if arguments and any("needs Linux 6.7" in note for note in report["notes"]):
			self.skipTest("this kernel cannot scan page tables")
		return report, {(g["pid"], g["label"]): g for g in report["groups"]}

	def differences(self, pids, option):
		"""The differences between what a scan knows and smaps."""
		_, exact = self.groups(pids)
		report, fast = self.groups(pids, option)
		self.assertEqual(set(fast), set(exact))
		wrong = []
		for key, group in fast.items():
			# The other users of a library change all the time, and --max-stall may have
			# read smaps.
			names = EXACT[:2] if key[1] == "[file]" else EXACT
			wrong += [(key, name, group[name], exact[key][name]) for name in names
				if group[name] not in (None, exact[key][name])]
			# Page tables do not show swapped pages of shared memory.
			if group["rss"] is None or (group["swap"] is None and group["rss"] < group["size"]
					and not key[1].startswith(("[anon_shmem", "[memfd:", "[sysv", "[secret", "[file"))):
				wrong.append((key, "unknown"))
		return report, wrong

	def compare(self, situation, seconds=0):
		with Helper(situation) as h:
			for child in h.children:
				wait_for_state(child, "S")
			time.sleep(seconds)
			pids = ",".join(map(str, [h.pid, *h.children]))
			for option in ("--fast", "--max-stall=1us"):
				for _ in range(10):  # pages may be swapped or merged meanwhile
					report, wrong = self.differences(pids, option)
					if not wrong:
						break
				self.assertEqual(wrong, [], (situation, option))
				yield h, option, report

	def test_each(self):
		for situation in ("guards", "protected", "protected-swapped", "protected-shared", "poisoned",
				"poisoned-swapped", "named-guards", "named-protected", "perf-ring", "io-ring",
				"packet-ring", "packet-ring-twice", "zeros", "huge-pages", "merged", "shared",
				"shared-objects", "locked", "secret", "freed-lazily", "device-of-zeros", "swapped",
				"swapped-shared", "without-first-thread", "many-mappings", "hugetlb"):
			with self.subTest(situation):
				for _ in self.compare(situation):
					pass

	def test_what_only_looks_like_swap(self):
		for situation in ("guards", "protected", "poisoned"):
			for h, option, report in self.compare(situation):
				if not h.missing:
					self.assertEqual(report["totals"]["swap"], 0, (situation, option))
				# The kernel can tell guards from swap; the other markers it cannot.
				if situation != "guards" and not h.missing:
					self.assertEqual(report["read"], "smaps")
					self.assertTrue(any("marks of userfaultfd" in note for note in report["notes"]))

	def test_shares_of_rings(self):
		"""The shares of a ring mapped once are proven; those of one mapped twice, and of files
		next to it, are unknown."""
		for situation, proven in (("packet-ring", True), ("packet-ring-twice", False)):
			for h, option, report in self.compare(situation):
				if h.missing:
					self.skipTest("no ring of packets")
				if option != "--fast":
					continue
				groups = {g["label"].split(":")[0]: g for g in report["groups"]}
				self.assertGreaterEqual(groups["socket"]["rss"], 4 * MIB)
				self.assertEqual(groups["socket"]["pss"] is not None, proven)
				self.assertEqual(groups["[file]"]["pss"] is not None, proven)
				if proven:
					self.assertLess(groups["[file]"]["pss"], 4 * MIB)

	@unittest.skipUnless(IS_ROOT, "only root may allow huge pages")
	def test_hugetlb(self):
		path = "/proc/sys/vm/nr_overcommit_hugepages"
		with open(path, encoding="ascii") as f:
			before = int(f.read())
		try:
			with open(path, "w", encoding="ascii") as f:
				f.write(str(before + 8))
			with Helper("hugetlb") as h:
				if h.missing:
					self.skipTest("no huge pages")
				wait_for_state(h.children[0], "S")
				pids = f"{h.pid},{h.children[0]}"
				for option in ((), ("--fast",), ("--max-stall=1us",)):
					totals = self.report("--pid", pids, *option)["totals"]
					self.assertEqual(totals["hugetlb"], totals["shared_hugetlb"] + totals["private_hugetlb"])
					# What is inherited counts as the parent's alone or as both
					# processes', depending on the kernel.
					self.assertIn(totals["hugetlb"], (16 * MIB, 24 * MIB), option)
					self.assertLess(totals["rss"], 12 * MIB)
				done = run("--pid", pids)
				self.assertIn(b" HUGETLB ", done.stdout)
				self.assertRegex(done.stdout.decode(), "(16|24) MiB of hugetlb pages are in neither RSS nor PSS")
		finally:
			with open(path, "w", encoding="ascii") as f:
				f.write(str(before))

	def test_names_divide_a_mapping(self):
		"""4 and 16 MiB are swapped, whatever else looks like it."""
		if not swap_is_there():
			self.skipTest("no swap")
		for situation, wanted in (("named-guards", {"guards": 4 * MIB, "swapped": 16 * MIB}),
				("named-protected", {"protected": 0, "swapped": 16 * MIB})):
			with Helper(situation) as h:
				if h.missing:
					continue
				for _ in range(5):  # who has memory to spare may keep some of it
					_, groups = self.groups(h.pid)
					found = {name: groups[h.pid, f"[anon:{name}]"]["swap"] for name in wanted}
					if found == wanted:
						break
					time.sleep(0.2)
				self.assertEqual(found, wanted, situation)

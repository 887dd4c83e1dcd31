"""Taking samples, and checking whether the machine was quiet."""

import contextlib
import io
import unittest

from bench import catalog, quiet
from bench.bench import Bench, Other, Own
from bench.figures import AGAINST, CPU, OURS, Missing
from bench.markdown import series_table
from bench.result import Taken


class Rounds(unittest.TestCase):
	def take(self, tasks, programs, **how):
		with contextlib.redirect_stderr(io.StringIO()):
			bench = Bench("A measure", programs, 3, None)
			bench.in_turn(tasks, **how)
		return bench.taken

	def test_order(self):
		"""One round does not count, and every other round is in reverse order."""
		calls = []

		def act(program):
			calls.append(program)
			return {CPU: len(calls)}

		taken = self.take({"a": Own(act)}, {OURS: "A", AGAINST: "B"})
		self.assertEqual("".join(calls), "AB" "BA" "AB" "BA")
		self.assertEqual(taken.samples("a", CPU), [4, 5, 8])
		self.assertEqual(taken.samples("a", CPU, AGAINST), [3, 6, 7])

	def test_others_are_measured_without_a_pair_only(self):
		tasks = {"a": Own(lambda program: {CPU: 1}), "b": Other(lambda: {CPU: 2})}
		self.assertEqual(self.take(tasks, {OURS: "A"}).names(), ["a", "b"])
		self.assertEqual(self.take(tasks, {OURS: "A", AGAINST: "B"}).names(), ["a"])

	def test_missing_is_said_once(self):
		calls = []

		def act():
			calls.append(1)
			raise Missing("smem is not installed")

		taken = self.take({"smem": Other(act)}, {OURS: "A"})
		self.assertEqual((len(calls), taken.missing), (1, [("smem", OURS, "smem is not installed")]))
		self.assertEqual(taken.why_missing("smem"), "smem is not installed")

	def test_one_of_a_pair_may_be_missing(self):
		def act(program):
			if program == "B":
				raise Missing("too old")
			return {CPU: 1}

		taken = self.take({"a": Own(act)}, {OURS: "A", AGAINST: "B"})
		self.assertEqual(taken.samples("a", CPU), [1, 1, 1])
		self.assertIsNone(taken.samples("a", CPU, AGAINST))
		self.assertEqual(taken.missing, [("a", AGAINST, "too old")])


class Measures(unittest.TestCase):
	def test_each_has_what_the_command_needs(self):
		self.assertIn("cpu", catalog.MEASURES)
		for name, module in catalog.MEASURES.items():
			with self.subTest(name):
				self.assertTrue(module.TITLE and callable(module.measure))
				self.assertLess(len(catalog.summary(name)), 100)

	def test_a_report_copes_with_what_is_missing(self):
		for name, module in catalog.MEASURES.items():
			with self.subTest(name):
				taken = Taken(module.TITLE)
				getattr(module, "show", series_table)(taken)
				for goal in getattr(module, "goals", lambda _: [])(taken):
					self.assertEqual(goal.row()[2:], ["not measured", "-"])

	def test_order_names_only_what_there_is(self):
		self.assertLessEqual(set(catalog.FIRST), set(catalog.MEASURES))


class Quiet(unittest.TestCase):
	def test_limits(self):
		self.assertEqual(quiet.why_not({"others": 0.05, "steal": 0, "loop_spread": 0.01}), [])
		reasons = quiet.why_not({"others": 1.5, "steal": 0.2, "loop_spread": 0.5})
		self.assertEqual(reasons, [
			"1.50 processors were busy with other things",
			"the hypervisor gave 0.20 processors to others",
			"a loop that always does the same varied by 50%",
		])

	def test_looks_at_this_machine(self):
		watch = quiet.Watch()
		for _ in range(5):
			watch.tick()
		self.assertGreaterEqual(watch.end().keys(), {"others", "steal", "load", "loop_spread"})


if __name__ == "__main__":
	unittest.main()

"""The output and exit status of `dev/bench compare`."""

import contextlib
import io
import tempfile
import unittest
from pathlib import Path

from bench import command, compare
from bench.figures import AGAINST, CPU, HIGHER, OURS, Figure
from bench.result import Result, Taken

RATE = Figure("rate", "GB/s", HIGHER)
REFERENCE = Figure("reference", "ms", better=None)
STEADY = [10.00, 10.01, 9.99, 10.02, 9.98, 10.00, 10.01, 9.99, 10.00]
WILD = [10, 14, 7, 12, 9, 16, 6, 11, 8]


def times(factor, samples):
	return [factor * sample for sample in samples]


def result(series, reasons=(), kernel="6.12.0"):
	"""`series`: (name, figure) -> side -> samples, for one measure."""
	taken = Taken("A measure")
	taken.series = series
	sides = {side for one in series.values() for side in one}
	about = {
		"started": "2026-01-01T00:00:00+00:00", "rounds": 9, "why_not_quiet": list(reasons),
		"machine": {"processor": "X", "processors": 2, "memory_bytes": 2**30, "kernel": kernel},
		"programs": {side: {"version": "1", "commit": side * 10} for side in sides},
	}
	return Result(about, {"measure": taken})


def one(samples, figure=CPU, name="report"):
	return result({(name, figure): {OURS: samples}})


def pair(before, after, figure=CPU):
	return result({("report", figure): {OURS: after, AGAINST: before}})


class Statuses(unittest.TestCase):
	def status(self, *results):
		return compare.compare(list(results), 1.02)[1]

	def test_two_results(self):
		self.assertEqual(self.status(one(STEADY), one(STEADY)), compare.NONE_WORSE)
		self.assertEqual(self.status(one(STEADY), one(times(1.1, STEADY))), compare.SOME_WORSE)
		self.assertEqual(self.status(one(STEADY), one(times(0.9, STEADY))), compare.NONE_WORSE)
		self.assertEqual(self.status(one(WILD), one(WILD)), compare.TOO_NOISY)

	def test_pairs(self):
		self.assertEqual(self.status(pair(WILD, times(1.001, WILD))), compare.NONE_WORSE)
		self.assertEqual(self.status(pair(WILD, times(1.1, WILD))), compare.SOME_WORSE)
		self.assertEqual(self.status(pair(WILD, WILD[::-1])), compare.TOO_NOISY)

	def test_higher_is_better(self):
		self.assertEqual(self.status(pair(STEADY, times(0.9, STEADY), RATE)), compare.SOME_WORSE)
		self.assertEqual(self.status(pair(STEADY, times(1.1, STEADY), RATE)), compare.NONE_WORSE)

	def test_one_that_is_worse_outweighs_all_others(self):
		before = result({("a", CPU): {OURS: STEADY}, ("b", CPU): {OURS: WILD}})
		after = result({("a", CPU): {OURS: times(1.1, STEADY)}, ("b", CPU): {OURS: WILD}})
		self.assertEqual(self.status(before, after), compare.SOME_WORSE)

	def test_what_is_surely_not_worse_need_not_be_the_same(self):
		slightly_better = times(0.975, [10, 10.1, 9.9, 10.1, 9.9, 10, 10.1, 9.9, 10])
		rows = compare.rows_of({("m", "a", CPU): STEADY}, {("m", "a", CPU): slightly_better}, 0, 1.02)
		self.assertEqual([row.verdict for row in rows], ["~"])
		self.assertEqual(compare.status(rows), compare.NONE_WORSE)

	def test_nothing_can_be_said_of_ratios_to_nothing(self):
		self.assertEqual(self.status(one([0.0, *STEADY]), one(STEADY)), compare.TOO_NOISY)


class Text(unittest.TestCase):
	def text(self, *results):
		return compare.compare(list(results), 1.02)[0]

	def test_row(self):
		lines = self.text(pair(STEADY, times(1.1, STEADY))).splitlines()
		self.assertEqual(lines[0].split()[:4], ["measure", "figure", "before", "after"])
		self.assertRegex(lines[1],
			r"^measure: report +CPU +10 +11 +ms +1\.100 +\+10\.0 % to \+10\.0 % +worse$")

	def test_conclusion(self):
		self.assertIn("1 figures: 0 same, 0 better, 0 worse, 1 too noisy to tell (~).\n"
			"Of the last, 1 may be worse by more than 2 %.", self.text(one(WILD), one(WILD)))

	def test_references_are_not_compared(self):
		series = {("a", CPU): {OURS: STEADY}, ("b", REFERENCE): {OURS: STEADY}}
		self.assertNotIn("reference", self.text(result(series), result(series)))

	def test_what_one_side_lacks_is_said(self):
		both = result({("a", CPU): {OURS: STEADY}, ("b", CPU): {OURS: STEADY}})
		self.assertIn("only one side has it: measure: b, CPU", self.text(both, one(STEADY, name="a")))

	def test_warnings(self):
		series = {("a", CPU): {OURS: STEADY}}
		text = self.text(result(series, ["it snowed"]), result(series, kernel="6.13.0"))
		self.assertIn("not quiet (2026-01-01T00:00:00+00:00):\n  before it began, it snowed", text)
		self.assertIn("warning: the results are of different machines", text)


class Files(unittest.TestCase):
	def setUp(self):
		folder = tempfile.TemporaryDirectory()
		self.addCleanup(folder.cleanup)
		self.path = Path(folder.name) / "result.json"

	def call(self, main, *words):
		"""Exit status, stdout and stderr."""
		out, err = io.StringIO(), io.StringIO()
		with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
			try:
				status = main([str(word) for word in words])
			except SystemExit as end:
				status = end.code
		return status, out.getvalue(), err.getvalue()

	def test_written_and_read_back(self):
		written = pair(STEADY, times(1.1, STEADY))
		written.measures["measure"].miss("smem", OURS, "smem is not installed")
		written.write(self.path)
		read = Result.read(self.path)
		self.assertEqual(read.measures["measure"].to_json(), written.measures["measure"].to_json())
		self.assertEqual(self.call(command.compare_main, self.path)[0], compare.SOME_WORSE)

	def test_margin(self):
		pair(STEADY, times(1.1, STEADY)).write(self.path)
		status = self.call(command.compare_main, "--margin", "20", self.path)[0]
		self.assertEqual(status, compare.NONE_WORSE)

	def test_one_program_alone_cannot_be_compared(self):
		one(STEADY).write(self.path)
		status, _, err = self.call(command.compare_main, self.path)
		self.assertEqual((status, err),
			(2, "dev/bench: compare needs two results, or one that was made with --against\n"))

	def test_what_is_no_result(self):
		for text in ["", "{}", "[]", '{"format": "anonmem-bench-1"}']:
			self.path.write_text(text)
			self.assertEqual(self.call(command.compare_main, self.path)[0], 2, text)

	def test_report(self):
		one(STEADY).write(self.path)
		status, out, _ = self.call(command.report_main, self.path)
		self.assertEqual(status, 0)
		self.assertIn("commit thisthisthis; X, 2 processors, 1 GiB; Linux 6.12.0.", out)
		self.assertIn("| report | CPU | 10.00 (9.99 to 10.01) | ms |", out)
		self.assertIn("The machine was quiet.", out)


if __name__ == "__main__":
	unittest.main()

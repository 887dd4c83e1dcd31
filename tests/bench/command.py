"""Measures what anonmem costs, next to a floor and its peers, and tells changes from noise.

Builds anonmem, the workload and the floor, which reads every smaps into one buffer and discards
it; runs all contenders in turn, A B C A B C, and keeps every sample.
"""

import argparse
import datetime
import signal
import sys
import tempfile
import time
from pathlib import Path

from bench import catalog, machine, peers, quiet
from bench.bench import Bench
from bench.compare import compare
from bench.figures import AGAINST, OURS
from bench.program import BUILD, Program, build, progress
from bench.report import render
from bench.result import Result

MARGIN = 2  # percent
ROUNDS = 9
PAIRED_ROUNDS = 15  # so many that one wild pair does not hide a difference
DEFAULT_OUTPUT = BUILD / "result.json"

USAGE = "\n       ".join([
	"dev/bench [--rounds N] [--peers] [--against WHAT] [--output FILE] [MEASURE...]",
	"dev/bench compare [--margin PERCENT] BEFORE AFTER",
	"dev/bench compare [--margin PERCENT] PAIRED",
	"dev/bench report FILE",
])


def positive(text):
	if int(text) < 1:
		raise ValueError
	return int(text)


def percent(text):
	if not 0 <= float(text) < 100:
		raise ValueError
	return float(text)


def parser_of(about, usage=None, end=None):
	return argparse.ArgumentParser(prog="dev/bench", usage=usage, description=about, epilog=end,
		formatter_class=argparse.RawDescriptionHelpFormatter)


def run_arguments(words):
	measures = "\n".join(f"  {name:14} {catalog.summary(name)}" for name in catalog.MEASURES)
	parser = parser_of(__doc__, USAGE, f"measures (default: all):\n{measures}")
	parser.add_argument("--rounds", type=positive, metavar="N",
		help=f"samples of each figure (default: {ROUNDS}, with --against {PAIRED_ROUNDS})")
	parser.add_argument("--peers", action="store_true",
		help="first install from apt: " + " ".join(peers.PACKAGES))
	parser.add_argument("--against", metavar="WHAT",
		help="measure this other build folder or program as well, in turn, and compare")
	parser.add_argument("--output", type=Path, metavar="FILE", default=DEFAULT_OUTPUT,
		help="where to write the result as JSON (default: build/bench/result.json)")
	parser.add_argument("measure", nargs="*", help=argparse.SUPPRESS)
	chosen = parser.parse_args(words)
	chosen.rounds = chosen.rounds or (PAIRED_ROUNDS if chosen.against else ROUNDS)
	for name in chosen.measure:
		if name not in catalog.MEASURES:
			parser.error(f"unknown measure {name}: expected {' '.join(catalog.MEASURES)}")
	if not chosen.output.parent.is_dir() and chosen.output != DEFAULT_OUTPUT:
		parser.error(f"no such directory: {chosen.output.parent}")
	return chosen


def take(name, programs, rounds, folder):
	module = catalog.MEASURES[name]
	progress(f"{name}: {module.TITLE}")
	begin = time.monotonic()
	bench = Bench(module.TITLE, programs, rounds, folder)
	module.measure(bench)
	taken = bench.taken
	taken.seconds = time.monotonic() - begin
	taken.machine = bench.watch.end()
	taken.why_not_quiet = quiet.why_not(taken.machine)
	for missed, side, why in taken.missing:
		progress(f"\tnot measured{' against' if side == AGAINST else ''}: {missed}: {why}")
	progress(f"\t{taken.seconds:.0f} s")
	return taken


def programs_of(chosen):
	against = {AGAINST: Program(chosen.against)} if chosen.against else {}
	return {OURS: build()} | against


def measure(chosen):
	programs = programs_of(chosen)
	before = quiet.glance()
	about = {
		"started": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
		"machine": machine.describe(),
		"programs": {side: program.describe() for side, program in programs.items()},
		"rounds": chosen.rounds,
		"before": before,
		"why_not_quiet": quiet.why_not(before),
	}
	for reason in about["why_not_quiet"]:
		progress(f"warning: the machine is not quiet: {reason}")
	with tempfile.TemporaryDirectory(dir=BUILD) as folder:
		taken = {
			name: take(name, programs, chosen.rounds, folder)
			for name in dict.fromkeys(chosen.measure or catalog.MEASURES)
		}
	return Result(about, taken)


def run_main(words):
	chosen = run_arguments(words)
	if chosen.peers:
		peers.install()
	result = measure(chosen)
	result.write(chosen.output)
	progress(f"saved {chosen.output}")
	if result.paired:
		print(compare([result], 1 + MARGIN / 100)[0])
	else:
		print(render(result), end="")
	return 0


def compare_main(words):
	parser = parser_of(
		"Tells for each figure whether AFTER is surely better or worse than BEFORE by more than the\n"
		"margin, or surely the same within it; ~ where the noise is too great to tell.",
		end="Exit status: 0 if nothing is worse, 1 if something is, 2 if it could not be compared,\n"
		"3 if nothing surely is worse, but something may be.")
	parser.prog = "dev/bench compare"
	parser.add_argument("--margin", type=percent, default=MARGIN, metavar="PERCENT",
		help=f"differences up to this do not matter (default: {MARGIN})")
	parser.add_argument("result", nargs="+", metavar="FILE",
		help="BEFORE and AFTER, or one made with --against")
	chosen = parser.parse_args(words)
	if len(chosen.result) > 2:
		parser.error("expected two results, or one")
	text, status = compare([Result.read(path) for path in chosen.result], 1 + chosen.margin / 100)
	print(text)
	return status


def report_main(words):
	parser = parser_of("Writes a result as Markdown, which is how dev/bench.md is made.")
	parser.prog = "dev/bench report"
	parser.add_argument("result", metavar="FILE")
	print(render(Result.read(parser.parse_args(words).result)), end="")
	return 0


def main():
	# Makes these signals run every __exit__ here too, so that nothing is left behind.
	for number in [signal.SIGTERM, signal.SIGHUP]:
		signal.signal(number, lambda signal_number, _: sys.exit(128 + signal_number))
	words = sys.argv[1:]
	mains = {"compare": compare_main, "report": report_main}
	try:
		if words and words[0] in mains:
			return mains[words[0]](words[1:])
		return run_main(words)
	except KeyboardInterrupt:
		return 130

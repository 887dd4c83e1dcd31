"""Checks that `--fast` gives the same as the exact way, and many threads the same as one."""

import json
from pathlib import Path

from bench.bench import Own
from bench.figures import Figure
from bench.goals import Goal
from bench.running import output_of
from bench.workload import Workload

TITLE = "Equal results"

LABELS = Figure("labels", "", better=None, exact=True)
WRONG_LABELS = Figure("labels that differ", "", exact=True)
SIZE = Figure("output", "bytes", better=None, exact=True)
WRONG = Figure("outputs that differ", "", exact=True)

FAST = "RSS by label, `--fast` against exact"
LIVE = "`--jobs 8` against `--jobs 1`, live"
CAPTURED = "`--jobs 8` against `--jobs 1`, captured, all columns"


def rss_by_label(text):
	return {group["label"]: group["rss"] for group in json.loads(text)["groups"]}


def compare_fast(program, pids, output):
	exact = rss_by_label(output(program.command("--json", "-p", pids)))
	fast = rss_by_label(output(program.command("--fast", "--json", "-p", pids)))
	labels = exact.keys() | fast.keys()
	wrong = [label for label in labels if exact.get(label) != fast.get(label)]
	return {LABELS: len(labels), WRONG_LABELS: len(wrong)}


def compare_jobs(program, options, output):
	one, eight = (output(program.command(f"--jobs={jobs}", *options)) for jobs in [1, 8])
	return {SIZE: len(one), WRONG: int(one != eight)}


def measure(bench):
	tree = Path(bench.folder) / "tree"
	with Workload("all") as workload:
		pids = ",".join(workload.all_pids())
		live = ["--csv", "--by", "process,label", "-o", "mappings,size,rss,anonymous,swap", "-p", pids]

		def inside(command):
			return workload.output(command, bench.folder)

		bench.once({
			FAST: Own(lambda program: compare_fast(program, pids, inside)),
			LIVE: Own(lambda program: compare_jobs(program, live, inside)),
		})
		workload.capture(bench.this, tree, workload.all_pids())
	captured = ["--root", tree, "--csv", "--by", "process,label,file"]
	bench.once({
		CAPTURED: Own(lambda program: compare_jobs(
			program, captured, lambda command: output_of(command, bench.folder))),
	})


def show(taken):
	return (
		"The results are among the goals. Compared are the processes of the whole workload: live, "
		"without the columns of PSS, in which whoever else maps a library has a share; and captured "
		"by `anonmem capture`, with all columns."
	)


def goal(taken, name, wanted, total, wrong, words):
	samples = [taken.samples(name, figure) for figure in [total, wrong]]
	if not all(samples):
		return Goal(name, wanted, why=taken.why_missing(name))
	(of,), (different,) = samples
	return Goal(name, wanted, words(of, different), not different)


def labels_in_words(of, different):
	return f"{of - different} of {of} labels equal"


def bytes_in_words(of, different):
	return f"{of} bytes, {'different' if different else 'equal'}"


def goals(taken):
	return [
		goal(taken, FAST, "equal, every label", LABELS, WRONG_LABELS, labels_in_words),
		goal(taken, LIVE, "equal, every byte", SIZE, WRONG, bytes_in_words),
		goal(taken, CAPTURED, "equal, every byte", SIZE, WRONG, bytes_in_words),
	]

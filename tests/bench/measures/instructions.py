"""Instructions for whole reports on a captured tree, counted by valgrind; the same in every run."""

from pathlib import Path

from bench import callgrind
from bench.bench import Own
from bench.markdown import missing_rows, table
from bench.workload import Workload

TITLE = "Instructions of a report"

PROCESSES = 100
OPTIONS = {
	"table": [],
	"JSON": ["--json"],
	"CSV by process and label": ["--csv", "--by", "process,label"],
	"CSV by process, label and file": ["--csv", "--by", "process,label,file"],
}


def measure(bench):
	tree = Path(bench.folder) / "counted-tree"
	with Workload("sleepers") as workload:
		workload.capture(bench.this, tree, workload.all_pids()[:PROCESSES])
	bench.once({
		name: Own(lambda program, options=options: {
			callgrind.INSTRUCTIONS: callgrind.count(
				program.command("--root", tree, "--jobs=1", *options))
		})
		for name, options in OPTIONS.items()
	})


def show(taken):
	rows = [
		[name, f"{taken.samples(name, callgrind.INSTRUCTIONS)[0] / 1e6:.2f}"]
		for name in taken.names()
	]
	return (
		f"In user space, on a captured tree of {PROCESSES} sleepers, one thread.\n\n"
		+ table(["report", "million instructions"], rows + missing_rows(taken, 2))
	)

"""A result as the Markdown of dev/bench.md."""

from bench import catalog, machine
from bench.figures import OURS
from bench.markdown import series_table, table
from bench.program import fail


def when(about):
	commit = about["programs"][OURS].get("commit")
	at = f", commit {commit[:12]}" if commit else ""
	return f"{about['started'][:10]}{at}; {machine.sentence(about['machine'])}."


def quietness(result):
	reasons = result.why_not_quiet()
	if not reasons:
		return "The machine was quiet."
	return "The machine was not quiet:\n\n" + "\n".join(f"- {reason}" for reason in reasons)


def sections(result):
	"""The goals and the sections of all measures, including measures that no longer exist."""
	goals, parts = [], []
	for name, taken in result.measures.items():
		module = catalog.MEASURES.get(name)
		show = getattr(module, "show", series_table)
		goals += getattr(module, "goals", lambda _: [])(taken)
		parts += [f"## {taken.title}", show(taken)]
	return goals, parts


def render(result):
	if result.paired:
		fail("a result of two programs can be compared, but not reported")
	goals, parts = sections(result)
	head = [
		"# What anonmem costs",
		f"Written by `dev/bench report`. {when(result.about)}",
		quietness(result),
		f"Medians of {result.about['rounds']} runs in turn, unless a section says otherwise, with "
		"quartiles. Ratios are taken round by round. The floor reads the smaps of all processes into "
		"one buffer and throws it away; CPU is user + sys.",
	]
	if goals:
		head += ["## Goals", table(["measure", "goal", "reached", "met"], [g.row() for g in goals])]
	return "\n\n".join(head + parts) + "\n"

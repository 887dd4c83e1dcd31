"""The measures: each file in measures/ is one; README.md describes what it contains."""

import importlib
import pkgutil

from bench import measures

# The order in which they run and are shown; measures not listed here come last.
FIRST = ["cpu", "added", "infer", "stall", "parser", "instructions", "equal", "top", "fork", "run"]


def find():
	names = [module.name for module in pkgutil.iter_modules(measures.__path__)]
	names.sort(key=lambda name: (FIRST.index(name) if name in FIRST else len(FIRST), name))
	return {name: importlib.import_module(f"bench.measures.{name}") for name in names}


MEASURES = find()


def summary(name):
	"""The first sentence of a measure, for --help."""
	return MEASURES[name].__doc__.split("\n\n")[0].replace("\n", " ")

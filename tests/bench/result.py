"""The result of a run as a JSON file, described in README.md."""

import json
from pathlib import Path

from bench.figures import AGAINST, OURS, Figure
from bench.program import fail

FORMAT = "anonmem-bench-1"


class Taken:
	"""The samples of one measure."""

	def __init__(self, title):
		self.title, self.seconds, self.machine, self.why_not_quiet = title, 0, {}, []
		self.series = {}  # (name, figure) -> side -> samples
		self.missing = []  # of (name, side, why)

	def add(self, name, side, sample):
		for figure, number in sample.items():
			self.series.setdefault((name, figure), {}).setdefault(side, []).append(number)

	def miss(self, name, side, why):
		self.missing.append((name, side, why))

	def names(self):
		return list(dict.fromkeys(name for name, _ in self.series))

	def samples(self, name, figure, side=OURS):
		"""None if it was not measured. `figure` may be a figure or its name."""
		wanted = getattr(figure, "name", figure)
		for (other, found), sides in self.series.items():
			if other == name and found.name == wanted:
				return sides.get(side)
		return None

	def why_missing(self, name):
		return next((why for other, _, why in self.missing if other == name), "not measured")

	def to_json(self):
		return {
			"title": self.title,
			"seconds": round(self.seconds, 1),
			"quiet": not self.why_not_quiet,
			"why_not_quiet": self.why_not_quiet,
			"machine": self.machine,
			"missing": [
				{"name": name, "of": side, "why": why} for name, side, why in self.missing
			],
			"series": [
				{
					"name": name, "figure": figure.name, "unit": figure.unit,
					"better": figure.better, "exact": figure.exact, **sides,
				}
				for (name, figure), sides in self.series.items()
			],
		}

	@classmethod
	def from_json(cls, read):
		taken = cls(read["title"])
		taken.seconds, taken.machine = read["seconds"], read["machine"]
		taken.why_not_quiet = read["why_not_quiet"]
		taken.missing = [(one["name"], one["of"], one["why"]) for one in read["missing"]]
		for one in read["series"]:
			figure = Figure(one["figure"], one["unit"], one["better"], one["exact"])
			sides = {side: one[side] for side in [OURS, AGAINST] if side in one}
			taken.series[one["name"], figure] = sides
		return taken


class Result:
	"""A whole run. `about` is the head of the file; `measures` maps name -> Taken."""

	def __init__(self, about, measures):
		self.about, self.measures = about, measures

	@property
	def paired(self):
		return AGAINST in self.about["programs"]

	def why_not_quiet(self):
		reasons = [f"before it began, {why}" for why in self.about["why_not_quiet"]]
		for name, taken in self.measures.items():
			reasons += [f"during {name}, {why}" for why in taken.why_not_quiet]
		return reasons

	def write(self, path):
		measures = {name: taken.to_json() for name, taken in self.measures.items()}
		whole = {
			"format": FORMAT, **self.about, "quiet": not self.why_not_quiet(), "measures": measures
		}
		try:
			Path(path).write_text(json.dumps(whole, indent=1) + "\n")
		except OSError as error:
			fail(error)

	@classmethod
	def read(cls, path):
		try:
			about = json.loads(Path(path).read_text())
			if about.pop("format", None) != FORMAT:
				raise ValueError(f"expected the format {FORMAT}")
			measures = about.pop("measures")
			return cls(about, {name: Taken.from_json(one) for name, one in measures.items()})
		except OSError as error:
			fail(error)
		except (ValueError, KeyError, AttributeError, TypeError) as error:
			fail(f"{path} is not a result of dev/bench: {error}")

"""With scarce resources: a complete result, or a message and failure."""

from actor import Actor
from anonmem import Chaos, run


class Scarce(Chaos):
	def check(self, done, expected, what):
		text = done.stderr.decode(errors="replace")
		if done.returncode == 0:
			self.assertEqual(self.parse(done)["groups"], expected, what)
			return True
		self.assertGreater(done.returncode, 0, f"{what}: {text}")
		self.assertEqual(text.count("\n"), 1, f"{what}: {text}")
		self.assertTrue(text.startswith("anonmem: "), f"{what}: {text}")
		return False

	def sweep(self, limit, values, *arguments):
		"""It must work with enough. How much that is depends on the number of concurrent threads."""
		with Actor("still", 3, "still", 3) as actor:
			command = ["--pid", ",".join(map(str, actor.pids)), "--by", "process,label", "--label",
				"*memfd*", *arguments]
			expected = self.report(*command)["groups"]
			works = []
			for value in values:
				prefix = ["prlimit", f"--{limit}={value}"]
				if run("--version", prefix=prefix).returncode != 0:
					continue  # not even the loader has enough
				works.append(self.check(run(*command, "--json", prefix=prefix), expected, value))
			self.assertTrue(works[-1], works)

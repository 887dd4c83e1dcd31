"""Checks whether the machine was quiet: what else ran, what the hypervisor took, and how steadily a
loop of known length ran."""

import functools
import os
import statistics
import time
from pathlib import Path

LOOP_SECONDS = 0.005
GLANCE_SECONDS = 1
TICKS = os.sysconf("SC_CLK_TCK")

# If one of these exceeds its limit, the machine was not quiet.
LIMITS = {
	"others": (0.1, "{:.2f} processors were busy with other things"),
	"steal": (0.01, "the hypervisor gave {:.2f} processors to others"),
	"loop_spread": (0.05, "a loop that always does the same varied by {:.0%}"),
}


def processors():
	"""Seconds that all CPUs were busy, and that were stolen by others on the same hardware."""
	fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
	user, nice, system, _, _, irq, softirq, steal = (int(field) / TICKS for field in fields[:8])
	return user + nice + system + irq + softirq, steal


def own_seconds():
	"""CPU time of this process and of its children that have ended."""
	return sum(os.times()[:4])


def pressure():
	"""The share of the last ten seconds in which something waited for a processor; None if the
	kernel does not tell."""
	try:
		words = Path("/proc/pressure/cpu").read_text().split()
	except OSError:
		return None
	return float(words[1].removeprefix("avg10=")) / 100


def spin(count):
	begin = time.perf_counter()
	for _ in range(count):
		pass
	return time.perf_counter() - begin


@functools.cache
def calibrated():
	"""Iterations of the undisturbed loop in LOOP_SECONDS."""
	count = 100_000
	return int(count * LOOP_SECONDS / min(spin(count) for _ in range(10)))


class Watch:
	"""Watches the machine until `end()`. Call `tick()` in each round of measuring."""

	def __init__(self):
		self.loop = calibrated()
		self.begin, self.own = time.monotonic(), own_seconds()
		self.busy, self.steal = processors()
		self.ticks = []

	def tick(self):
		self.ticks.append(spin(self.loop))

	def end(self):
		elapsed = time.monotonic() - self.begin
		busy, steal = processors()
		others = busy - self.busy - (own_seconds() - self.own)
		seen = {
			"others": max(0, others / elapsed),
			"steal": (steal - self.steal) / elapsed,
			"load": os.getloadavg()[0],
			"pressure": pressure(),
		}
		if len(self.ticks) > 3:
			low, median, high = statistics.quantiles(self.ticks, n=4)
			seen["loop_spread"] = (high - low) / median
		return {name: value and round(value, 4) for name, value in seen.items()}


def glance():
	"""The state of the machine while nothing is measured."""
	watch = Watch()
	end = time.monotonic() + GLANCE_SECONDS
	while time.monotonic() < end:
		watch.tick()
		time.sleep(10 * LOOP_SECONDS)
	return watch.end()


def why_not(seen):
	"""The reasons as sentences; empty if it was quiet."""
	return [text.format(seen[name]) for name, (limit, text) in LIMITS.items()
		if seen.get(name, 0) > limit]

#!/usr/bin/env python3
"""show.py ANONMEM SOURCE [SECONDS | --hosts [N]]: what a Prometheus sees of exporters; see dev/fleet."""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.request

import fleet
import prometheus

# A program whose labelled memory grows by 8 MiB a second. It ends with its standard input.
LEAK = """
import mmap, os, select, sys
size, memory, kept = 8 << 20, os.memfd_create("leak"), []
while not select.select([sys.stdin], [], [], 1)[0]:
	os.ftruncate(memory, size * (len(kept) + 1))
	kept.append(mmap.mmap(memory, size, offset=size * len(kept)))
	kept[-1].write(os.urandom(1) * size)
"""


def faster_rules(source, folder):
	"""The rules with seconds for minutes, since nobody waits for an hour."""
	text = (source / "src/cli/prometheus/anonmem-rules.yml").read_text()
	path = pathlib.Path(folder) / "rules.yml"
	path.write_text(re.sub(r"\b(\d+)m\b", r"\1s", text))
	return path


def show_queries(server, source):
	for title, query in list(fleet.queries(source))[-10:]:
		print(f"\n{title}\n  {query}")
		found = sorted(server.query(query), key=lambda s: -s[1])
		for labels, value in found[:4]:
			names = ", ".join(f"{k}={v}" for k, v in sorted(labels.items()) if k not in ("job", "__name__"))
			print(f"    {value:16,.2f}  {names}")
		if not found:
			print("    (nothing)")


def show_leak(server, name="AnonmemLabelGrows"):
	"""The alert fires while a program leaks, and ends with it."""
	print(f"\nA program leaks 8 MiB a second; {name} in seconds for minutes:")
	begun = time.time()

	def alerts(state=None):
		return [a for a in server.ask("/api/v1/alerts")["data"]["alerts"]
			if a["labels"]["alertname"] == name and a["labels"].get("label") == "[memfd:leak]"
			and state in (None, a["state"])]

	with subprocess.Popen([sys.executable, "-c", LEAK], stdin=subprocess.PIPE) as leak:
		found = server.wait(lambda: alerts("firing"), "the alert does not fire", 180)
		print(f"  {time.time() - begun:4.0f} s  {json.dumps(found[0])}")
		leak.stdin.close()
		leak.wait()
	ended = time.time()
	server.wait(lambda: not alerts(), "the alert does not end", 180)
	print(f"  {time.time() - begun:4.0f} s  ended, {time.time() - ended:.0f} s after the program: {alerts()}")


# A program with 240 MiB. It ends with its standard input.
FULL = """
import mmap, sys
kept = mmap.mmap(-1, 240 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for _ in range(240):
	kept.write(b"x" * (1 << 20))
sys.stdin.read()
"""


@contextlib.contextmanager
def nearly_full_unit():
	"""A control group, as of a unit of systemd, whose program uses nearly all it may. Only for root."""
	for top, limit in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
		group = pathlib.Path(top, "system.slice", "anonmem-fleet.service")
		with contextlib.suppress(OSError):
			group.mkdir(parents=True)
		if (group / limit).exists() and os.access(group / limit, os.W_OK):
			break
	else:
		print("there is no control group with a limit: the query for limits finds nothing")
		yield
		return
	(group / limit).write_text(str(256 << 20))
	with subprocess.Popen([sys.executable, "-c", FULL], stdin=subprocess.PIPE,
			preexec_fn=lambda: (group / "cgroup.procs").write_text("0")) as full:
		try:
			yield
		finally:
			full.stdin.close()
			full.wait()
			group.rmdir()
			with contextlib.suppress(OSError):
				group.parent.rmdir()


def show(program, source, seconds):
	"""Three machines: this one, and two captured ones, of which one is read only once."""
	with contextlib.ExitStack() as stack:
		stack.enter_context(nearly_full_unit())
		here = stack.enter_context(fleet.exporter(program, "-d", "1s"))
		names = {here: "this machine"}
		for tree, delay in (("server", "1s"), ("swapped", "1d")):
			root = source / "fixtures/trees" / tree
			names[stack.enter_context(fleet.exporter(program, "-d", delay, "--root", root))] = f"the tree {tree}"
		folder = stack.enter_context(fleet.tempfile.TemporaryDirectory())
		server = stack.enter_context(prometheus.Prometheus(list(names), rules=[faster_rules(source, folder)]))
		server.wait(lambda: len(server.query("up == 1")) == len(names), "the exporters are not up")
		for address, name in names.items():
			print(f"{address} is {name}")
		time.sleep(seconds)
		show_leak(server)
		server.wait(lambda: server.query("time() - anonmem_reading_timestamp_seconds > 60"),
			"no reading is old", 90)
		show_queries(server, source)


def resident(pid):
	status = pathlib.Path(f"/proc/{pid}/status").read_text()
	return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024


def show_hosts(program, source, count):
	with contextlib.ExitStack() as stack:
		targets = fleet.start_hosts(stack, program, source, count)
		sizes = []
		for target in targets:
			ask = urllib.request.Request(f"http://{target}/metrics", headers={"Accept-Encoding": "gzip"})
			with urllib.request.urlopen(ask, timeout=20) as answer:
				sizes.append(len(answer.read()))
		server = stack.enter_context(prometheus.Prometheus(targets, interval="5s"))
		server.wait(lambda: len(server.query("up == 1")) == count, "the exporters are not up")
		time.sleep(30)
		series = server.query('count({job="anonmem"})')[0][1]
		scrape = server.query("quantile(0.99, scrape_duration_seconds)")[0][1]
		head = server.ask("/api/v1/status/tsdb")["data"]["headStats"]
		print(f"hosts                          {count}")
		print(f"series                         {series:.0f}, {series / count:.0f} a host")
		print(f"scrape, 99th percentile        {scrape * 1000:.1f} ms")
		print(f"answer, gzipped, largest       {max(sizes) / 1024:.1f} KiB")
		print(f"memory of Prometheus           {resident(server.process.pid):.0f} MiB")
		print(f"series in its head             {head['numSeries']}")
		empty = stack.enter_context(prometheus.Prometheus([], interval="5s"))
		time.sleep(5)
		base = resident(empty.process.pid)
		print(f"memory of one without targets  {base:.0f} MiB")
		each = (resident(server.process.pid) - base) * 1024 / series
		print(f"memory a series                {each:.1f} KiB")
		thousand = series / count * 1000
		print(f"a thousand such hosts          {thousand:.0f} series, {each * thousand / 1048576:.1f} GiB")


def main():
	program, source, arguments = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
	if arguments[:1] == ["--hosts"]:
		show_hosts(program, source, int(arguments[1]) if arguments[1:] else 50)
	else:
		show(program, source, int(arguments[0]) if arguments else 20)


if __name__ == "__main__":
	main()

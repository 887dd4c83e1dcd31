#!/usr/bin/env python3
"""fleet.py ANONMEM SOURCE CONCEPT: a real Prometheus takes what anonmem serve answers.

CONCEPT is `rules` (promtool check rules and test rules), `metrics` (promtool check metrics on a report and on
answers) or `queries` (each query of the dashboards, the rules and anonmem-serve(1), asked of a Prometheus).
Where Debian's package prometheus is missing, it says so and is skipped."""

import contextlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request

import prometheus


def promtool(*arguments, **more):
	done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True,
		check=False, **more)
	if done.returncode:
		sys.exit(f"promtool {' '.join(map(str, arguments))}: {done.stdout}{done.stderr}")


def check_rules(_, source):
	rules = source / "src/cli/prometheus/anonmem-rules.yml"
	promtool("check", "rules", rules)
	with tempfile.TemporaryDirectory() as folder:
		for file in (rules, source / "tests/fleet/rules_test.yml"):
			shutil.copy(file, folder)
		promtool("test", "rules", "rules_test.yml", cwd=folder)


@contextlib.contextmanager
def exporter(program, *options):
	"""Its address, once it has answered."""
	address = f"127.0.0.1:{prometheus.free_port()}"
	process = subprocess.Popen([program, "serve", "--listen", address, *options])
	try:
		for _ in range(500):
			with contextlib.suppress(OSError):
				with urllib.request.urlopen(f"http://{address}/healthz", timeout=20):
					break
			prometheus.time.sleep(0.02)
		else:
			sys.exit("anonmem serve does not answer")
		yield address
	finally:
		process.terminate()
		process.wait()


def check_metrics(program, source):
	tree = ["--root", source / "fixtures/trees/server"]
	for keys in ("subsystem,label", "name,kind", "container,pod,unit"):
		text = subprocess.run([program, *tree, "--format", "prometheus", "--by", keys], capture_output=True,
			check=True, text=True).stdout
		promtool("check", "metrics", input=text)
	with exporter(program, *tree, "-d", "1d") as address:
		with urllib.request.urlopen(f"http://{address}/metrics", timeout=20) as answer:
			promtool("check", "metrics", input=answer.read().decode())


def queries(source):
	"""(where from, query)"""
	for file in sorted((source / "src/cli/grafana").glob("*.json")):
		board = json.loads(file.read_text())
		for panel in board["panels"]:
			for target in panel["targets"]:
				yield f"{file.name}, {panel['title']}", target["expr"]
	page = (source / "man/anonmem-serve.1").read_text()
	part = page[page.index(".Sh QUERIES"):page.index(".Sh A FLEET")]
	for title, query in re.findall(r"^\.It (.*)\n\.Li (.*)$", part, re.M):
		yield title, query


def fill(query):
	query = query.replace("$__rate_interval", "10s")
	return re.sub(r"\$(instance|subsystem|container)", ".*", query)


def check_queries(program, source):
	"""All are understood, and those that need no swap, container or hour have an answer."""
	rules = source / "src/cli/prometheus/anonmem-rules.yml"
	empty = re.compile(r"swap|cgroup|container|delta|quantile|> 60|heap_free")
	with exporter(program, "-d", "500ms") as address, prometheus.Prometheus([address], rules=[rules]) as server:
		server.wait(lambda: len(server.ask("/api/v1/query", query="anonmem_readings_total[10s]")["data"]["result"]
			or [{"values": []}]) and server.query("rate(process_cpu_seconds_total[10s])"), "no samples")
		count = 0
		for where, query in queries(source):
			found = server.query(fill(query))
			count += 1
			if not found and not empty.search(query):
				sys.exit(f"{where}: no answer to {query}")
		found = server.query('up{job="anonmem"}')
		if found[0][1] != 1 or count < 30:
			sys.exit(f"up is {found}, of {count} queries")
		groups = server.ask("/api/v1/rules")["data"]["groups"]
		for rule in groups[0]["rules"]:
			if rule["health"] == "err":
				sys.exit(f"{rule['name']}: {rule['lastError']}")
	print(f"{count} queries")


def main():
	program, source, concept = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
	if not prometheus.is_there():
		# As unittest writes it, which dev/test lists.
		print(f"fleet.{concept} ... skipped 'Prometheus is missing; dev/install fleet installs it'")
		return 0
	{"rules": check_rules, "metrics": check_metrics, "queries": check_queries}[concept](program, source)
	return 0


if __name__ == "__main__":
	sys.exit(main())

#!/usr/bin/env python3
"""fleet.py ANONMEM SOURCE CONCEPT: a real Prometheus takes what anonmem serve answers.

CONCEPT is `rules` (promtool check rules and test rules), `metrics` (promtool check metrics on a report and on
answers), `queries` (each query of the dashboards, the rules and anonmem-serve(1), asked of a Prometheus),
`hosts` (captures and recordings as machines of a fleet), or `textfile` (a report in the node exporter).
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
import recorded


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


def ask(address, path="/metrics"):
	"""What it answers, once it does."""
	for _ in range(500):
		with contextlib.suppress(OSError):
			with urllib.request.urlopen(f"http://{address}{path}", timeout=20) as answer:
				return answer.read().decode()
		prometheus.time.sleep(0.02)
	return sys.exit(f"{address} does not answer")


@contextlib.contextmanager
def exporter(program, *options):
	"""Its address, once it has answered."""
	address = f"127.0.0.1:{prometheus.free_port()}"
	process = subprocess.Popen([program, "serve", "--listen", address, *options])
	try:
		ask(address, "/healthz")
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
		promtool("check", "metrics", input=ask(address))


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


def variables(source):
	"""(where from, series, label): what the dashboards let choose."""
	for file in sorted((source / "src/cli/grafana").glob("*.json")):
		for variable in json.loads(file.read_text())["templating"]["list"]:
			if variable["type"] == "query":
				asked = variable["query"]["query"]
				series, label = re.fullmatch(r"label_values\((.*), (\w+)\)", asked).groups()
				yield f"{file.name}, {variable['name']}", series, label


# Machines of which each query finds something: this one, whose processes have memory that malloc keeps;
# two with the same labels; one with swap; one with containers, of which one is near its limit.
MACHINES = (("-d", "500ms"), ("-d", "1d", "--root", "server"), ("-d", "1d", "--root", "live"),
	("-d", "1d", "--root", "swapped"), ("-d", "1d", "--root", "containers", "--by", "container,subsystem"))

# None of them is as old as these ask for, so they are asked as of a later time.
LATER = {"time() - anonmem_reading_timestamp_seconds > 60": 90}


def check_queries(program, source):
	"""Each has an answer."""
	rules = source / "src/cli/prometheus/anonmem-rules.yml"
	trees = source / "fixtures/trees"
	with contextlib.ExitStack() as stack:
		machines = [stack.enter_context(exporter(program,
			*(trees / option if (trees / option).is_dir() else option for option in options)))
			for options in MACHINES]
		server = stack.enter_context(prometheus.Prometheus(machines, rules=[rules]))
		server.wait(lambda: len(server.query("rate(process_cpu_seconds_total[10s])")) == len(machines),
			"no samples")
		count = 0
		for where, query in queries(source):
			at = prometheus.time.time() + LATER[query] if query in LATER else None
			count += 1
			if not server.query(fill(query), at):
				sys.exit(f"{where}: no answer to {query}")
		for where, series, label in variables(source):
			if not server.ask(f"/api/v1/label/{label}/values", **{"match[]": fill(series)})["data"]:
				sys.exit(f"{where}: no values of {label}")
		found = server.query('up{job="anonmem"} == 1')
		if len(found) != len(machines) or count < 30:
			sys.exit(f"up is {found}, of {count} queries")
		groups = server.ask("/api/v1/rules")["data"]["groups"]
		for rule in groups[0]["rules"]:
			if rule["health"] == "err":
				sys.exit(f"{rule['name']}: {rule['lastError']}")
	print(f"{count} queries")


def start_hosts(stack, program, source, count):
	"""Captured and recorded machines in turn, each at a port of its own, until the stack ends.

	Returns their addresses."""
	trees = ("server", "live", "labelled", "shared")
	folder = stack.enter_context(tempfile.TemporaryDirectory())
	recordings = [recorded.read(program, path) for path in (source / "fixtures/recordings/version-2.db",
		recorded.record(program, folder))]
	hosts = []
	for i in range(count):
		if i % 2 == 0:
			tree = source / "fixtures/trees" / trees[i // 2 % len(trees)]
			hosts.append(exporter(program, "-d", "15s", "-j", "1", "--root", tree))
		else:
			pages = recordings[i // 2 % len(recordings)]
			hosts.append(recorded.host(pages, i % len(pages)))
	return [stack.enter_context(host) for host in hosts]


def check_hosts(program, source):
	"""Each is asked, and those that are recorded go from moment to moment."""
	with contextlib.ExitStack() as stack:
		targets = start_hosts(stack, program, source, 6)
		server = stack.enter_context(prometheus.Prometheus(targets))
		server.wait(lambda: len(server.query("up == 1")) == len(targets), "the hosts are not up")
		changed = "count by (instance) (changes(anonmem_pss_bytes[30s]) > 0)"
		found = server.wait(lambda: len(server.query(changed)) >= 3 and server.query(changed), "nothing changes")
	if {labels["instance"] for labels, _ in found} != set(targets[1::2]):
		sys.exit(f"of {targets}, these change: {found}")


def check_textfile(program, source):
	"""The collector of Prometheus's node exporter takes the report."""
	port = prometheus.free_port()
	with tempfile.TemporaryDirectory() as folder:
		subprocess.run([program, "-q", "--root", source / "fixtures/trees/server", "--format", "prometheus",
			"--output", f"{folder}/anonmem.prom"], check=True)
		with subprocess.Popen(["prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{port}",
				"--collector.disable-defaults", "--collector.textfile", f"--collector.textfile.directory={folder}"],
				stderr=subprocess.DEVNULL) as node:
			try:
				text = ask(f"127.0.0.1:{port}")
			finally:
				node.terminate()
	wanted = {"node_textfile_scrape_error 0",
		'anonmem_pss_bytes{label="~java heap?",subsystem="~java/heap"} 1.022144512e+09'}
	if not wanted <= set(text.splitlines()):
		sys.exit(f"not there: {wanted - set(text.splitlines())}")


def main():
	program, source, concept = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
	if not prometheus.is_there():
		# As unittest writes it, which dev/test lists.
		print(f"fleet.{concept} ... skipped 'Prometheus is missing; dev/install fleet installs it'")
		return 0
	checks = {"rules": check_rules, "metrics": check_metrics, "queries": check_queries, "hosts": check_hosts,
		"textfile": check_textfile}
	if concept == "textfile" and not shutil.which("prometheus-node-exporter"):
		print("fleet.textfile ... skipped 'the node exporter is missing; dev/install fleet installs it'")
		return 0
	checks[concept](program, source)
	return 0


if __name__ == "__main__":
	sys.exit(main())

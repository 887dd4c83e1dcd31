"""Prometheus, run from a temporary folder on a port of the loopback address."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from ports import free_port  # noqa: E402


def is_there():
	return bool(shutil.which("prometheus") and shutil.which("promtool"))


class Prometheus:
	"""Asks the targets, ADDRESS:PORT, every `interval`, by the rules in these files."""

	def __init__(self, targets, interval="1s", rules=()):
		self.port = free_port()
		self.folder = tempfile.mkdtemp(prefix="anonmem-prometheus-")
		config = {
			"global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
			"rule_files": [os.path.abspath(rule) for rule in rules],
			"scrape_configs": [{"job_name": "anonmem", "static_configs": [{"targets": list(targets)}]}],
		}
		path = os.path.join(self.folder, "prometheus.yml")
		with open(path, "w", encoding="utf-8") as f:
			json.dump(config, f)  # JSON is YAML
		with open(os.path.join(self.folder, "log"), "wb") as log:
			self.process = subprocess.Popen(
				["prometheus", f"--config.file={path}", f"--storage.tsdb.path={self.folder}/data",
					f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"],
				stdout=log, stderr=log, cwd=self.folder)

	def __enter__(self):
		self.wait(lambda: self.ask("/-/ready", parsed=False), "Prometheus does not start")
		return self

	def __exit__(self, *_):
		self.process.terminate()
		try:
			self.process.wait(20)
		except subprocess.TimeoutExpired:
			self.process.kill()
			self.process.wait()
		shutil.rmtree(self.folder)

	def ask(self, path, parsed=True, **parameters):
		"""The answer of its API; None if there is none."""
		url = f"http://127.0.0.1:{self.port}{path}?{urllib.parse.urlencode(parameters)}"
		try:
			with urllib.request.urlopen(url, timeout=20) as answer:
				text = answer.read()
		except urllib.error.HTTPError as e:
			text = e.read()
			if not parsed:
				return None
		except OSError:
			return None
		return json.loads(text) if parsed else text

	def query(self, expression, at=None):
		"""[(labels, value)], now or as of the time `at`."""
		answer = self.ask("/api/v1/query", query=expression, **({"time": at} if at else {}))
		if not answer or answer["status"] != "success":
			raise ValueError(f"{expression}: {answer and answer['error']}")
		if answer["data"]["resultType"] == "scalar":
			return [({}, float(answer["data"]["result"][1]))]
		return [(s["metric"], float(s["value"][1])) for s in answer["data"]["result"]]

	def alerts(self):
		return [(a["labels"], a["state"], a["annotations"])
			for a in self.ask("/api/v1/alerts")["data"]["alerts"]]

	def wait(self, condition, what, seconds=60):
		for _ in range(seconds * 10):
			found = condition()
			if found:
				return found
			if self.process.poll() is not None:
				break
			time.sleep(0.1)
		with open(os.path.join(self.folder, "log"), encoding="utf-8") as f:
			raise AssertionError(f"{what}: {f.read()[-2000:]}")

"""Third-party servers, each under the load of its own benchmark.

A server is started with a prefix to its command, so that it can run under another program. `work()`
returns the figures of one load, name -> number per second. `find()` raises Missing if the server is
not installed.
"""

import csv
import glob
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from bench.figures import Missing


class Server:
	"""Runs during the `with` block, in its own directory, as a user other than root."""

	USER = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]

	def __init__(self, before):
		self.before, self.process, self.folder = list(map(str, before)), None, None

	def __enter__(self):
		self.folder = Path(tempfile.mkdtemp(prefix="anonmem-bench-"))
		try:
			if os.geteuid() == 0:
				os.chown(self.folder, 65534, 65534)
			self.start()
			for _ in range(200):
				if self.answers():
					return self
				time.sleep(0.05)
			raise RuntimeError(f"{type(self).__name__} does not answer")
		except BaseException:
			self.__exit__()
			raise

	def __exit__(self, *_):
		if self.process:
			self.process.send_signal(signal.SIGINT)
			self.process.wait(timeout=30)
		shutil.rmtree(self.folder)

	def as_user(self, *command):
		return [*(self.USER if os.geteuid() == 0 else []), *map(str, command)]

	def call(self, *command):
		done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
		return done.stdout if done.returncode == 0 else None

	def spawn(self, *command):
		self.process = subprocess.Popen(self.as_user(*self.before, *command), cwd=self.folder,
			stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Redis(Server):
	@staticmethod
	def find():
		if not (shutil.which("redis-server") and shutil.which("redis-benchmark")):
			raise Missing("redis is not installed")

	def start(self):
		self.socket = self.folder / "socket"
		self.spawn(shutil.which("redis-server"), "--port", "0", "--unixsocket", self.socket, "--save", "",
			"--unixsocketperm", "777")

	def answers(self):
		return self.call("redis-cli", "-s", self.socket, "ping") == "PONG\n"

	def work(self):
		text = self.call("redis-benchmark", "-s", self.socket, "-n", "200000", "-P", "16", "-r", "100000",
			"-d", "300", "-t", "set,get,lpush", "--csv")
		rows = csv.DictReader(text.splitlines())
		return {f"redis-benchmark {row['test']}": float(row["rps"]) for row in rows}


class Postgres(Server):
	"""Persistent connections, and one per transaction, each of which needs a fork."""

	programs = next(iter(sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)), "")

	@classmethod
	def find(cls):
		if not shutil.which("pgbench", path=cls.programs):
			raise Missing("PostgreSQL is not installed")

	def start(self):
		data = self.folder / "data"
		self.call(*self.as_user(f"{self.programs}/initdb", "-D", data, "-A", "trust", "-N"))
		self.spawn(f"{self.programs}/postgres", "-D", data, "-k", self.folder,
			"-c", "listen_addresses=", "-F")
		self.pgbench = [f"{self.programs}/pgbench", "-h", self.folder, "-U", "nobody", "postgres"]
		if os.geteuid() != 0:
			self.pgbench[3:5] = []

	def answers(self):
		return self.call(*self.pgbench, "-i", "-q", "-s", "2") is not None

	def work(self):
		figures = {}
		for name, more in (("pgbench -S", []), ("pgbench -S -C", ["-C"])):
			text = self.call(*self.pgbench, "-n", "-S", "-c", "4", "-T", "2", *more)
			figures[name] = float(re.search(r"^tps = ([\d.]+)", text, re.M).group(1))
		return figures


SERVERS = [Redis, Postgres]

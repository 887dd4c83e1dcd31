"""Servers under a fixed load: the CPU time that they take for it, and their peak of memory.

Of all processes of the server, so that only what it does counts, and not who asks it.
"""

import os
import re
import shutil
import socket
import subprocess

from bench.figures import CPU, PEAK, Missing
from bench.servers import Postgres, Redis, Server

PAGE = """<?php
for ($i = 0; $i < 2000; $i++) $a[] = ['k' => $i, 's' => str_repeat('x', $i % 50)];
echo strlen(serialize(json_decode(json_encode($a), true)));
"""
NGINX = """daemon off; worker_processes 1; pid {0}/pid; error_log {0}/log;
events {{}}
http {{
	access_log off;
	client_body_temp_path {0}/b; fastcgi_temp_path {0}/f; proxy_temp_path {0}/p;
	uwsgi_temp_path {0}/u; scgi_temp_path {0}/s;
	server {{
		listen unix:{0}/http;
		location / {{
			fastcgi_pass unix:{0}/fpm; include /etc/nginx/fastcgi_params;
			fastcgi_param SCRIPT_FILENAME {0}/index.php;
		}}
	}}
}}
"""
FPM = """[global]
error_log = {0}/fpm.log
[www]
listen = {0}/fpm
pm = static
pm.max_children = 2
"""


def text_of(pid, name):
	"""Nothing if the process has ended."""
	try:
		with open(f"/proc/{pid}/{name}", encoding="ascii", errors="replace") as file:
			return file.read()
	except (FileNotFoundError, ProcessLookupError):
		return ""


def descendants(pid):
	found = [pid]
	for child in text_of(pid, f"task/{pid}/children").split():
		found += descendants(int(child))
	return found


def cpu_of(pids):
	"""Seconds, with the children that have ended."""
	ticks = 0
	for pid in pids:
		ticks += sum(map(int, text_of(pid, "stat").rpartition(")")[2].split()[11:15]))
	return ticks / os.sysconf("SC_CLK_TCK")


def peak_of(pids):
	"""MiB"""
	total = 0
	for pid in pids:
		total += sum(map(int, re.findall(r"^VmHWM:\s+(\d+)", text_of(pid, "status"), re.M)))
	return total / 1024


class Web(Server):
	"""nginx with PHP."""

	@staticmethod
	def find():
		for program in ("nginx", "php-fpm8.2"):
			if not shutil.which(program):
				raise Missing(f"{program} is not installed")

	def write(self, name, text):
		(self.folder / name).write_text(text.format(self.folder) if "{0}" in text else text)

	def start(self):
		for name, text in (("index.php", PAGE), ("nginx.conf", NGINX), ("fpm.conf", FPM)):
			self.write(name, text)
		self.spawn(shutil.which("php-fpm8.2"), "-F", "-y", self.folder / "fpm.conf")
		self.php = self.process
		self.spawn(shutil.which("nginx"), "-c", self.folder / "nginx.conf")

	def __exit__(self, *_):
		self.php.terminate()
		self.php.wait(timeout=30)
		super().__exit__()

	def ask(self):
		with socket.socket(socket.AF_UNIX) as connection:
			connection.connect(str(self.folder / "http"))
			connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
			text = b""
			while part := connection.recv(65536):
				text += part
		return text

	def answers(self):
		try:
			return b" 200 " in self.ask()
		except OSError:
			return False

	def load(self):
		for _ in range(1500):
			self.ask()

	def processes(self):
		return descendants(self.php.pid) + descendants(self.process.pid)


class LoadedRedis(Redis):
	def load(self):
		subprocess.run(["redis-benchmark", "-s", self.socket, "-n", "300000", "-P", "16", "-r", "100000",
			"-d", "300", "-t", "set,get,lpush", "-q"], check=True, capture_output=True)

	def processes(self):
		return descendants(self.process.pid)


class LoadedPostgres(Postgres):
	def load(self):
		for more in (["-S", "-t", "4000"], ["-S", "-C", "-t", "100"], ["-t", "500"]):
			subprocess.run([*self.pgbench, "-n", "-c", "4", *more], check=True, capture_output=True)

	def processes(self):
		return descendants(self.process.pid)


SERVERS = {"redis": LoadedRedis, "postgres": LoadedPostgres, "nginx and php-fpm": Web}


def cost(server, before):
	server.find()
	with server(before) as running:
		begun = cpu_of(running.processes())
		running.load()
		taken = running.processes()
		return {CPU: 1000 * (cpu_of(taken) - begun), PEAK: peak_of(taken)}

"""anonmem serve: each request is answered or refused, whoever else asks, and tells what a report tells."""

import concurrent.futures
import contextlib
import gzip
import http.client
import itertools
import os
import random
import re
import shutil
import signal
import socket
import string
import subprocess
import tempfile
import threading
import time

import anonmem
import helper
from ports import free_port
from anonmem import ENVIRONMENT, IS_ROOT, Live
from helper import PATIENCE, Helper

TREE = os.path.join(os.path.dirname(__file__), "../../fixtures/trees/server")
ONCE = ("--root", TREE, "-d", "1d")  # one reading, always the same
OPEN = {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"}


def samples(text):
	"""{(family, {label: value}...): value}"""
	found = {}
	for line in text.splitlines():
		if not line.startswith("#"):
			name, labels, value = re.fullmatch(r'(\w+)(?:\{(.*)\})? (-?[0-9.]+)', line).groups()
			key = (name, tuple(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels or "")))
			assert key not in found, f"twice: {line}"
			found[key] = float(value)
	return found


class UnixConnection(http.client.HTTPConnection):
	def __init__(self, path):
		super().__init__("localhost", timeout=PATIENCE)
		self.path = path

	def connect(self):
		self.sock = socket.socket(socket.AF_UNIX)
		self.sock.connect(self.path)


class Server:
	"""anonmem serve, ready to answer."""

	def __init__(self, *options, listen=None, command=None, **more):
		self.listen, self.command, self.options, self.more = listen, command, options, more
		self.path = listen[len("unix:"):] if listen else None
		self.start()

	def start(self):
		self.port = free_port()
		address = ["--listen", self.listen or f"127.0.0.1:{self.port}"] if self.command is None else []
		self.process = subprocess.Popen(
			[*(self.command or [anonmem.PROGRAM, "serve"]), *address, *map(str, self.options)],
			stderr=subprocess.PIPE, env=ENVIRONMENT, **self.more)

	def __enter__(self):
		end = time.monotonic() + PATIENCE
		while time.monotonic() < end:
			with contextlib.suppress(OSError, http.client.HTTPException):
				if self.get("/healthz")[0] == 200:
					return self
			if self.process.poll() is not None:
				said = self.process.communicate()[1]
				if b"in use" not in said or self.listen or self.command:
					raise AssertionError(f"it has ended: {said}")
				self.start()  # somebody was faster to take the port
			time.sleep(0.02)
		self.process.kill()
		raise AssertionError(f"it does not answer: {self.process.communicate()[1]}")

	def __exit__(self, *_):
		self.process.kill()
		self.process.communicate()

	def get(self, path="/metrics", method="GET", body=None, headers=None):
		c = UnixConnection(self.path) if self.path else \
			http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
		try:
			c.request(method, path, body, headers or {})
			answer = c.getresponse()
			return answer.status, answer.headers, answer.read()
		finally:
			c.close()

	def metrics(self):
		status, _, body = self.get()
		assert status == 200, body
		return samples(body.decode())

	def raw(self, request):
		"""What it says to these bytes until it closes the connection."""
		with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as s:
			with contextlib.suppress(ConnectionError):
				s.sendall(request)
				answer = b""
				while part := s.recv(65536):
					answer += part
				return answer
		return b""

	def end(self, number=signal.SIGTERM):
		self.process.send_signal(number)
		said = self.process.communicate(timeout=PATIENCE)[1].decode()
		return self.process.returncode, said


class Answers(Live):
	@classmethod
	def setUpClass(cls):
		cls.server = cls.enterClassContext(Server(*ONCE))

	def test_metrics_are_what_a_report_says(self):
		found = self.server.metrics()
		report = self.report("--root", TREE, "--by", "subsystem,label")
		for column in ("pss", "rss", "uss", "swap"):
			sizes = {labels: value for (name, labels), value in found.items()
				if name == f"anonmem_{column}_bytes"}
			self.assertEqual(sum(sizes.values()), report["totals"][column])
			for g in report["groups"]:
				if not re.search("[0-9]", g["label"] + g["subsystem"]):
					self.assertEqual(
						sizes[(("subsystem", g["subsystem"]), ("label", g["label"]))], g[column])
		self.assertEqual(found["anonmem_coverage_processes", (("outcome", "read"),)],
			report["coverage"]["read"])
		total = found["anonmem_machine_memory_total_bytes", ()]
		self.assertEqual(total, sum(v for (n, _), v in found.items() if n == "anonmem_machine_memory_bytes"))
		self.assertLessEqual(len(found), 500)

	def test_forms(self):
		status, headers, plain = self.server.get()
		self.assertEqual((status, headers["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
		_, headers, packed = self.server.get(headers={"Accept-Encoding": "gzip"})
		self.assertEqual(headers["Content-Encoding"], "gzip")
		self.assertEqual(gzip.decompress(packed), plain)
		_, headers, text = self.server.get(headers=OPEN)
		self.assertIn("application/openmetrics-text; version=1.0.0", headers["Content-Type"])
		self.assertTrue(text.endswith(b"# EOF\n"))
		_, _, packed = self.server.get(headers={**OPEN, "Accept-Encoding": "gzip"})
		self.assertEqual(gzip.decompress(packed), text)
		self.assertEqual(samples(text.decode()), samples(plain.decode()))
		status, headers, body = self.server.get(method="HEAD")
		self.assertEqual((status, body, int(headers["Content-Length"])), (200, b"", len(plain)))

	def test_other_pages(self):
		status, headers, body = self.server.get("/")
		self.assertEqual((status, headers["Content-Type"]), (200, "text/html; charset=utf-8"))
		self.assertIn(b"/metrics", body)
		self.assertEqual(self.server.get("/healthz")[0], 200)
		self.assertEqual(self.server.get("/metrics/")[0], 404)
		self.assertEqual(self.server.get("/../etc/passwd")[0], 404)
		self.assertEqual(self.server.get(method="POST", body=b"x" * 100000)[0], 405)
		self.assertEqual(self.server.get(method="DELETE")[:2][0], 405)

	def test_garbage_is_refused(self):
		for request in (b"\r\n\r\n", b"\x16\x03\x01\x02\x00" * 50, b"GET\r\n\r\n", b"GET /metrics HTTP/9.9\r\n\r\n",
				b"GET /metrics HTTP/1.1\r\n" + b"X: " + b"y" * 20000 + b"\r\n\r\n",
				b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
				b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
				b"POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"):
			answer = self.server.raw(request)
			self.assertNotIn(b" 200 ", answer[:20], request[:40])
		self.assertEqual(self.server.get()[0], 200)

	def test_many_at_once(self):
		"""Two hundred, beside some that ask and do not read, and some that say nothing."""
		with contextlib.ExitStack() as stack:
			for i in range(40):
				s = stack.enter_context(socket.create_connection(("127.0.0.1", self.server.port)))
				if i % 2:
					s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
					s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
			with concurrent.futures.ThreadPoolExecutor(200) as pool:
				answers = list(pool.map(lambda _: self.server.get(), range(200)))
		self.assertEqual([a[0] for a in answers], [200] * 200)
		self.assertEqual(len({a[2] for a in answers}), 1)

	def test_silent_connections_make_room(self):
		"""As many as there may be, and one that asks after them."""
		with contextlib.ExitStack() as stack:
			for _ in range(300):
				stack.enter_context(socket.create_connection(("127.0.0.1", self.server.port)))
			self.assertEqual(self.server.get()[0], 200)


class Serve(Live):
	def lone_program(self):
		"""A helper with a name that no other test has: numbers in names are stars in labels."""
		folder = self.enterContext(tempfile.TemporaryDirectory())
		name = "alone" + "".join(random.choices(string.ascii_lowercase, k=8))
		os.symlink(os.path.realpath(helper.PROGRAM), os.path.join(folder, name))
		return name, os.path.join(folder, name)

	def test_each_key(self):
		"""Alone, and beside what a dashboard needs."""
		for key in ("label", "subsystem", "kind", "name", "user", "cgroup", "container", "pod", "unit"):
			for keys in (key, f"{key},subsystem"):
				if keys == "subsystem,subsystem":
					continue
				with Server("--root", os.path.join(TREE, "../containers"), "-d", "1d", "--by", keys) as server:
					found = {labels: value for (name, labels), value in server.metrics().items()
						if name == "anonmem_pss_bytes"}
					report = self.report("--root", os.path.join(TREE, "../containers"), "--by", key)
					self.assertEqual(sum(found.values()), report["totals"]["pss"], keys)
					self.assertEqual(server.end(), (0, ""))

	def test_what_is_gone_is_gone(self):
		name, program = self.lone_program()
		with Server("-d", "100ms", "--by", "name") as server:
			with Helper("memory", program=program):
				self.wait(lambda: ("anonmem_pss_bytes", (("name", name),)) in server.metrics())
			self.wait(lambda: ("anonmem_pss_bytes", (("name", name),)) not in server.metrics())
			found = server.metrics()
			self.assertGreater(found["anonmem_readings_total", ()], 1)
			self.assertGreater(found["anonmem_requests_answered_total", ()], 1)
			self.assertLess(abs(found["anonmem_reading_timestamp_seconds", ()] - time.time()), 30)

	def test_another_proc_is_read_again(self):
		"""--root is the /proc of another system, which changes."""
		with tempfile.TemporaryDirectory() as folder:
			tree = os.path.join(folder, "tree")
			shutil.copytree(TREE, tree, symlinks=True)
			key = ("anonmem_processes", (("subsystem", "~redis/heap"), ("label", "~redis heap?")))
			with Server("--root", tree, "-d", "100ms") as server:
				self.assertIn(key, server.metrics())
				for pid in filter(str.isdigit, os.listdir(tree)):
					with open(os.path.join(tree, pid, "smaps"), "rb") as f:
						if b"redis" in f.read():
							shutil.rmtree(os.path.join(tree, pid))
				self.wait(lambda: key not in server.metrics())

	def test_large_processes_have_figures(self):
		"""One that takes too long to read is scanned: what it shares with no other process counts."""
		name, program = self.lone_program()
		with Helper("memory", program=program) as alone, Helper("share", 2, program=program) as sharing, \
				Server("--max-stall", "1us", "-d", "1d", "--by", "name,kind", "--series", "1000") as server:
			found = server.metrics()
			pids = ",".join(map(str, [alone.pid, sharing.pid, *sharing.children]))
			exact = self.report("--pid", pids, "--by", "name,kind")
		sizes = {(family, dict(labels)["kind"]): value for (family, labels), value in found.items()
			if dict(labels).get("name") == name and "kind" in dict(labels)}
		for group in exact["groups"]:
			kind = group["kind"]
			if kind == "anon":
				self.assertEqual(sizes["anonmem_rss_bytes", kind], group["rss"])
				self.assertEqual(sizes["anonmem_uss_bytes", kind], group["uss"])
			self.assertLessEqual(sizes["anonmem_pss_bytes", kind], group["pss"])
			self.assertGreaterEqual(sizes["anonmem_pss_bytes", kind], group["uss"])
		self.assertGreater(found["anonmem_processes_scanned", ()], 1)

	def test_nothing_is_left_of_garbage(self):
		"""Each connection is answered or refused, and counted, and leaves neither descriptors nor memory."""
		requests = (b"GET\r\n\r\n", b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01" * 3000,
			b"GET /metrics HTT", b"")

		def send_all(count):
			for i in range(count):
				with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as s:
					with contextlib.suppress(ConnectionError):
						s.sendall(requests[i % len(requests)])

		def descriptors():
			return len(os.listdir(f"/proc/{server.process.pid}/fd"))

		with Server("--root", TREE, "-d", "100ms") as server:
			opened = descriptors()
			send_all(200)
			before = server.metrics()
			send_all(600)
			self.wait(lambda: server.metrics()["anonmem_requests_refused_total", ()] >= 800)
			after = server.metrics()
			self.wait(lambda: descriptors() <= opened + 4)  # a reading opens some
		memory = "process_resident_memory_bytes", ()
		if b"+sandbox" in anonmem.run("--version").stdout:  # a sanitizer keeps what was freed
			# Those that may be open at once take 2 MiB.
			self.assertLess(after[memory] - before[memory], 3 * anonmem.MIB)

	@staticmethod
	def wait(condition):
		helper.wait_until(condition, "it")

	def test_ends(self):
		for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
			with Server(*ONCE) as server:
				self.assertEqual(server.end(number), (0, ""))

	def test_ends_between_readings_without_a_pause(self):
		"""If a reading takes longer than the delay, the next one is due at once."""
		ended = threading.Event()
		with tempfile.TemporaryDirectory() as folder:
			tree = os.path.join(folder, "tree")
			shutil.copytree(TREE, tree, symlinks=True)
			with open(os.path.join(tree, "24/smaps"), "w", encoding="ascii") as f:
				for i in range(150000):
					start = 0x10000000 + i * 8192
					f.write(f"{start:x}-{start + 4096:x} rw-p 00000000 00:00 0 [anon:{i}]\nSize: 4 kB\nRss: 4 kB\n")
			busy = threading.Thread(target=self.keep_busy, args=(os.path.join(tree, "24"), ended))
			busy.start()
			try:
				with Server("--root", tree, "-d", "100ms") as server:
					self.wait(lambda: server.metrics()["anonmem_readings_total", ()] > 2)
					self.assertGreater(server.metrics()["anonmem_reading_seconds", ()], 0.1)
					self.assertEqual(server.end(), (0, ""))
			finally:
				ended.set()
				busy.join()

	def keep_busy(self, process, ended):
		"""Lets a process of a tree use CPU time, so that it is read again each time."""
		stat = os.path.join(process, "stat")
		with open(stat, encoding="ascii") as f:
			before, after = f.read().rsplit(")", 1)
		fields = after.split(" ")
		for ticks in itertools.count(1000000):
			fields[12] = str(ticks)
			with open(f"{stat}.new", "w", encoding="ascii") as f:
				f.write(f"{before}){' '.join(fields)}")
			os.rename(f"{stat}.new", stat)
			if ended.wait(0.02):
				return

	def test_unix_socket(self):
		with tempfile.TemporaryDirectory() as folder:
			path = os.path.join(folder, "s")
			for _ in range(2):  # the second one finds the socket of the first
				with Server(*ONCE, listen=f"unix:{path}") as server:
					self.assertEqual(os.stat(path).st_mode & 0o777, 0o660)
					self.assertEqual(server.get()[0], 200)
					self.fails(1, "serve", "--listen", f"unix:{path}", words="Address already in use")
			self.assertTrue(os.path.exists(path))

	def test_socket_of_systemd(self):
		with socket.create_server(("127.0.0.1", 0)) as listening:
			command = ["bash", "-c", f"exec 3<&{listening.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 "
				f"exec {anonmem.PROGRAM} serve \"$@\"", "bash"]
			server = Server(*ONCE, command=command, pass_fds=[listening.fileno()])
			server.port = listening.getsockname()[1]
			with server:
				self.assertEqual(server.get()[0], 200)
		script = 'exec 3</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"'
		self.fails(2, "serve", prefix=["bash", "-c", script, "bash"], words="the socket from systemd")

	def test_terminal(self):
		"""Only there it says where it serves and how to end it."""
		port = free_port()
		self.assertIn(f"serving http://127.0.0.1:{port}/metrics, a reading every 86400 s; ",
			self.on_terminal("serve", *ONCE, "--listen", f"127.0.0.1:{port}", ends=True))

	def test_bad_addresses(self):
		for address in ("9974", "host.example:1", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "::1:80", "unix:",
				"unix:relative", "unix:/" + "x" * 200):
			self.fails(2, "serve", "--listen", address, words="--listen")
		with socket.create_server(("127.0.0.1", 0)) as s:
			self.fails(1, "serve", "--listen", f"127.0.0.1:{s.getsockname()[1]}", words="cannot listen on")
		self.fails(2, "serve", "--series", "5000", words="100 to 1000")
		self.fails(2, "serve", "--by", "process", words="anonmem serve groups by")
		self.fails(2, "serve", "123", words="takes no process ids")

	def test_rights(self):
		with Server(*ONCE) as server:
			seccomp, permitted = set(), set()
			for task in os.listdir(f"/proc/{server.process.pid}/task"):
				# One that has read may end meanwhile.
				with contextlib.suppress(FileNotFoundError, ProcessLookupError), \
						open(f"/proc/{server.process.pid}/task/{task}/status", encoding="latin-1") as f:
					status = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
					seccomp.add(status["Seccomp"])
					permitted.add(int(status["CapPrm"], 16))
		self.assertIn(0, permitted)  # the thread that answers
		if IS_ROOT:
			self.assertGreater(max(permitted), 0)
		filters = b"+sandbox" in anonmem.run("--version").stdout  # a build with sanitizers has none
		self.assertEqual(seccomp, {"2" if filters else "0"})

"""`anonmem serve`: an answer, a reading, and memory after many answers; slow and silent scrapers.

300 idle processes, as for top. Scrapes come over the loopback address from this program, which the figures
contain.
"""

import concurrent.futures
import contextlib
import http.client
import re
import socket
import statistics
import subprocess
import threading
import time
from pathlib import Path

from bench.bench import Own
from bench.figures import HIGHER, Figure, spread
from bench.goals import at_least, at_most
from bench.markdown import missing_rows, table
from bench.measures.stall import WORST
from bench.program import PROGRAMS
from bench.running import Held, output_of
from bench.workload import Workload
from ports import free_port

TITLE = "anonmem serve"

SERVE, STALLED = "anonmem serve", "anonmem serve, a process of 4 GiB"
P99, SIZE = Figure("99th percentile of a scrape", "ms"), Figure("size of an answer", "KiB")
READING, SHARE = Figure("CPU of a reading", "ms"), Figure("of one processor at 15 s", "%")
RESIDENT, GROWTH = Figure("resident memory", "MiB"), Figure("its growth", "MiB")
NAMES = Figure("names of 250 containers", "ms")
ANSWERED = Figure("answered of 200 at once", "%", HIGHER)
DELAY, DEFAULT_DELAY = 0.2, 15
SCRAPES, MANY = 2000, 100000
SETTLED = 220  # readings after which every process had its turn
PACKED = {"Accept-Encoding": "gzip"}


def get(port, headers=None):
	c = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
	try:
		c.request("GET", "/metrics", headers=headers or {})
		answer = c.getresponse()
		return answer.status, answer.read()
	finally:
		c.close()


def own(port):
	"""The metrics without labels."""
	text = get(port)[1].decode()
	return {name: float(value) for name, value in re.findall(r"^(\w+) (\S+)$", text, re.M)}


@contextlib.contextmanager
def serving(program, inside, *options):
	"""Its port; `inside` is the workload."""
	port = free_port()
	command = [*program.command("serve"), "--listen", f"127.0.0.1:{port}", *map(str, options)]
	with Held(PROGRAMS / "screen", inside, *command) if inside else Running(command):
		for _ in range(500):
			with contextlib.suppress(OSError, http.client.HTTPException):
				if get(port)[0] == 200:
					break
			time.sleep(0.02)
		yield port


class Running:
	def __init__(self, command):
		self.process = subprocess.Popen(list(map(str, command)))

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.process.terminate()
		self.process.wait()


def scrape(port):
	times = []
	for _ in range(SCRAPES):
		begun = time.perf_counter()
		size = len(get(port, PACKED)[1])
		times.append(time.perf_counter() - begun)
	return {P99: sorted(times)[SCRAPES * 99 // 100] * 1e3, SIZE: size / 1024}


def reading(port):
	"""In the steady state."""
	while own(port)["anonmem_readings_total"] < SETTLED:
		time.sleep(1)
	before = own(port)
	time.sleep(20)
	after = own(port)
	count = after["anonmem_readings_total"] - before["anonmem_readings_total"]
	each = (after["process_cpu_seconds_total"] - before["process_cpu_seconds_total"]) * 1e3 / count
	return {READING: each, SHARE: each / 1e3 / DEFAULT_DELAY * 100}


def churn(stop):
	while not stop.is_set():
		subprocess.run(["/bin/true"], check=False)


def many(port):
	"""The growth from a twentieth of the scrapes on, while processes come and go."""
	stop = threading.Event()
	thread = threading.Thread(target=churn, args=(stop,))
	thread.start()
	try:
		with concurrent.futures.ThreadPoolExecutor(4) as pool:
			list(pool.map(lambda _: get(port, PACKED), range(MANY // 20)))
			before = own(port)["process_resident_memory_bytes"]
			list(pool.map(lambda _: get(port, PACKED), range(MANY - MANY // 20)))
			after = own(port)["process_resident_memory_bytes"]
	finally:
		stop.set()
		thread.join()
	return {RESIDENT: after / 2**20, GROWTH: (after - before) / 2**20}


def names(program, folder):
	"""The median, from nothing known."""
	said = output_of([program.linked("names"), Path(folder) / "containers"], folder)
	return {NAMES: statistics.median(int(line) / 1e6 for line in said.split())}


def crowd(port):
	"""Beside 200 that ask at once, 20 that do not read, 20 that say nothing and 20 that say garbage."""
	with contextlib.ExitStack() as stack:
		for i in range(60):
			s = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
			if i % 3 == 1:
				s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
				s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
			elif i % 3 == 2:
				s.sendall(b"\x16\x03\x01\x02\x00garbage\r\n\r\n")
		with concurrent.futures.ThreadPoolExecutor(200) as pool:
			answers = list(pool.map(lambda _: get(port)[0], range(200)))
	return {ANSWERED: answers.count(200) / 2}


def serve(program, workload, folder):
	figures = names(program, folder)
	with serving(program, workload.inside, "-d", DELAY) as port:
		figures.update(reading(port))
		figures.update(scrape(port))
		figures.update(crowd(port))
	with serving(program, None, "-d", 1) as port:
		figures.update(many(port))
	return figures


def stalled(program, held):
	"""The worst of readings that each read the whole process."""
	held.ask()
	with serving(program, None, "-d", DELAY):
		time.sleep(3)
		return {WORST: held.ask() / 1e6}


def measure(bench):
	with Workload("sleepers") as workload:
		bench.once({SERVE: Own(lambda program: serve(program, workload, bench.folder))})
	with Held(PROGRAMS / "stall") as held:
		quiet = []
		for _ in range(3):
			held.ask()
			time.sleep(3)
			quiet.append(held.ask() / 1e6)
		bench.in_turn({STALLED: Own(lambda program: {
			WORST: stalled(program, held)[WORST] - min(quiet)})}, rounds=min(3, bench.rounds))


FIGURES = ((P99, 2), (SIZE, 1), (READING, 2), (SHARE, 3), (RESIDENT, 1), (GROWTH, 2), (NAMES, 2),
	(ANSWERED, 0))


def show(taken):
	rows = [[f"{figure.name}, {figure.unit}", spread(taken.samples(SERVE, figure)).text(digits)]
		for figure, digits in FIGURES if taken.samples(SERVE, figure)]
	if taken.samples(STALLED, WORST):
		rows.append(["worst mmap+munmap of 4 GiB beyond nothing, ms",
			spread(taken.samples(STALLED, WORST)).text()])
	return table(["", ""], rows + missing_rows(taken, 2))


def figure(taken, name, which):
	samples = taken.samples(name, which)
	return spread(samples) if samples else None


def goals(taken):
	return [
		at_most("scrape of `anonmem serve`, 99th percentile, 300 processes", 5,
			figure(taken, SERVE, P99), unit=" ms"),
		at_most("answer of `anonmem serve`, gzipped", 64, figure(taken, SERVE, SIZE), unit=" KiB"),
		at_most("`anonmem serve` at 15 s, 300 idle processes, of one processor", 0.2,
			figure(taken, SERVE, SHARE), 3, " %"),
		at_most(f"memory of `anonmem serve` after {MANY:,} scrapes with churn", 12,
			figure(taken, SERVE, RESIDENT), 1, " MiB"),
		at_most("its growth in them", 0.5, figure(taken, SERVE, GROWTH), unit=" MiB"),
		at_most("worst mmap+munmap of 4 GiB beside `anonmem serve`, beyond that unread", 3,
			figure(taken, STALLED, WORST), unit=" ms"),
		at_most("names of 250 containers", 5, figure(taken, SERVE, NAMES), unit=" ms"),
		at_least("scrapes answered of 200 at once, beside slow, silent and garbled ones", 100,
			figure(taken, SERVE, ANSWERED), " %"),
	]

"""What `anonmem run --heaps` costs real programs and malloc() alone, and how much gets an owner.

In turn with the same without anything. The unwinder is held against libgcc's in the same programs.
"""

import os
import re
import shutil
import subprocess

from bench import load
from bench.bench import Other, Own
from bench.figures import CPU, HIGHER, PEAK, Figure, Missing, ratio, spread
from bench.goals import at_least, at_most
from bench.markdown import missing_rows, table, text
from bench.program import PROGRAMS, ROOT, compile_program, installed
from bench.running import run

TITLE = "anonmem run --heaps"

PLAIN = ", without"
ASK = Figure("malloc() and free()", "ns")
START = Figure("start and end", "ms")
OWNED = Figure("memory with an owner", "%", HIGHER)
OWN_ROW = Figure("the allocator's own row", "MiB")
AGREEING = Figure("frames that agree", "%", HIGHER)
SOURCES = ROOT / "tests/bench/programs"
THROUGH = re.compile(r"(libc|libm|libstdc\+\+|libgcc_s|libglib-2\.0|ld-linux-x86-64)\.so")

PYTHON = "/usr/bin/python3"
XML = "<a>" + "<b x='1'><c>text</c></b>" * 100_000 + "</a>"


def python(code, *modules):
	if not os.path.exists(PYTHON):
		raise Missing("Debian's Python is not installed")
	for module in modules:
		if subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True).returncode:
			raise Missing(f"python3-{module} is not installed")
	return [PYTHON, "-c", code]


def with_xml(folder, *words):
	path = os.path.join(folder, "large.xml")
	with open(path, "w", encoding="utf-8") as file:
		file.write(XML)
	return [installed(words[0]), *words[1:], path]


def drawing(folder):
	path = os.path.join(folder, "large.svg")
	shapes = "".join(f'<circle cx="{i % 900}" cy="{i * 7 % 700}" r="{i % 40}" fill="#{i % 4096:03x}"/>'
		for i in range(8000))
	with open(path, "w", encoding="utf-8") as file:
		file.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="900" height="700">{shapes}</svg>')
	return [installed("rsvg-convert"), path]


def repack(folder):
	copy = os.path.join(folder, "repository")
	if not os.path.exists(copy):
		subprocess.run([installed("git"), "clone", "--quiet", "--bare", ROOT, copy], check=True)
	return [installed("git"), "-C", copy, "-c", "pack.threads=1", "repack", "-adfq"]


def panel(folder):
	"""name -> a function that gives the command."""
	return {
		"python json": lambda: python(
			"import json; x = json.loads(json.dumps([{'k%d' % i: [i, str(i)]} for i in range(300000)]))"),
		"python lxml": lambda: python(
			"import lxml.etree as e; x = [e.fromstring('<a>' + '<b><c/></b>' * 2000 + '</a>') "
			"for i in range(60)]", "lxml"),
		"python numpy": lambda: python(
			"import numpy as n; x = [n.arange(2000.) * i for i in range(8000)]; sum(x)", "numpy"),
		"python sqlite3": lambda: python(
			"import sqlite3 as s; d = s.connect(':memory:'); d.execute('create table t(x)'); "
			"d.executemany('insert into t values(?)', [(str(i) * 9,) for i in range(200000)]); "
			"d.execute('select count(distinct x) from t').fetchall()"),
		"php arrays": lambda: [installed("php"), "-r",
			"for ($i = 0; $i < 400000; $i++) $a[] = ['k' => $i, 's' => str_repeat('x', $i % 50)]; "
			"json_decode(json_encode($a));"],
		"node": lambda: [installed("node"), "-e",
			"const z = require('zlib'); let o = []; for (let i = 0; i < 3e5; i++) o.push({i, s: 'x' + i});"
			"z.gzipSync(JSON.stringify(o))"],
		"perl": lambda: [installed("perl"), "-e",
			"for (1 .. 300000) { $h{$_} = 'x' x ($_ % 60) } @k = sort keys %h; delete $h{$_} for @k"],
		"sqlite3": lambda: [installed("sqlite3"), ":memory:",
			"create table t as with recursive c(x) as (select 1 union all select x+1 from c where "
			"x < 400000) select x, hex(x) as y from c; create index i on t(y); select count(*) from t"],
		"xmllint": lambda: with_xml(folder, "xmllint", "--noout"),
		"rsvg-convert": lambda: drawing(folder),
		"git repack": lambda: repack(folder),
		"cc1": lambda: [installed("gcc"), "-O2", "-fsyntax-only", "-I", ROOT / "src", "-I",
			ROOT / "include", "-D_GNU_SOURCE", ROOT / "src/source/procfs.c"],
		"bash": lambda: [installed("bash"), "-c",
			"for ((i = 0; i < 60000; i++)); do a[i]=$i; b+=x; done"],
		# Held until it was read.
		"gdb": lambda: [installed("gdb"), "-batch", "-ex", "info functions main", "-ex",
			"python import time; time.sleep(0.5)", "/usr/bin/git"],
	}


REQUESTS = {"pair": 1.20, "random": 1.0, "libraries": 1.40, "strdup": 1.15}
THREADS = (1, 2)


def compile_asks(folder):
	libraries = []
	for number in range(1, 9):
		libraries.append(os.path.join(folder, f"libask{number}.so"))
		compile_program(SOURCES / "asks.c", libraries[-1], f"-DLIBRARY={number}", "-shared", "-fPIC")
	compile_program(SOURCES / "asks.c", PROGRAMS / "asks", *libraries, f"-Wl,-rpath,{folder}")


def ask(before, what, threads):
	command = list(map(str, [*before, PROGRAMS / "asks", what, threads]))
	return {ASK: float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)}


def start(before):
	times = 20
	script = "i=0; while [ $i -lt 20 ]; do /bin/true; i=$((i+1)); done"
	cost, _ = run([*before, "/bin/sh", "-c", script])
	return {START: next(v for f, v in cost.items() if f.name == "wall time") / times}


def cost_of(before, command):
	cost, _ = run([*before, *command()], fussy=False)
	return {figure: cost[figure] for figure in (CPU, PEAK)}


def bytes_of(cell):
	units = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
	return float(cell.rstrip("KMG")) * units.get(cell[-1], 1)


def owners(program, command):
	"""From the table of --summary: RSS by heap."""
	if not re.search(r"--heaps", subprocess.run([program.path, "run", "--help"],
			capture_output=True, text=True).stdout):
		raise Missing("there is no --heaps in this build")
	done = subprocess.run([program.path, "run", "--heaps", "--summary", "--", *map(str, command())],
		stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
	rows = re.findall(r"^\[anon:malloc: (.+?)\]\*? +\d+ +\d+ +(\S+)", done.stderr, re.M)
	sizes = {name: bytes_of(rss) for name, rss in rows}
	own = sizes.pop("(allocator)", 0)
	if not sum(sizes.values()):
		raise Missing("it ended before it could be read")
	lost = sum(size for name, size in sizes.items() if THROUGH.match(name) or name.startswith("("))
	return {OWNED: 100 * (1 - lost / sum(sizes.values())), OWN_ROW: own / (1 << 20)}


def compare_frames(folder, command):
	library, path = (os.path.join(folder, name) for name in ("agree.so", "agree"))
	compile_program(SOURCES / "agree.c", library, ROOT / "src/heaps/cfi.c", f"-I{ROOT}/src", "-shared",
		"-fPIC", "-fno-omit-frame-pointer")
	if os.path.exists(path):
		os.remove(path)
	subprocess.run(list(map(str, command())), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
		stderr=subprocess.DEVNULL, env={**os.environ, "AGREE": path, "LD_PRELOAD": library})
	if not os.path.exists(path):
		raise Missing("it ends in a way that says nothing")
	with open(path, encoding="ascii") as file:
		same, other = map(sum, zip(*(map(int, line.split()) for line in file)))
	if same + other < 100:
		raise Missing("it asks too little")
	return {AGREEING: 100 * same / (same + other)}


def measure(bench):
	if not shutil.which("objcopy"):
		raise Missing("binutils are not installed")
	compile_asks(bench.folder)
	tasks = {}

	def pair(name, action):
		tasks[name + PLAIN] = Other(lambda: action([]))
		tasks[name] = Own(lambda program: action([program.path, "run", "--heaps", "--"]))

	for what in REQUESTS:
		for threads in THREADS:
			pair(f"{what}, {threads}", lambda before, w=what, t=threads: ask(before, w, t))
	pair("/bin/true", start)
	pair("empty process", lambda before: cost_of(before, lambda: ["/bin/true"]))
	commands = panel(bench.folder)
	for name, command in commands.items():
		pair(name, lambda before, command=command: cost_of(before, command))
	for name, server in load.SERVERS.items():
		pair(name, lambda before, server=server: load.cost(server, before))
	bench.in_turn(tasks)
	bench.in_turn({f"owners of {name}": Own(lambda program, c=command: owners(program, c))
		for name, command in commands.items()}, rounds=1, warm=False)
	bench.in_turn({f"frames of {name}": Other(lambda c=command: compare_frames(bench.folder, c))
		for name, command in commands.items()}, rounds=1, warm=False)


def to_plain(taken, name, figure):
	return ratio(taken.samples(name, figure), taken.samples(name + PLAIN, figure))


def programs(taken):
	return [name.removeprefix("owners of ") for name in taken.names() if name.startswith("owners of ")]


def servers(taken):
	return [name for name in load.SERVERS if taken.samples(name, CPU)]


def show(taken):
	rows = []
	for name in [*programs(taken), *servers(taken)]:
		cells = [name, text(to_plain(taken, name, CPU)), text(to_plain(taken, name, PEAK))]
		for prefix, figure, digits in (("owners of ", OWNED, 2), ("owners of ", OWN_ROW, 1),
				("frames of ", AGREEING, 3)):
			cells.append(text(spread(taken.samples(prefix + name, figure)), digits))
		rows.append(cells)
	small = [[name.removesuffix(PLAIN), text(to_plain(taken, name.removesuffix(PLAIN), ASK)),
			text(spread(taken.samples(name.removesuffix(PLAIN), ASK)), 1)]
		for name in taken.names() if name.endswith(PLAIN) and taken.samples(name, ASK)]
	head = ["", "CPU", "peak memory", "with an owner, %", "allocator's own, MiB", "frames that agree, %"]
	return "\n\n".join([
		"CPU and peak memory are those with heaps to those without, in turn.",
		table(head, rows + missing_rows(taken, len(head))),
		"malloc() and free() alone, by threads:",
		table(["", "with heaps to without", "ns"], small),
	])


def added(taken, name, figure):
	with_heaps, without = taken.samples(name, figure), taken.samples(name + PLAIN, figure)
	if not with_heaps or not without:
		return None
	return spread([a - b for a, b in zip(with_heaps, without)])


def median_of(ratios):
	known = [r.median for r in ratios if r]
	return spread(known) if known else None


def goals(taken):
	found = []
	for what, limit in REQUESTS.items():
		for threads in THREADS:
			name = f"{what}, {threads}"
			found.append(at_most(f"malloc alone: {name} threads", limit, to_plain(taken, name, ASK)))
	for name in programs(taken):
		found.append(at_most(f"CPU of {name}", 1.10, to_plain(taken, name, CPU)))
		found.append(at_least(f"share with an owner, {name}", 99,
			spread(taken.samples(f"owners of {name}", OWNED)), " %"))
	for name in servers(taken):
		found.append(at_most(f"CPU of {name}", 1.10, to_plain(taken, name, CPU)))
	found.append(at_most("CPU, median of all", 1.02, median_of([to_plain(taken, name, CPU)
		for name in [*programs(taken), *servers(taken)]])))
	found.append(at_most("start of /bin/true, more", 1, added(taken, "/bin/true", START), unit=" ms"))
	found.append(at_most("memory of an empty process, more", 2.5,
		added(taken, "empty process", PEAK), unit=" MiB"))
	return found

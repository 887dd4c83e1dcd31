"""Makes up captured trees: one machine at four times, as a directory for `anonmem top --root`.

	1  a web server, a leaking program, two idle workers of one user
	2  the leak has grown; a batch job came
	3  the leak has grown again; the batch job went, worker 40 was replaced
	4  the leak has given something back
"""

import os

MACHINE = {
	"sys/kernel/hostname": "example\n",
	"sys/kernel/osrelease": "6.12.0\n",
	"stat": "cpu 0 0 0 0\nbtime 1700000000\n",
	"meminfo": "MemTotal: 8388608 kB\nMemFree: 4194304 kB\nMemAvailable: 6291456 kB\n"
		"Cached: 1048576 kB\nAnonPages: 262144 kB\nShmem: 0 kB\nMapped: 131072 kB\n"
		"SwapTotal: 2097152 kB\nSwapFree: 1048576 kB\n",
}

FIELDS = ("Size", "Rss", "Pss", "Shared_Clean", "Shared_Dirty", "Private_Clean", "Private_Dirty",
	"Referenced", "Anonymous", "Swap", "SwapPss", "Locked")


def entry(start, name, kb, *, shared=0, anonymous=True):
	"""One mapping of `kb` KiB, of which `shared` are mapped by another process too."""
	inode = "08:01 77" if name.startswith("/") else "00:00 0"
	values = {"Size": kb + 4, "Rss": kb, "Pss": kb - shared // 2, "Shared_Clean": shared,
		"Private_Dirty": kb - shared, "Referenced": kb, "Anonymous": kb if anonymous else 0}
	lines = [f"{start:x}-{start + (kb + 4) * 1024:x} rw-p 00000000 {inode} {name}"]
	return "\n".join(lines + [f"{f}: {values.get(f, 0)} kB" for f in FIELDS]) + "\n"


class Process:
	def __init__(self, pid, name, uid, started, *mappings):
		self.pid, self.name, self.uid, self.started, self.mappings = pid, name, uid, started, mappings

	def write(self, tree, tick):
		smaps, at = "", 0x10000000
		for mapping in self.mappings:
			smaps += entry(at, *mapping[:2], **(mapping[2] if len(mapping) > 2 else {}))
			at += (mapping[1] + 16) * 1024 // 4096 * 4096 + 0x100000
		resident = sum(mapping[1] for mapping in self.mappings) // 4
		files = {
			"smaps": smaps,
			"statm": f"{2 * resident} {resident} 10 1 0 {resident} 0\n",
			"stat": f"{self.pid} ({self.name}) S 1 1 1 0 -1 4194304 9 0 0 0 {tick} 0 0 0 20 0 1 0 "
				f"{self.started} 40960 {resident}\n",
			"status": f"Name:\t{self.name}\nUid:\t{self.uid}\t{self.uid}\t{self.uid}\t{self.uid}\n",
			"cgroup": f"0::/{self.name}\n",
			"cmdline": f"/usr/bin/{self.name}\0--serve\0{self.pid}\0",
		}
		for name, text in files.items():
			write(os.path.join(tree, str(self.pid), name), text)


def write(path, text):
	os.makedirs(os.path.dirname(path), exist_ok=True)
	with open(path, "w", encoding="utf-8") as f:
		f.write(text)


LIBRARY = ("/usr/lib/libc.so.6", 1024, {"shared": 512, "anonymous": False})
SERVER = Process(10, "server", 33, 100, ("[anon:zend_alloc]", 40960), ("[anon:Go: heap]", 8192),
	("[heap]", 2048), LIBRARY, ("[stack]", 132))
WORKER = Process(40, "worker", 1000, 300, ("[heap]", 4096), ("[anon:libc_malloc]", 6144), LIBRARY)
HOSTILE = Process(41, "\x1b[31mred", 1000, 301, ("[anon:\x1b[2J]", 512), LIBRARY)
BATCH = Process(50, "batch", 1000, 5000, ("", 16384), ("[anon:jemalloc_pg]", 4096))


def leak(megabytes):
	return Process(20, "leaky", 0, 200, ("[anon:libc_malloc]", megabytes * 1024), ("[heap]", 1024),
		("", 3072), LIBRARY)


MOMENTS = (
	[SERVER, leak(8), WORKER, HOSTILE],
	[SERVER, leak(24), WORKER, HOSTILE, BATCH],
	[SERVER, leak(72), Process(40, "other", 1000, 9000, ("[heap]", 2048)), HOSTILE],
	[SERVER, leak(48), Process(40, "other", 1000, 9000, ("[heap]", 2048)), HOSTILE],
)


def make(folder):
	for number, processes in enumerate(MOMENTS, 1):
		tree = os.path.join(folder, str(number))
		for name, text in {**MACHINE, "uptime": f"{number * 60}.00 0.00\n"}.items():
			write(os.path.join(tree, name), text)
		for process in processes:
			process.write(tree, number if process.name == "leaky" else 0)


def make_many(folder, count=200):
	"""A tree of many processes, for scrolling."""
	for name, text in {**MACHINE, "uptime": "60.00 0.00\n"}.items():
		write(os.path.join(folder, name), text)
	for i in range(1, count + 1):
		Process(i, f"p{i}", 0, i, ("[heap]", 4 * i)).write(folder, 0)

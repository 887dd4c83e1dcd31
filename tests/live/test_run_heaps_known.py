"""anonmem run --heaps: its figures against what libraries know of their memory themselves."""

import json
import re
import subprocess
import unittest

import anonmem
from anonmem import ENVIRONMENT, MIB, Live

PYTHON = "/usr/bin/python3"

BEGIN = """
import ctypes, json, sys, tracemalloc
class Mallinfo(ctypes.Structure):
	_fields_ = [(name, ctypes.c_size_t) for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks "
		"uordblks fordblks keepcost".split()]
libc = ctypes.CDLL(None)
libc.mallinfo2.restype = Mallinfo
known = {}
"""
END = """
info = libc.mallinfo2()
known["malloc"] = info.uordblks + info.hblkhd
print(json.dumps(known), flush=True)
sys.stdin.readline()
"""

# What it allocates besides is little.
SQLITE = """
import sqlite3
own = ctypes.CDLL("libsqlite3.so.0")
own.sqlite3_memory_used.restype = ctypes.c_int64
data = sqlite3.connect(":memory:")
data.execute("create table t(x)")
data.executemany("insert into t values(?)", [(str(i) * 9,) for i in range(60000)])
known["libsqlite3.so.0"] = own.sqlite3_memory_used()
"""
STRINGS = """
tracemalloc.start(1)
strings = [str(i) * 200 for i in range(10000)]
# Up to 512 bytes, Python has an allocator of its own.
known["python"] = sum(t.size for t in tracemalloc.take_snapshot().traces if t.size > 512)
tracemalloc.stop()
"""
NUMPY = """
import numpy
arrays = [numpy.arange(2000.0) * i for i in range(1000)] + [numpy.ones(1 << 19) for _ in range(3)]
known["_multiarray_umath"] = sum(a.nbytes for a in arrays)
"""
# xmlMemUsed() only knows what its own functions count, each with a header of 40 bytes.
LXML = """
own = ctypes.CDLL("libxml2.so.2")
own.xmlMemSetup(*[ctypes.cast(getattr(own, name), ctypes.c_void_p)
	for name in ("xmlMemFree", "xmlMemMalloc", "xmlMemRealloc", "xmlMemoryStrdup")])
import lxml.etree
trees = [lxml.etree.fromstring("<a>" + "<b x='1'><c>text</c></b>" * 2000 + "</a>") for _ in range(10)]
known["libxml2.so.2"] = own.xmlMemUsed() + 40 * own.xmlMemBlocks()
"""


def has(module):
	return subprocess.run([PYTHON, "-c", f"import {module}"], check=False, capture_output=True).returncode == 0


def anonymous_of(pid):
	"""All anonymous memory of a process, by the kernel."""
	with open(f"/proc/{pid}/smaps", encoding="ascii", errors="replace") as smaps:
		return sum(map(int, re.findall(r"^Anonymous: +(\d+) kB", smaps.read(), re.MULTILINE))) * 1024


class RunHeapsKnown(Live):
	def agree(self, code):
		with subprocess.Popen([anonmem.PROGRAM, "run", "--heaps", PYTHON, "-c", BEGIN + code + END],
				stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT) as program:
			known = json.loads(program.stdout.readline())
			anonymous = anonymous_of(program.pid)
			groups = self.report("--pid", program.pid, "-o", "rss,anonymous,heap_used,heap_free")["groups"]
			program.stdin.close()
		self.assertEqual(program.returncode, 0)
		self.assertLess(abs(sum(g["anonymous"] for g in groups) - anonymous), MIB)
		heaps = {g["label"]: g for g in groups if g["label"].startswith("[anon:malloc:")}
		# No guess behind the name: the owner is known, whatever it keeps there.
		self.assertFalse([label for label in heaps if "~" in label])
		used = {label: g["heap_used"] or 0 for label, g in heaps.items()}
		# mallinfo2() counts what is handed out and was never touched, too.
		wanted = known.pop("malloc")
		self.assertAlmostEqual(sum(used.values()) / wanted, 1, delta=0.05)
		for library, wanted in known.items():
			found = sum(size for label, size in used.items() if label.startswith(f"[anon:malloc: {library}"))
			self.assertGreater(found, wanted * 0.97, library)
			self.assertLess(found, wanted * 1.25 + MIB, library)

	def test_sqlite(self):
		self.agree(SQLITE)

	def test_strings(self):
		self.agree(STRINGS)

	@unittest.skipUnless(has("numpy"), "python3-numpy is not there")
	def test_numpy(self):
		self.agree(NUMPY)

	@unittest.skipUnless(has("lxml"), "python3-lxml is not there")
	def test_lxml(self):
		self.agree(LXML)

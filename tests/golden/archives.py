#!/usr/bin/env python3
"""What --from reads, and what it refuses: archives.py ANONMEM

Archives are made here, of the trees and smaps files in fixtures, in a temporary folder. A report of
each must be that of --root or --smaps; one that somebody made with bad intent is refused with a
sentence, or does no harm.
"""

import gzip
import io
import lzma
import os
import re
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FIXTURES = os.path.join(TOP, "fixtures")
SMAPS = os.path.join(FIXTURES, "smaps/labels.smaps")
UTF16 = os.path.join(FIXTURES, "captures/utf16")
ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8", "HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent"}
BLOCK = 1 << 17


# Making archives.


def zstd(data):
	"""A frame of blocks that are not compressed, which every version of zstd writes alike."""
	out = [b"\x28\xb5\x2f\xfd", bytes([0x00, 0x58])]  # window of 2 MiB
	parts = [data[i:i + BLOCK] for i in range(0, len(data), BLOCK)] or [b""]
	for i, part in enumerate(parts):
		out += [struct.pack("<I", len(part) << 3 | (i == len(parts) - 1))[:3], part]
	return b"".join(out)


def zstd_bomb(blocks):
	"""A frame of blocks that say: this byte, so many times."""
	block = struct.pack("<I", BLOCK << 3 | 1 << 1)[:3] + b"a"
	return b"\x28\xb5\x2f\xfd\x00\x58" + block * (blocks - 1) + \
		struct.pack("<I", BLOCK << 3 | 1 << 1 | 1)[:3] + b"a"


def files_of(tree):
	for folder, _, names in os.walk(os.path.join(FIXTURES, "trees", tree)):
		for name in sorted(names):
			path = os.path.join(folder, name)
			yield path, os.path.relpath(path, os.path.join(FIXTURES, "trees", tree))


def tar(tree, prefix="", order=lambda files: files, form=tarfile.GNU_FORMAT):
	out = io.BytesIO()
	with tarfile.open(fileobj=out, mode="w", format=form) as t:
		for path, name in order(list(files_of(tree))):
			t.add(path, prefix + name, recursive=False)
	return out.getvalue()


def zip_of(tree):
	out = io.BytesIO()
	with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
		for path, name in files_of(tree):
			if os.path.islink(path):
				link = zipfile.ZipInfo(name)
				link.create_system, link.external_attr = 3, 0o120777 << 16
				z.writestr(link, os.readlink(path))
			else:
				z.write(path, name)
	return out.getvalue()


def entry(name, data=b"", **how):
	info = tarfile.TarInfo(name)
	info.size = len(data)
	for key, value in how.items():
		setattr(info, key, value)
	return info, data


def tar_of(*entries, form=tarfile.GNU_FORMAT):
	out = io.BytesIO()
	with tarfile.open(fileobj=out, mode="w", format=form) as t:
		for info, data in entries:
			t.addfile(info, io.BytesIO(data))
	return out.getvalue()


def huge_header(size):
	"""A tar that claims a member of this size and ends there."""
	info = tarfile.TarInfo("12/smaps")
	info.size = size
	return info.tobuf(tarfile.GNU_FORMAT)


def without(path, report):
	"""A report in CSV, in which each process of a smaps file is called by the path."""
	name = re.escape(path.encode()) if path != "-" else rb"(?:-|\\055)"
	return re.sub(rb"^([^,]*,[^,]*,)" + name + rb"([,#])", rb"\1X\2", report, flags=re.M)


def read(path):
	with open(path, "rb") as f:
		return f.read()


# Reading them.


class Case:
	def __init__(self, binary, folder):
		self.binary, self.folder, self.count, self.failed = binary, folder, 0, 0

	def run(self, arguments, data=None, **variables):
		return subprocess.run([self.binary, *arguments], input=data, capture_output=True, cwd=self.folder,
			env={**ENVIRONMENT, **variables}, timeout=60, check=False)

	def check(self, name, right, said):
		self.count += 1
		if not right:
			self.failed += 1
			print(f"{name}: {said}")

	def put(self, name, data):
		with open(os.path.join(self.folder, name), "wb") as f:
			f.write(data)

	def same(self, name, data, reference, more=("--by", "process,label", "-o", "+swap_pss")):
		"""The report of a file and of a pipe is that of `reference`, but for the name of the file."""
		self.put(name, data)
		want = self.run(["--csv", "--strict", *more, *reference])
		got = self.run(["--csv", "--strict", *more, "--from", name])
		piped = self.run(["--csv", "--strict", *more, "--from", "-"], data)
		for way, done in ((name, got), ("-", piped)):
			self.check(name, done.returncode == want.returncode and
				without(way, done.stdout) == without(reference[1], want.stdout),
				f"differs through {way}: {done.stderr[:200]!r}")

	def refused(self, name, data, sentence, arguments=()):
		self.put(name, data)
		done = self.run(["--from", name, *arguments])
		said = done.stderr.decode()
		self.check(name, done.returncode == 1 and not done.stdout and said.count("\n") == 1 and
			f"anonmem: {name}" in said and sentence in said, f"status {done.returncode}: {said[:300]}")


def check_kinds(case):
	server = ["--root", os.path.join(FIXTURES, "trees/live")]
	plain = tar("live", "tree/")
	case.same("a.tar", plain, server)
	case.same("pax.tar", tar("live", "./", form=tarfile.PAX_FORMAT), server)
	case.same("deep.tar", tar("live", "/home/some/where/"), server)
	case.same("backwards.tar", tar("live", order=lambda files: files[::-1]), server)
	case.same("a.tar.gz", gzip.compress(plain, 1), server)
	case.same("a.tar.xz", lzma.compress(plain, preset=0), server)
	case.same("a.tar.zst", zstd(plain), server)
	case.same("a.zip", zip_of("live"), server, ("--by", "subsystem", "--no-rules"))
	smaps = ["--smaps", SMAPS]
	text = read(SMAPS)
	case.same("s.smaps", text, smaps)
	case.same("s.gz", gzip.compress(text), smaps)
	case.same("s.xz", lzma.compress(text), smaps)
	case.same("s.zst", zstd(text), smaps)
	case.same("s.gz.xz", lzma.compress(gzip.compress(text)), smaps)
	case.same("one.tar", tar_of(entry("a/smaps.txt", text)), smaps)
	case.same("utf16.gz", gzip.compress(read(UTF16)), ["--smaps", UTF16])
	done = case.run(["--csv", "--by", "process", "--from", "s.gz", "--from", "s.xz"])
	case.check("several", done.returncode == 0 and b"s.gz," in done.stdout and b"s.xz," in done.stdout,
		done.stderr)


def check_bugreports(case):
	"""A zip names its main entry; the rest can be anything."""
	path = os.path.join(FIXTURES, "captures/bugreport")

	def bugreport(main, **others):
		out = io.BytesIO()
		with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
			for name, data in {"version.txt": b"2.0", "main_entry.txt": main, **others}.items():
				z.writestr(name, data)
		return out.getvalue()

	text = {"bugreport-x-2026-11-29.txt": read(path), "FS/proc/1/smaps": b"nonsense"}
	case.same("bugreport.zip", bugreport(b"bugreport-x-2026-11-29.txt", **text), ["--smaps", path])
	case.same("line.zip", bugreport(b"bugreport-x-2026-11-29.txt\r\n", **text), ["--smaps", path])
	for main in (b"", b"no such", b"../x", b"a" * 5000):
		case.refused("wrong.zip", bugreport(main, **text), "contains no process")


def check_commands(case):
	case.put("a.tar", tar("server", "x/"))
	root = os.path.join(FIXTURES, "trees/server")
	for arguments in (["24"], ["--name", "redis", "-o", "rss"], ["--user", "0", "--by", "cgroup"], ["--verify"],
			["--children", "--name", "postgres"], ["--by", "mapping", "24"]):
		got, want = (case.run([*arguments, *source]) for source in (["--from", "a.tar"], ["--root", root]))
		case.check(arguments, got.stdout == want.stdout and got.returncode == want.returncode, got.stderr)
	for command in (["machine"], ["top", "-b", "-q", "-n1"]):
		got, want = (case.run([*command, *source]) for source in (["--from", "a.tar"], ["--root", root]))
		case.check(command, got.stdout == want.stdout and got.returncode == 0, got.stderr)
	folder = case.run(["--csv", "--from", root])
	case.check("folder", folder.stdout == case.run(["--csv", "--root", root]).stdout, folder.stderr)
	for arguments, sentence in (
			(["--from", "a.tar", "--from", "s.gz"], "cannot read a.tar together with others: only smaps files"),
			(["--from", "a.tar", "--root", root], "--from cannot be used together with --root or --smaps"),
			(["--from", "s.gz", "--pid", "12"], "--pid cannot be used with a smaps file"),
			(["--from", "s.gz", "--verify"], "--verify needs smaps_rollup"),
			(["top", "-b", "--from", "s.gz"], "s.gz is not a captured tree; only a report can read smaps files"),
			(["machine", "--from", "s.gz"], "s.gz is not a captured tree; only a report can read smaps files")):
		done = case.run(arguments)
		case.check(arguments, done.returncode == 2 and sentence in done.stderr.decode() and not done.stdout,
			done.stderr)


def check_hostile(case):
	text = read(os.path.join(FIXTURES, "smaps/old.smaps"))
	good = (entry("12/smaps", text), entry("12/stat", read(os.path.join(FIXTURES, "trees/server/24/stat"))))
	plain = tar_of(*good)

	def harmless(name, *entries, form=tarfile.GNU_FORMAT):
		"""Process 12 is read as ever."""
		case.put(name, tar_of(*entries, form=form))
		case.put("plain.tar", plain)
		want, got = (case.run(["-q", "--csv", "--from", path, "12"]) for path in ("plain.tar", name))
		case.check(name, got.returncode == 0 and got.stdout == want.stdout, got.stderr[:300])

	case.refused("climbs.tar", tar_of(*good, entry("12/../../etc/x", b"x")), "leads out of the archive")
	case.refused("long.tar", tar_of(entry("a/" * 3000, b"x"), form=tarfile.PAX_FORMAT),
		"is longer than 4095 bytes")
	case.refused("cut.tar.gz", gzip.compress(tar("live"))[:5000], "cannot be unpacked")
	case.refused("cut.tar", tar("live")[:70000], "cannot be unpacked")
	case.refused("cut.zst", zstd(text)[:-300], "cannot be unpacked")
	case.refused("cut.zip", zip_of("live")[:9000], "cannot be unpacked")
	packed = bytearray(lzma.compress(text))
	packed[len(packed) // 2] ^= 1
	case.refused("flipped.xz", bytes(packed), "cannot be unpacked")
	noise = bytes(n * n * 7919 >> 5 & 255 for n in range(4000))
	for magic in (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ", b"PK\x03\x04"):
		case.refused("garbage", magic + noise, "cannot be unpacked")
	case.refused("empty.tar", b"\0" * 257 + b"ustar" + b"\0" * 10240, "")
	case.refused("empty.zip", b"PK\x05\x06" + b"\0" * 18, "is an empty archive")
	case.refused("none.tar", tar_of(entry("a/b", b"x"), entry("a/c", b"y")), "contains no process")
	case.refused("claim.tar", huge_header(8 << 30), "cannot be unpacked")
	case.refused("bomb.zst", zstd_bomb(1 << 15), "unpacks to more than 1000 times its size")
	begin = struct.pack("<I", 512 << 3)[:3] + huge_header(1 << 40)
	bomb = zstd_bomb(1 << 15)
	case.refused("bomb.tar.zst", bomb[:6] + begin + bomb[6:], "unpacks to more than 1000 times its size")
	packed = text
	for _ in range(5):
		out = io.BytesIO()
		with zipfile.ZipFile(out, "w") as z:
			z.writestr("inner", packed)
		packed = out.getvalue()
	case.refused("nested.zip", packed, "is compressed more than 3 times; decompress it first")
	for name, how, sentence in (
			("device", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 5}, "is a device"),
			("link", {"linkname": "/proc/self/smaps"}, "is a link that leads out of the tree"),
			("up", {"linkname": "../../proc/self/smaps"}, "is a link that leads out of the tree"),
			("loop", {"linkname": "smaps"}, "no smaps in this capture")):
		case.put(name, tar_of(good[1], entry("12/smaps", **{"type": tarfile.SYMTYPE, **how})))
		done = case.run(["-q", "--from", name, "12"])
		case.check(name, done.returncode == 1 and sentence in done.stderr.decode(), done.stderr)
	harmless("absolute.tar", *[entry("/" + info.name, data) for info, data in good])
	harmless("inside.tar", entry("12/smaps", type=tarfile.SYMTYPE, linkname="../other"), entry("other", text),
		good[1])
	harmless("hard.tar", entry("t/first", text), entry("t/12/smaps", type=tarfile.LNKTYPE, linkname="t/first"),
		entry("t/12/stat", good[1][1]))
	harmless("twice.tar", entry("12/smaps", b"nonsense"), *good)
	harmless("device.tar", *good, entry("13x", type=tarfile.BLKTYPE), entry("x", type=tarfile.FIFOTYPE))
	harmless("names.tar", *good, entry("12/" + "n" * 300 + "\x1b[2J", b"x"), entry("\n", b"x"))
	harmless("folder.tar", *good, entry("12/stat/deeper", b"x"), entry("12", type=tarfile.DIRTYPE))
	done = case.run(["--from", "missing.tar"])
	case.check("missing", done.returncode == 1 and done.stderr ==
		b"anonmem: cannot open missing.tar: No such file or directory\n", done.stderr)


def check_library(case):
	"""Without libarchive, only what is packed cannot be read, and captures not be written."""
	text = read(SMAPS)
	case.put("a.tar", tar("server"))
	case.put("s.smaps", text)
	os.mkdir(os.path.join(case.folder, "broken"))
	os.mkdir(os.path.join(case.folder, "other"))
	case.put("broken/libarchive.so.13", b"")
	shutil.copy(os.path.join(os.path.dirname(case.binary), "libanonmem.so"),
		os.path.join(case.folder, "other/libarchive.so.13"))
	for folder, reason in (("broken", "file too short"), ("other", "undefined symbol: archive_")):
		variables = {"LD_LIBRARY_PATH": os.path.join(case.folder, folder)}
		for name, data in (("s.smaps", None), (os.path.join(FIXTURES, "trees/server"), None), ("-", text)):
			want, got = (case.run(["--csv", "--from", name], data, **how) for how in ({}, variables))
			case.check(name, got.returncode == want.returncode == 0 and got.stdout == want.stdout, got.stderr)
		for name, arguments in (("a.tar: ", ["--from", "a.tar"]), ("", ["capture", "--output", "new.tar"])):
			done = case.run(arguments, **variables)
			said = done.stderr.decode()
			case.check(folder, done.returncode == 1 and not done.stdout and said.count("\n") == 1 and
				said.startswith(f"anonmem: {name}cannot load libarchive: ") and reason in said and
				said.endswith("; install libarchive 3.3.3 or newer\n"), said)
		left = [name for name in os.listdir(case.folder) if "new.tar" in name]
		case.check(folder, not left, left)


def main():
	folder = tempfile.mkdtemp()
	try:
		case = Case(os.path.abspath(sys.argv[1]), folder)
		check_kinds(case)
		check_bugreports(case)
		check_commands(case)
		check_hostile(case)
		check_library(case)
	finally:
		shutil.rmtree(folder)
	print(f"archives: {case.count} checks, {case.failed} failed")
	return case.failed > 0


if __name__ == "__main__":
	sys.exit(main())

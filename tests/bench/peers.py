"""Other programs that do what anonmem does; all are optional."""

import os
import subprocess
from pathlib import Path

from bench.figures import Missing
from bench.program import installed, progress, quietly

PACKAGES = [
	"smem", "smemstat", "procps", "python3-psutil", "htop", "valgrind", "redis", "postgresql"
]
NOT_IN_DEBIAN = ["ps_mem", "procrank", "librank", "showmap"]

PSUTIL_PYTHON = "/usr/bin/python3"  # Debian's, which is the one that finds Debian's psutil
PSUTIL_SCRIPT = """
import psutil
for process in psutil.process_iter():
	try:
		process.memory_maps(grouped=True)
	except psutil.Error:
		pass
"""
PMAP_PIDS = 100  # pmap prints nothing when it is given some 250 or more


def install():
	progress("Installing " + ", ".join(PACKAGES))
	progress("Not in Debian: " + ", ".join(NOT_IN_DEBIAN))
	as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
	os.environ["DEBIAN_FRONTEND"] = "noninteractive"
	quietly(*as_root, "apt-get", "update", "-qq")
	quietly(*as_root, "apt-get", "install", "-qq", "-y", "--no-install-recommends", *PACKAGES)


def pmap(pids, folder):
	pid_file = Path(folder) / "pids"
	pid_file.write_text("\n".join(pids))
	return [installed("xargs"), "-a", pid_file, "-n", str(PMAP_PIDS), installed("pmap"), "-x"]


def psutil():
	probe = [PSUTIL_PYTHON, "-c", "import psutil"]
	if not os.path.exists(PSUTIL_PYTHON) or subprocess.run(probe, capture_output=True).returncode:
		raise Missing("psutil is not installed")
	return [PSUTIL_PYTHON, "-c", PSUTIL_SCRIPT]


def ps():
	return [installed("ps"), "-eo", "pid"]


def commands(pids, folder):
	"""name -> a function that returns the command."""
	return {
		"smem": lambda: [installed("smem")],
		"smemstat": lambda: [installed("smemstat")],
		"`pmap -x`": lambda: pmap(pids, folder),
		"`ps -eo pid`": ps,
		"psutil, grouped maps": psutil,
	}

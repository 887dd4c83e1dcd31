"""Identifies the machine."""

import os
import platform
import re
from pathlib import Path


def processor():
	found = re.search(r"^model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text(), re.M)
	return found.group(1) if found else platform.machine()


def describe():
	return {
		"processor": processor(),
		"processors": os.cpu_count(),
		"memory_bytes": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
		"kernel": platform.release(),
	}


def sentence(machine):
	kernel = re.match(r"[\d.]*", machine["kernel"]).group()
	return (
		f"{machine['processor']}, {machine['processors']} processors, "
		f"{machine['memory_bytes'] / 2**30:.0f} GiB; Linux {kernel}"
	)

"""Makes pages, and reads the data in them."""

import json
import os
import re
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RECORDING = "fixtures/recordings/version-1.db"
SERVICES = RECORDING + "@..2026-11-29T19:59Z"
ENVIRONMENT = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC"}
DATA = re.compile(rb'<script type="application/json" id="data">(.*?)</script>', re.S)


def run(binary, *arguments, status=0):
	done = subprocess.run([binary, *arguments], cwd=TOP, env=ENVIRONMENT, capture_output=True, check=False)
	assert done.returncode == status, (arguments, done.returncode, done.stderr)
	return done.stdout


def make(binary, *arguments, status=0):
	"""A page of a report, or of the command that comes first."""
	command = arguments[:1] if arguments[0] == "diff" else ()
	return run(binary, *command, "--format", "html", "--no-rules", *arguments[len(command):], status=status)


def data_text(page):
	"""The JSON in a page, which is one of its three scripts' and styles' worth of text."""
	found = DATA.findall(page)
	assert len(found) == 1
	return found[0]


def data(page):
	return json.loads(data_text(page))


def decode(series):
	"""As data.js does."""
	values, last = [], 0
	for step in series["steps"]:
		if isinstance(step, list):
			values += values[-1:] * step[0]
		elif step is None:
			values.append(None)
		else:
			last += step
			values.append(last * series["unit"])
	return values

#!/usr/bin/env python3
"""Drives the screen of `anonmem top` with keys in tmux: screens.py ANONMEM [--update] [NAME...]

Each line of `cases` describes a screen, which must be exactly as in expected/NAME.
"""

import difflib
import os
import shlex
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import trees

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.join(HERE, "../..")
RECORDING = "fixtures/recordings/version-1.db"
NAMED = {"Up", "Down", "Left", "Right", "Home", "End", "PgUp", "PgDn", "Enter", "Escape", "BSpace", "Space",
	"F1", "F4", "F5", "F6", "F10"}
# Mouse events as xterm sends them: the button, and press or release.
BUTTONS = {"Click": [(0, "M"), (0, "m")], "WheelUp": [(64, "M")], "WheelDown": [(65, "M")]}


class Screen:
	"""A separate tmux server with anonmem in it."""

	def __init__(self, folder, name, size, variables, command):
		self.socket = os.path.join(folder, f"{name}.tmux")
		self.sgr = "TERM=xterm" in variables
		width, height = size.split("x")
		environment = {k: v for k, v in os.environ.items()
			if not k.startswith(("LC_", "LANG", "TMUX")) and k not in ("NO_COLOR", "COLUMNS", "LINES")}
		words = ["env", "TERM=screen-256color", "LC_ALL=C.UTF-8", "TZ=UTC", "HOME=/nonexistent",
			"XDG_CONFIG_HOME=/nonexistent", *variables, *command]
		# tmux itself always uses UTF-8, whatever its program uses.
		self.tmux("-u", "-f", "/dev/null", "new-session", "-d", "-c", TOP, "-x", width, "-y", height,
			shlex.join(words) + "; status=$?; echo; echo ended with $status; read -r _",
			env={**environment, "LC_ALL": "C.UTF-8"})
		self.tmux("set-option", "-g", "status", "off")

	def tmux(self, *words, **more):
		return subprocess.run(["tmux", "-S", self.socket, *words], capture_output=True, text=True,
			check=True, timeout=60, **more).stdout

	def text(self, styles=False):
		text = self.tmux("capture-pane", "-p", *(["-e"] if styles else []))
		return text.replace("\x1b", "\\e")

	def settled(self, before=None):
		"""The screen once it has stopped changing."""
		last, same, waited = None, 0, 0
		while same < 3 or (last == before and waited < 12):
			time.sleep(0.05)
			text = self.text()
			same = same + 1 if text == last and text.strip() else 0
			waited += 1
			last = text
			if waited > 4000:
				raise AssertionError(f"the screen does not come to rest:\n{text}")
		return last

	def awaited(self, text, expected, styles):
		"""The screen once it is as expected; or as it is after a time that suffices for every machine."""
		end = time.monotonic() + 30
		while trimmed(text) != expected and time.monotonic() < end:
			time.sleep(0.05)
			text = self.text(styles)
		return text

	def press(self, key):
		if key.startswith(tuple(BUTTONS)):
			name, at = key.split(":")
			column, line = (int(n) + 1 for n in at.split(","))
			if self.sgr:
				self.tmux("send-keys", "-l", *(f"\x1b[<{button};{column};{line}{state}"
					for button, state in BUTTONS[name]))
				return
			for button, state in BUTTONS[name]:
				button = button if state == "M" else 3  # which says only that it is up again
				self.tmux("send-keys", "-H", "1b", "5b", "4d",
					*(f"{n + 32:x}" for n in (button, column, line)))
		elif key in NAMED:
			self.tmux("send-keys", {"PgUp": "PPage", "PgDn": "NPage"}.get(key, key))
		else:
			self.tmux("send-keys", "-l", key)

	def close(self):
		subprocess.run(["tmux", "-S", self.socket, "kill-server"], capture_output=True, check=False)


def trimmed(text):
	return "\n".join(line.rstrip() for line in text.splitlines()).rstrip() + "\n"


class Case:
	def __init__(self, line):
		words = shlex.split(line)
		at = words.index("::")
		self.keys = words[at + 1:]
		words = words[:at]
		self.arguments = words[words.index("--") + 1:] if "--" in words else []
		words = words[: words.index("--")] if "--" in words else words
		self.name, self.size, self.variables = words[0], words[1], words[2:]

	def path(self):
		return os.path.join(HERE, "expected", self.name)

	def expected(self):
		try:
			with open(self.path(), encoding="utf-8") as f:
				return f.read()
		except FileNotFoundError:
			return ""

	def run(self, binary, folder, update):
		source = ["--root", os.path.join(folder, "many" if "MANY=1" in self.variables else "trees")]
		for variable in self.variables:
			if variable.startswith("RECORDED="):
				source = ["--from", RECORDING + variable.partition("=")[2]]
		command = [binary, "top", *source, "--no-rules", "--delay", "3600", *self.arguments]
		screen = Screen(folder, self.name, self.size, self.variables, command)
		try:
			text = screen.settled()
			for key in self.keys:
				screen.press(key)
				text = screen.settled(text)
			styles = "STYLES=1" in self.variables
			if styles:
				text = screen.text(styles)
			# A busy machine may have been slow to do what the last key asked for.
			if not update:
				text = screen.awaited(text, self.expected(), styles)
		finally:
			screen.close()
		return trimmed(text)


def judge(case, text, update):
	"""Describes what is wrong; empty if nothing is."""
	if update:
		with open(case.path(), "w", encoding="utf-8") as f:
			f.write(text)
		return ""
	return "\n".join(difflib.unified_diff(case.expected().splitlines(), text.splitlines(), "expected",
		"on the screen", lineterm="", n=2))


def main():
	binary = os.path.abspath(sys.argv[1])
	update = "--update" in sys.argv[2:]
	names = [a for a in sys.argv[2:] if a != "--update"]
	with open(os.path.join(HERE, "cases"), encoding="utf-8") as f:
		cases = [Case(line) for line in f if line.strip() and not line.startswith("#")]
	strays = set(os.listdir(os.path.join(HERE, "expected"))) - {case.name for case in cases}
	if names:
		cases = [case for case in cases if case.name in names]
	failed = 0
	with tempfile.TemporaryDirectory() as folder:
		trees.make(os.path.join(folder, "trees"))
		trees.make_many(os.path.join(folder, "many"))
		with ThreadPoolExecutor(4) as pool:
			for case, text in zip(cases, pool.map(lambda c: c.run(binary, folder, update), cases)):
				wrong = judge(case, text, update)
				if wrong:
					failed += 1
					print(f"{case.name}:\n{wrong}\n")
	if strays:
		print("these belong to no case:", *sorted(strays))
	print(f"top: {len(cases) - failed} of {len(cases)} screens are {'written' if update else 'as expected'}")
	return failed > 0 or bool(strays)


if __name__ == "__main__":
	sys.exit(main())

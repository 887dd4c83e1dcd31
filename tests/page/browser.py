"""A headless Chromium, driven by its debugging protocol over two pipes."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time


def find():
	return shutil.which("chromium") or shutil.which("chromium-browser")


def from_npm(folder, package):
	"""The folder of a package that npm has installed there, or None."""
	try:
		subprocess.run(["npm", "install", "--silent", "--no-audit", "--prefix", folder, package], check=True,
			stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)
	except (OSError, subprocess.SubprocessError):
		return None
	return os.path.join(folder, "node_modules", package)


class Browser:
	"""One page of a browser of its own, whose folder goes with it."""

	def __init__(self):
		self.home = tempfile.TemporaryDirectory()
		ours, theirs = os.pipe(), os.pipe()
		# It reads from descriptor 3 and writes to descriptor 4.
		self.process = subprocess.Popen(
			["sh", "-c", 'exec "$@" 3<&%d 4>&%d' % (ours[0], theirs[1]), "sh", find(),
			"--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
			"--disable-dev-shm-usage", "--remote-debugging-pipe",
			"--user-data-dir=" + self.home.name, "about:blank"],
			pass_fds=(ours[0], theirs[1]), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
			env={**os.environ, "HOME": self.home.name, "TMPDIR": self.home.name, "TZ": "UTC"})
		os.close(ours[0])
		os.close(theirs[1])
		self.to, self.answers = os.fdopen(ours[1], "wb"), os.fdopen(theirs[0], "rb")
		self.number, self.rest, self.session, self.complaints = 0, b"", None, []
		self.loaded = set()  # what Page.navigate called each page that is there
		target = self.call("Target.createTarget", url="about:blank")["targetId"]
		self.session = self.call("Target.attachToTarget", targetId=target,
				flatten=True)["sessionId"]
		for domain in ("Page", "Runtime", "Log"):
			self.call(domain + ".enable")
		self.call("Network.enable")
		self.call("Page.setLifecycleEventsEnabled", enabled=True)

	def close(self):
		try:
			self.session = None
			self.call("Browser.close")
		except (OSError, EOFError):
			pass
		self.to.close()
		self.answers.close()
		try:
			self.process.wait(60)
		except subprocess.TimeoutExpired:
			self.process.kill()
			self.process.wait()
		for _ in range(100):
			try:
				self.home.cleanup()
				break
			except OSError:  # what it had started still writes
				time.sleep(0.1)

	def read(self):
		while b"\0" not in self.rest:
			more = os.read(self.answers.fileno(), 1 << 20)
			if not more:
				raise EOFError("the browser ended")
			self.rest += more
		text, _, self.rest = self.rest.partition(b"\0")
		message = json.loads(text)
		self.note(message)
		return message

	def note(self, message):
		"""Keeps what a page may not do: errors, warnings, requests."""
		method, params = message.get("method"), message.get("params", {})
		if method == "Runtime.exceptionThrown":
			self.complaints.append(params["exceptionDetails"].get("exception", {})
				.get("description", str(params["exceptionDetails"])))
		elif method == "Log.entryAdded" and params["entry"]["level"] in ("warning", "error"):
			self.complaints.append(params["entry"]["text"])
		elif method == "Runtime.consoleAPICalled":
			self.complaints.append(str([arg.get("value") for arg in params["args"]]))
		elif method == "Page.lifecycleEvent" and params["name"] == "load":
			self.loaded.add(params["loaderId"])
		elif method == "Network.requestWillBeSent":
			url = params["request"]["url"]
			if not url.startswith(("file:", "about:")):
				self.complaints.append("requests " + url)

	def call(self, method, **params):
		self.number += 1
		message = {"id": self.number, "method": method, "params": params}
		if self.session:
			message["sessionId"] = self.session
		self.to.write(json.dumps(message).encode() + b"\0")
		self.to.flush()
		while True:
			answer = self.read()
			if answer.get("id") == self.number:
				if "error" in answer:
					raise RuntimeError("%s: %s" % (method, answer["error"]))
				return answer["result"]

	def look(self, scheme="light", width=1200, height=1000):
		self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
				deviceScaleFactor=1, mobile=False)
		self.call("Emulation.setEmulatedMedia",
				features=[{"name": "prefers-color-scheme", "value": scheme}])

	def open(self, path):
		self.complaints = []
		loader = self.call("Page.navigate", url="file://" + os.path.abspath(path))["loaderId"]
		while loader not in self.loaded:  # which may have been said before the answer
			self.read()
		self.settle()

	def settle(self):
		"""Waits until what was asked for is drawn."""
		self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

	def run(self, expression):
		result = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
				awaitPromise=True)
		if "exceptionDetails" in result:
			raise RuntimeError(result["exceptionDetails"]["exception"]["description"])
		return result["result"].get("value")

	def key(self, key, code=None):
		codes = {"Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39,
				"ArrowDown": 40, "Tab": 9, "Home": 36, "End": 35}
		for kind in ("keyDown", "keyUp"):
			self.call("Input.dispatchKeyEvent", type=kind, key=key, code=code or key,
				windowsVirtualKeyCode=codes.get(key, 0))
		self.settle()

	def drag(self, x1, y1, x2, y2):
		self.call("Input.dispatchMouseEvent", type="mousePressed", x=x1, y=y1, button="left",
				buttons=1, clickCount=1)
		if (x1, y1) != (x2, y2):
			self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x2, y=y2, button="left",
				buttons=1)
		self.call("Input.dispatchMouseEvent", type="mouseReleased", x=x2, y=y2, button="left",
				clickCount=1)
		self.settle()

	def picture(self, path):
		size = self.call("Page.getLayoutMetrics")["cssContentSize"]
		data = self.call("Page.captureScreenshot", captureBeyondViewport=True,
				clip={"x": 0, "y": 0, "width": size["width"],
				"height": min(size["height"], 4000), "scale": 1})["data"]
		with open(path, "wb") as file:
			file.write(base64.b64decode(data))

	def print(self, path):
		data = self.call("Page.printToPDF", printBackground=False)["data"]
		with open(path, "wb") as file:
			file.write(base64.b64decode(data))

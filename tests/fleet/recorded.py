"""Recordings as hosts: each moment of one is a reading, which a port of the loopback address answers with."""

import contextlib
import gzip
import http.server
import itertools
import pathlib
import sqlite3
import subprocess
import threading
import time

MOMENTS = 20  # of a recording; evenly spaced


def times(recording):
	"""Times of samples, for --from FILE@TIME."""
	uri = f"{recording.resolve().as_uri()}?immutable=1"
	with contextlib.closing(sqlite3.connect(uri, uri=True)) as database:
		found = [ms for ms, in database.execute("SELECT time_ms FROM sample ORDER BY sample")]
	chosen = found[::max(1, len(found) // MOMENTS)]
	return list(dict.fromkeys(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ms // 1000 + 1)) for ms in chosen))


def read(program, recording):
	"""The metrics of each moment."""
	return [subprocess.run([program, "--from", f"{recording}@{at}", "--format", "prometheus"], check=True,
		capture_output=True).stdout for at in times(recording)]


def record(program, folder, seconds=5):
	"""A recording of this machine. Its path."""
	path = pathlib.Path(folder, "recording.db")
	subprocess.run([program, "record", "--by", "name,label", "-d", "1s", "--for", f"{seconds}s",
		"--output", path], check=True, capture_output=True)
	return path


@contextlib.contextmanager
def host(pages, first=0):
	"""Answers each request with the next page, from the first one on. Its address."""
	following = itertools.cycle([*pages[first:], *pages[:first]])

	class Handler(http.server.BaseHTTPRequestHandler):
		def do_GET(self):
			page = next(following)
			self.send_response(200)
			self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
			if "gzip" in self.headers.get("Accept-Encoding", ""):
				page = gzip.compress(page, 1)
				self.send_header("Content-Encoding", "gzip")
			self.send_header("Content-Length", str(len(page)))
			self.end_headers()
			self.wfile.write(page)

		def log_message(self, *_):
			pass

	with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
		thread = threading.Thread(target=server.serve_forever)
		thread.start()
		try:
			yield f"127.0.0.1:{server.server_port}"
		finally:
			server.shutdown()
			thread.join()

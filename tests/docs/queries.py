#!/usr/bin/env python3
"""queries.py SOURCE [--update]: runs each query of anonmem-recording(5), as it stands there, on the
recording of each version, and compares what it finds with tests/docs/queries.expected."""

import pathlib
import re
import subprocess
import sys

ESCAPES = {"\\-": "-", "\\(ha": "^", "\\(ti": "~", "\\(aq": "'", "\\e": "\\"}


def queries(page):
    """(the sentence above it, the query) of each literal block."""
    text = page.read_text()
    section = text[text.index(".Sh QUERIES"):text.index(".Sh SEE ALSO")]
    found = re.findall(r"^([A-Z][^\n]*:)\n\.Bd -literal[^\n]*\n(.*?)\.Ed", section, re.M | re.S)
    for escape, plain in ESCAPES.items():
        found = [(title, query.replace(escape, plain)) for title, query in found]
    return found


def main(source, update):
    source = pathlib.Path(source)
    expected = source / "tests/docs/queries.expected"
    shown = ""
    for recording in sorted((source / "fixtures/recordings").glob("version-*.db")):
        for title, query in queries(source / "man/anonmem-recording.5"):
            done = subprocess.run(["sqlite3", "-batch", "-header", f"file:{recording}?immutable=1", query],
                                  capture_output=True, text=True, errors="backslashreplace", check=False)
            result = done.stdout.replace("\033", "\\x1b")
            shown += f"{recording.name}: {title}\n{result}{done.stderr}\n"
    if update:
        expected.write_text(shown)
        return 0
    wanted = expected.read_text()
    if shown == wanted and shown.count("\n\n") >= 11:
        return 0
    print(shown)
    print("queries.py: this differs from tests/docs/queries.expected")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], "--update" in sys.argv))

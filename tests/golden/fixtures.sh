#!/bin/bash
# fixtures/generate writes what is there, to the byte.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
	echo "fixtures: $*"
	exit 1
}

mkdir "$dir/trees"
cp -a "$top/fixtures/generate" "$dir/"
cp -a "$top/fixtures/trees/shared" "$dir/trees/"
python3 -B "$dir/generate"
for part in smaps bad captures trees/{faulty,wrong,gone,swapped,account,once,unshared,rights,nosmaps,commands}; do
	diff -r --no-dereference "$top/fixtures/$part" "$dir/$part" ||
		fail "fixtures/generate does not write fixtures/$part as it is."
done

#!/bin/bash
# Checks that fixtures/generate reproduces the fixtures byte for byte.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
	echo "fixtures: $*"
	exit 1
}

mkdir "$dir/trees"
cp -a "$top"/fixtures/{generate,android.py} "$dir/"
cp -a "$top/fixtures/trees/shared" "$dir/trees/"
python3 -B "$dir/generate"
for part in smaps bad captures trees/{faulty,wrong,gone,swapped,account,once,unshared,rights,nosmaps,commands,containers}; do
	diff -r --no-dereference "$top/fixtures/$part" "$dir/$part" ||
		fail "fixtures/generate does not write fixtures/$part as it is."
done

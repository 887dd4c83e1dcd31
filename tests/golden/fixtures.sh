#!/bin/bash
# Checks that fixtures/generate reproduces the fixtures byte for byte, and that dev/capture writes
# what anonmem reads, and refuses what it should.
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

"$top/dev/capture" "$dir/tree" $$ >"$dir/said" || fail "dev/capture failed."
grep -q '1 processes* .*in' "$dir/said" || fail "dev/capture does not say how many it captured."
for file in $$/{smaps,smaps_rollup,stat,status,cgroup,mountinfo,comm} meminfo stat uptime \
	sys/kernel/{hostname,osrelease}; do
	[[ -s $dir/tree/$file ]] || fail "dev/capture wrote no $file."
done
[[ $(readlink "$dir/tree/$$/exe") == $(readlink "/proc/$$/exe") ]] || fail "exe is no link."
refuses() {
	local status=0
	"$top/dev/capture" "$@" >"$dir/said" 2>&1 || status=$?
	((status != 0)) || fail "dev/capture $* did not fail."
	(($(wc -l <"$dir/said") == 1)) || fail "dev/capture $* says more than a sentence."
}
refuses "$dir/tree"
refuses "$dir/generate"
refuses "$dir/new" 0
refuses "$dir/new" 999999999
[[ ! -e $dir/new ]] || fail "dev/capture left something behind."

#!/bin/sh
# What dtfc says about each file of a directory, carets included: `diag.sh DTFC DIR`,
# TAP on standard output.  `diag.sh --bless DTFC DIR…` makes what it says now the
# expectation.
set -u
export LC_ALL=C

bless=false
if [ "$1" = --bless ]; then
	bless=true
	shift
fi
dtfc=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
shift
out=$(mktemp -d) || exit 2
trap 'rm -rf "$out"' EXIT

count=0
for dir in "$@"; do
	cd "$dir" || exit 2
	for file in *.dtf; do
		name=${file%.dtf}
		timeout 20 "$dtfc" --check "$file" 2>"$out/$name.stderr"
		echo "exit $?" >>"$out/$name.stderr"
		if $bless; then
			cp "$out/$name.stderr" .
			continue
		fi
		count=$((count + 1))
		if diff -u "$name.stderr" "$out/$name.stderr" >"$out/diff" 2>&1; then
			echo "ok $count - $name"
		else
			echo "not ok $count - $name"
			sed 's/^/# /' "$out/diff"
		fi
	done
done
$bless || echo "1..$count"

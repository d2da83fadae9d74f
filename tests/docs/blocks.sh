#!/bin/sh
# Every ```dtf block of the documents is a whole file and compiles without a word.
# usage: blocks.sh DTFC DOCUMENT…
set -u
dtfc=$1
shift
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
n=0
for document; do
	awk -v work="$work" -v name="$(basename "$document" .md)" '
		/^```dtf$/ { n++; file = work "/" name "_" n ".dtf"; next }
		/^```/ { file = "" }
		file != "" { print > file }' "$document"
done
for block in "$work"/*.dtf; do
	n=$((n + 1))
	if said=$("$dtfc" --check "$block" 2>&1) && [ -z "$said" ]; then
		echo "ok $n - $(basename "$block")"
	else
		echo "not ok $n - $(basename "$block")"
		printf '%s\n' "$said" | sed 's/^/# /'
	fi
done
echo "1..$n"

#!/bin/sh
# Every ```dtf block of the documents is a whole file and compiles without a word.  A directory
# stands for its pages.
# usage: blocks.sh DTFC DOCUMENT|DIRECTORY…
set -u
dtfc=$1
shift
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
n=0
for document; do
	[ -d "$document" ] && set -- "$document"/*.md || set -- "$document"
	for page; do
		folder=$(basename "$(dirname "$(realpath "$page")")")
		awk -v stem="$work/$folder.$(basename "$page" .md)" '
			/^```dtf$/ { file = stem "_" ++n ".dtf"; next }
			/^```/ { file = "" }
			file != "" { print > file }' "$page"
	done
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

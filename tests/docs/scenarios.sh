#!/bin/sh
# The examples of documents: each ```json block holds scenarios of the ```dtf block above it, and
# they pass.  A directory stands for its pages; each of those but README.md has a scenario, and
# README.md links to it.
# usage: scenarios.sh DTF DOCUMENT|DIRECTORY…
set -u
dtf=$(realpath "$1")
shift
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
n=0
verdict() { # WORD TEXT
	n=$((n + 1))
	if [ "$1" = ok ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
	fi
}
take() { # DOCUMENT: PAGE_1.dtf, and its scenarios PAGE_1.1.json, PAGE_1.2.json
	page=$(basename "$1" .md)
	awk -v stem="$work/$page" '
		/^```dtf$/ { d++; file = stem "_" d ".dtf"; next }
		/^```json$/ { j++; file = stem "_" d + 0 "." j ".json"; next }
		/^```/ { file = "" }
		file != "" { print > file }' "$1"
	found=no
	for json in "$work/$page"_*.json; do
		[ -e "$json" ] || continue
		found=ok
		if "$dtf" test "${json%.*.json}.dtf" "$json" --runs 20 >"$work/said" 2>&1; then
			verdict ok "$(basename "$json")"
		else
			verdict no "$(basename "$json")"
			sed 's/^/# /' "$work/said"
		fi
	done
}
for document; do
	if [ -d "$document" ]; then
		for each in "$document"/*.md; do
			[ "${each##*/}" != README.md ] || continue
			take "$each"
			verdict $found "$page has a scenario"
			grep -qF "(${each##*/})" "$document/README.md" && linked=ok || linked=no
			verdict $linked "README.md links to $page"
		done
	else
		take "$document"
		verdict $found "$page has a scenario"
	fi
done
echo "1..$n"

#!/bin/sh
# The examples of a document about scenarios: its ```json blocks are scenarios of its
# ```dtf block, and pass.
# usage: scenarios.sh DTF DOCUMENT
set -u
dtf=$(realpath "$1") document=$(realpath "$2")
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
awk '/^```dtf$/ { file = "example.dtf"; next }
	/^```json$/ { n++; file = "example_" n ".json"; next }
	/^```/ { file = "" }
	file != "" { print > file }' "$document"
n=0
for json in example_*.json; do
	n=$((n + 1))
	if "$dtf" test example.dtf "$json" --runs 20 >said 2>&1; then
		echo "ok $n - $json"
	else
		echo "not ok $n - $json"
		sed 's/^/# /' said
	fi
done
echo "1..$n"

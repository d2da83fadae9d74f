#!/bin/sh
# What dtfc says about each file of a directory, carets included, or of a directory
# called ast how it understands it: `diag.sh DTFC DIR`, TAP on standard output.
# A line `// dtfc -OPTION…` of a file gives it options.
# `diag.sh --bless DTFC DIR…` makes what it says now the expectation.
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
	option=--check kind=stderr
	if [ "$(basename "$PWD")" = ast ]; then
		option=--emit=ast kind=ast
	fi
	for file in *.dtf; do
		name=${file%.dtf}
		more=$(sed -n 's|^// dtfc -|-|p' "$file")
		timeout 20 "$dtfc" $option $more "$file" >"$out/$name.$kind" 2>&1
		echo "exit $?" >>"$out/$name.$kind"
		if $bless; then
			cp "$out/$name.$kind" .
			continue
		fi
		count=$((count + 1))
		if diff -u "$name.$kind" "$out/$name.$kind" >"$out/diff" 2>&1; then
			echo "ok $count - $name"
		else
			echo "not ok $count - $name"
			sed 's/^/# /' "$out/diff"
		fi
	done
done
$bless || echo "1..$count"

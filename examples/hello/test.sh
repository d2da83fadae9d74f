#!/bin/sh
# usage: test.sh HELLO
set -u
hello=$(realpath "$1")
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2

echo 1..2
for number in 1 2; do
	if [ "$("$hello" a.db)" = 'Hello, world!' ]; then
		echo "ok $number - run $number"
	else
		echo "not ok $number - run $number"
	fi
done

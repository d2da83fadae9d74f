#!/bin/sh
# usage: test.sh CPP
set -u
cpp=$(realpath "$1")
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2

want='[{"word":"be","times":2},{"word":"not","times":1},{"word":"or","times":1},'
want=$want'{"word":"to","times":2}]'
ok() {
	if [ "$("$cpp" words.db 2>&1)" = "$want" ]; then
		echo "ok $1 - $2"
	else
		echo "not ok $1 - $2"
	fi
}

ok 1 'words are counted'
ok 2 'once more: the result is read back'
echo 1..2

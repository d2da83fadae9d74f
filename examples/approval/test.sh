#!/bin/sh
# The event wins, the timer wins, and a decision that came while nothing ran is found.
# usage: test.sh APPROVAL DTF
set -u
approval=$(realpath "$1") dtf=$(realpath "$2")
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
export DTF_DB=approval.db

number=0
# says NAME TEXT COMMAND…
says() {
	name=$1 text=$2
	shift 2
	number=$((number + 1))
	if "$@" >out 2>&1 && grep -q -e "$text" out; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		sed 's/^/# /' out
	fi
}

says 'approved' 'outcome: approved' "$approval" --decide approved
says 'rejected' 'outcome: rejected' "$approval" --id r2 --decide rejected
says 'nobody answered' 'outcome: nobody answered' "$approval" --id r3 --patience 1
says 'the end is read back' 'outcome: nobody answered' "$approval" --id r3 --decide approved

says 'asked while nothing runs' queued "$dtf" start approval.ask r4 '["Now?",3600000]'
says 'decided while nothing runs' queued "$dtf" raise r4 decision '"approved"'
says 'and found at the next start' 'outcome: approved' "$approval" --id r4


echo "1..$number"

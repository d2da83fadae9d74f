#!/bin/sh
# Each example, killed at every commit in turn, comes to the same end.
# usage: examples.sh before|after NAME PROGRAM OPTION…
#
# The program is linked with die.c.  For N = 1, 2, … it is started on an empty directory
# and dies at its Nth commit; started again, it must say what it says when nobody kills
# it.  The loop ends with the first N that is never reached.
set -u
when=$1 name=$2 program=$(realpath "$3")
shift 3
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2

# What counts as the outcome: the last line, and each effect with its key but its instance's
# random part, in any order: steps of a parallel may end in any.
outcome() {
	tail -n 1 out
	if [ -f effects.log ]; then
		sed 's/-[0-9a-f]*\t/\t/' effects.log | sort
	fi
}

start() {
	rm -rf db effects.log
	if [ "$when" = after ]; then
		DIE_AFTER=1
		export DIE_AFTER
	fi
	(DIE_AT=$n "$program" "$@" >out 2>&1) 2>/dev/null
}

n=0
start "$@"
want=$(outcome)
[ -n "$want" ] || echo "Bail out! $name says nothing"
status=137
while [ $status -eq 137 ] && [ $n -lt 200 ]; do
	n=$((n + 1))
	start "$@"
	status=$?
	if [ $status -eq 137 ]; then
		"$program" "$@" >out 2>&1
		again=$?
	else
		again=$status
	fi
	if [ $again -eq 0 ] && [ "$(outcome)" = "$want" ]; then
		echo "ok $n - $name, killed $when commit $n"
	else
		echo "not ok $n - $name, killed $when commit $n (status $status, then $again)"
		{ cat out; outcome; echo "wanted: $want"; } | sed 's/^/# /'
	fi
done
echo "1..$n"
if [ $n -le 2 ]; then
	echo "Bail out! there were hardly any commits: is die.c linked in?"
fi

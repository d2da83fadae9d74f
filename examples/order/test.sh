#!/bin/sh
# The order example and the operator's tool, as people use them.
# usage: test.sh ORDER DTF
set -u
order=$(realpath "$1") dtf=$(realpath "$2")
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
export DTF_DB=order.db

number=0
# ok NAME COMMAND…
ok() {
	name=$1
	shift
	number=$((number + 1))
	if "$@" >out 2>&1; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		sed 's/^/# /' out
	fi
}

# exits STATUS COMMAND…
exits() {
	want=$1
	shift
	"$@"
	got=$?
	[ $got -eq "$want" ] || { echo "status $got"; false; }
}

# says PATTERN COMMAND…: both streams
says() {
	pattern=$1
	shift
	"$@" >said 2>&1
	cat said
	grep -q -e "$pattern" said
}

is_json() {
	"$@" >said && python3 -c 'import json; json.load(open("said"))' && cat said
}

each_effect_once() {
	cat effects.log
	[ "$(cut -f 1 effects.log | sort | uniq -d)" = '' ] && [ "$(wc -l <effects.log)" -eq "$1" ]
}

# killed N OPTION…: dies by SIGKILL when it has done N steps.
killed() {
	steps=$1
	shift
	(exits 137 "$order" --verify --die-after "$steps" "$@") >/dev/null 2>&1
}

ok 'killed after the first step' killed 1
ok 'where: the second step, in the source' says 'order.dtf:[0-9]*:[0-9]*: .*shop.charge' \
	"$dtf" where order-1
ok 'where: the line itself' says 'let charge_id = do charge' "$dtf" where order-1
ok 'where: its deadline' says 'deadline in [0-9]' "$dtf" where order-1
ok 'where as JSON' is_json "$dtf" where order-1 --json
ok 'killed again, one step later' killed 1
ok 'goes on to the end' says 'receipt: order order-1, charge ch-order-1' "$order" --verify
ok 'every effect once' each_effect_once 5
ok 'history, with the source' says 'order.dtf:[0-9]* .*do reserve(order) undo' \
	"$dtf" history order-1
ok 'history as JSON' is_json "$dtf" history order-1 --json
ok 'show tells the output' says '"charge":"ch-order-1"' "$dtf" show order-1
ok 'show as JSON' is_json "$dtf" show order-1 --json
ok 'wait has its result at once' says '"charge":"ch-order-1"' "$dtf" wait order-1
ok 'list' says 'shop.fulfil *completed' "$dtf" list
ok 'list as JSON' is_json "$dtf" list --json
ok 'list can be narrowed' says '^\[\]$' "$dtf" list --status failed --json

rm effects.log
ok 'a declined card fails the order' says 'failed: shop.card_declined' \
	"$order" --verify --id order-2 --customer mallory
ok 'and the reservation is released' says 'release.order-2' cat effects.log
ok 'wait reports the failure' exits 1 "$dtf" wait order-2
ok 'where: an ended instance waits for nothing' says 'waits for nothing' "$dtf" where order-2
ok 'where: what it said last is not how it ended' says 'shop.fulfil, completed$' \
	"$dtf" where order-1

# Commands that are given while no engine is up are carried out by the next.
input='[{"id":"order-3","customer":"ada","items":[],"cents":250000}]'
ok 'start is queued' says queued "$dtf" start shop.fulfil order-3 "$input"
ok 'raise is queued' says queued "$dtf" raise order-3 approval '"approved"' --event-id 1
ok 'and both are carried out' says 'receipt: order order-3' \
	"$order" --verify --id order-3 --cents 250000

ok 'an unknown instance: 3' exits 3 "$dtf" show nobody
ok 'a cancel of an ended instance: 4' exits 4 "$dtf" cancel order-1
ok 'no such command: 2' exits 2 "$dtf" frobnicate
ok 'an operand is missing: 2' exits 2 "$dtf" show
ok 'an option of another command: 2' exits 2 "$dtf" list --event-id 7
ok 'no such directory: 5' exits 5 "$dtf" list --db nowhere.db
ok 'nothing was created there' test ! -e nowhere.db
killed 1 --id order-4
ok 'a running instance that is waited for too long: 124' exits 124 \
	"$dtf" wait order-4 --timeout 1ms
ok 'its cancellation is queued' says queued "$dtf" cancel order-4 --reason 'no longer wanted'
ok 'and unwinds it' says 'cancelled' "$order" --verify --id order-4
"$dtf" list >listed
ok 'no escape sequences in a pipe' exits 1 grep -q "$(printf '\033')" listed
echo "1..$number"

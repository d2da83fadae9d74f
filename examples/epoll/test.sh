#!/bin/sh
# usage: test.sh EPOLL
set -u
epoll=$(realpath "$1")
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2

number=0
# ok NAME COMMAND…
ok() {
	name=$1
	shift
	number=$((number + 1))
	if "$@" >log 2>&1; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		sed 's/^/# /' log out
	fi
}

says() {
	grep -q -x -e "$1" out
}

printf '%s\n' 'a echo one | echo two' 'b echo $((1 + 1)); exit 3 | true' |
	"$epoll" jobs.db >out 2>&1
ok 'a failure is its status' test $? -eq 1
ok 'two commands, one result' says 'a: "one\\ntwo\\n"'
ok 'one that fails' says 'b: 2'

# Fifty at once, each waits for its other half: none would end if they ran one by one.
mkdir pipes
for i in $(seq 50); do
	mkfifo "pipes/$i"
	echo "c$i cat pipes/$i | echo $i >pipes/$i"
done | "$epoll" jobs.db >out 2>&1
ok 'fifty at once end well' test $? -eq 0
ok 'each has its own result' says 'c17: "17\\n"'
ok 'all of them' test "$(wc -l <out)" -eq 50

: | "$epoll" jobs.db >out 2>&1
ok 'nothing to do' test $? -eq 0
echo 'a true | true' | "$epoll" jobs.db >out 2>&1
ok 'what has ended is remembered' says 'a: "one\\ntwo\\n"'
echo "1..$number"

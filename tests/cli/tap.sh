# What the tests of the tool share; sourced.  TAP on standard output.
number=0

# ok NAME COMMAND…: it must succeed; what it says is shown if it does not.
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

done_testing() {
	echo "1..$number"
}

# exits STATUS COMMAND…
exits() {
	want=$1
	shift
	"$@"
	got=$?
	[ $got -eq "$want" ] || { echo "status $got, not $want"; false; }
}

# says PATTERN COMMAND…: it succeeds and says that, on either stream.
says() {
	pattern=$1
	shift
	"$@" >said.says 2>&1 || { cat said.says; return 1; }
	cat said.says
	grep -q -e "$pattern" said.says
}

# lacks PATTERN FILE
lacks() {
	! grep -n -e "$1" "$2"
}

# lacks_said PATTERN COMMAND…
lacks_said() {
	pattern=$1
	shift
	"$@" >said.lacks 2>&1 && lacks "$pattern" said.lacks
}

# repeats STATUS COMMAND…: the same twice.
repeats() {
	exits "$@" >said.once 2>&1 && exits "$@" >said.twice 2>&1 && cmp said.once said.twice
}

# is_json COMMAND…: what it writes to standard output.
is_json() {
	"$@" >said.json || { cat said.json; return 1; }
	python3 -c 'import json; json.load(open("said.json"))' || { cat said.json; return 1; }
}

# empty DIRECTORY
empty() {
	ls -A "$1"
	[ -z "$(ls -A "$1")" ]
}

# empty_file FILE
empty_file() {
	cat "$1"
	[ ! -s "$1" ]
}

# gone PID: it has ended, whoever is to take note of it.
gone() {
	[ ! -e "/proc/$1" ] || [ "$(sed 's/.*) //;s/ .*//' "/proc/$1/stat")" = Z ]
}

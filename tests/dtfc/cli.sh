#!/bin/sh
# The command itself: what it writes, what it refuses, what it exits with.
# `cli.sh DTFC`, TAP on standard output.
set -u
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd) || exit 2
dtfc=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 2
count=0

# check NAME COMMAND…: the command must succeed.
check() {
	count=$((count + 1))
	name=$1
	shift
	if "$@" >log 2>&1; then
		echo "ok $count - $name"
	else
		echo "not ok $count - $name"
		sed 's/^/# /' log
	fi
}

# exits CODE ARGUMENT…: of dtfc.
exits() {
	code=$1
	shift
	"$dtfc" "$@" >out 2>err
	got=$?
	[ $got -eq "$code" ] || {
		echo "exit code $got, not $code"
		cat out err
		return 1
	}
}

has() {
	grep -q -e "$2" "$1" || {
		echo "no '$2' in $1:"
		cat "$1"
		return 1
	}
}

absent() {
	for file in "$@"; do
		[ ! -e "$file" ] || {
			echo "$file is there"
			return 1
		}
	done
}

cp "$here/../golden/hello.dtf" hello.dtf
mkdir parts
cp "$here/../golden/imports.dtf" imports.dtf
cp "$here/../golden/parts/common.dtf" parts/common.dtf

# ---- outputs ----

writes_beside() {
	exits 0 hello.dtf && [ -s hello.dtf.c ] && [ -s hello.dtf.h ] && [ -s hello.dtf.json ] &&
		[ "$(ls | grep -c hello)" -eq 4 ]
}
check "all three beside the input, and nothing else" writes_beside

writes_into() {
	mkdir into && exits 0 hello.dtf -o into && cmp hello.dtf.c into/hello.dtf.c &&
		cmp hello.dtf.json into/hello.dtf.json
}
check "-o: the same bytes in another directory" writes_into

only_named() {
	exits 0 hello.dtf --header only.h && [ -s only.h ] && absent only.h.json only.c
}
check "--header writes only that" only_named

no_absolute_path() {
	mkdir abs && exits 0 "$dir/hello.dtf" -o abs && ! grep -q "$dir" abs/*
}
check "an absolute path stays out of the outputs" no_absolute_path

no_line() {
	exits 0 hello.dtf --no-line --c plain.c && ! grep -q '^#line' plain.c &&
		has hello.dtf.c '^#line 7 "hello.dtf"'
}
check "--no-line" no_line

no_functions() {
	exits 0 hello.dtf --no-functions --c free.c && has hello.dtf.c 'return hello_greet(' &&
		! grep -q 'hello_greet(\|greet_thunk' free.c
}
check "--no-functions" no_functions

depfile() {
	mkdir dep && exits 0 imports.dtf -o dep --depfile dep/d &&
		[ "$(cat dep/d)" = "dep/imports.dtf.c dep/imports.dtf.h dep/imports.dtf.json:\
 imports.dtf parts/common.dtf" ]
}
check "--depfile names outputs and imports" depfile

replaces_own() {
	exits 0 hello.dtf && exits 0 hello.dtf
}
check "what dtfc wrote is replaced" replaces_own

keeps_others() {
	mkdir keep && echo "int mine;" >keep/hello.dtf.h &&
		exits 73 hello.dtf -o keep && has err "not written by dtfc" &&
		[ "$(cat keep/hello.dtf.h)" = "int mine;" ] &&
		absent keep/hello.dtf.c keep/hello.dtf.json
}
check "what a person wrote is not, and nothing else is written then" keeps_others

no_directory() {
	exits 73 hello.dtf -o nowhere && has err "nowhere/hello.dtf.c"
}
check "a directory that is not there: 73" no_directory

full_device() {
	exits 73 hello.dtf --c /dev/full && has err "/dev/full"
}
check "a full device: 73" full_device

check_writes_nothing() {
	mkdir checked && exits 0 hello.dtf --check -o checked && [ -z "$(ls checked)" ]
}
check "--check writes nothing" check_writes_nothing

errors_write_nothing() {
	mkdir wrong && printf 'package wrong\nworkflow w() { do nothing() }\n' >wrong.dtf &&
		exits 1 wrong.dtf -o wrong && [ -z "$(ls wrong)" ] && has err "wrong.dtf:2:"
}
check "mistakes: 1, and nothing is written" errors_write_nothing

# ---- dumps ----

dumps() {
	exits 0 hello.dtf --emit=tokens && has out package &&
		exits 0 hello.dtf --emit=ast && has out "do 7:20-7:.* do greet" &&
		exits 0 hello.dtf --emit=ir && has out "await HELLO_GREET" &&
		exits 0 hello.dtf --emit=dot && has out "^digraph hello {" && absent hello.dot
}
check "--emit" dumps

# ---- usage ----

usage() {
	exits 2 && exits 2 hello.dtf hello.dtf && exits 2 hello.c && exits 2 --nonsense &&
		exits 2 hello.dtf --emit=nonsense && exits 2 hello.dtf -Wno-nonsense &&
		exits 2 hello.dtf -Wnonsense && exits 2 hello.dtf -W no- &&
		exits 2 hello.dtf --color=nonsense && exits 2 hello.dtf -o . --c x.c &&
		exits 2 hello.dtf --json --emit=ir
}
check "wrong usage: 2" usage

control_characters() {
	exits 2 "$(printf 'a\nb.dtf')" && exits 2 'a"b.dtf' && exits 2 'a*/b.dtf'
}
check "a file name that C cannot quote: 2" control_characters

unreadable() {
	exits 66 missing.dtf && has err missing.dtf && mkdir directory.dtf && exits 66 directory.dtf
}
check "an input that cannot be read: 66" unreadable

says() {
	exits 0 --version && has out "^dtfc [0-9]" && exits 0 --help && has out "Exit codes"
}
check "--version and --help on standard output" says

# ---- messages ----

warnings() {
	printf 'package w\nactivity a()\nworkflow f() {}\n' >warns.dtf &&
		exits 0 warns.dtf --check && has err "warning:" &&
		exits 1 warns.dtf --check -Werror && has err "error:" &&
		exits 0 warns.dtf --check -Werror -Wno-unused-activity && [ ! -s err ]
}
check "-Werror and -Wno-" warnings

wanted() {
	printf 'package u\nactivity a()\nactivity b()\nworkflow f() {\n' >undone.dtf &&
		printf 'try { do a() undo b()\ndo b()\ndo a() } catch e {}\n}\n' >>undone.dtf &&
		exits 0 undone.dtf --check -Werror && [ ! -s err ] &&
		exits 0 undone.dtf --check -Wmissing-undo && has err "warning:" &&
		exits 1 undone.dtf --check -Wmissing-undo -Werror &&
		exits 0 undone.dtf --check -Wmissing-undo -Wno-missing-undo && [ ! -s err ] &&
		exits 1 undone.dtf --check -Werror -Wno-missing-undo -Wmissing-undo
}
check "-W: a warning that is off; the last one said counts" wanted

json() {
	exits 1 wrong.dtf --json && python3 -m json.tool out && [ ! -s err ] &&
		exits 0 hello.dtf --json --check && [ "$(cat out)" = "[]" ]
}
check "--json on standard output" json

colours() {
	exits 1 wrong.dtf --color=always && has err "$(printf '\033')" &&
		exits 1 wrong.dtf --color=auto && ! grep -q "$(printf '\033')" err
}
check "colours only where asked for or on a terminal" colours

# ---- explain ----

# same ARGUMENT…: dtfc prints the same as last time.
same() {
	cp out before && exits 0 "$@" && cmp before out
}

explains() {
	exits 0 explain DTF0905 && [ ! -s err ] &&
		[ "$(head -n 1 out)" = "DTF0905: a name that hides another" ] &&
		has out '^    package shop$' && ! grep -q '^#\|^```' out &&
		same explain dtf0905 && same explain 905 && same explain shadow &&
		exits 0 explain 101 && has out 'GRAMMAR.md\.$'
}
check "explain: a page by its code or the warning's name" explains

explains_all() {
	exits 0 explain && [ "$(sort out | uniq -w 7 | wc -l)" = "$(wc -l <out)" ] &&
		has out '^DTF0203  unknown package$' && has out '^DTF0905  .* \[shadow\]$' &&
		exits 0 explain --json && python3 -m json.tool out >all &&
		[ "$(grep -c '"title"' all)" = "$("$dtfc" explain | wc -l)" ]
}
check "explain: a line about each without a code, also as JSON" explains_all

explains_in_colour() {
	exits 0 explain --color=always 905 && ! grep -q '`' out &&
		sed 's/\o33\[[0-9;]*m//g' out >faded && has out "$(printf '\033')" &&
		exits 0 explain 905 && tr -d '`' <out | cmp - faded
}
check "explain: colours only where asked for or on a terminal" explains_in_colour

explains_nothing() {
	exits 2 explain DTF0299 && has err 'the nearest are DTF0219 and DTF0301$' &&
		exits 2 explain 1 && has err 'the nearest is DTF0101$' &&
		exits 2 explain 9999 && has err 'no code DTF9999; the nearest is DTF09' &&
		exits 2 explain shadwo && has err "did you mean 'shadow'?" &&
		exits 2 explain nonsense && has err "no warning 'nonsense'$" &&
		exits 2 explain 203x && exits 2 explain 101 102 && exits 2 explain -o . 101 &&
		[ ! -s out ]
}
check "explain: an unknown code, with those near it" explains_nothing

# ---- imports ----

cycle() {
	printf 'package a\nimport "b.dtf"\n' >a.dtf
	printf 'package b\nimport "./parts/../c.dtf"\n' >b.dtf
	printf 'package c\nimport "a.dtf"\n' >c.dtf
	exits 1 a.dtf && has err "makes a cycle" && has err "a.dtf:2:8: note: 'b.dtf' is imported"
}
check "a cycle of imports, with its chain" cycle

itself() {
	printf 'package s\nimport "s.dtf"\n' >s.dtf && exits 1 s.dtf && has err "makes a cycle"
}
check "a file that imports itself" itself

bad_import() {
	printf 'package i\nimport "nowhere.dtf"\nimport "/etc/passwd"\n' >i.dtf &&
		exits 1 i.dtf && has err "i.dtf:2:8: error: cannot import" &&
		has err "i.dtf:3:8: error: an import's path is relative"
}
check "an import that cannot be read, one that is absolute" bad_import

diamond() {
	printf 'package d\nrecord R { n: int }\n' >d.dtf
	printf 'package l\nimport "d.dtf"\nrecord L { r: [d.R] }\n' >l.dtf
	printf 'package r\nimport "d.dtf"\nrecord M { r: [d.R] }\n' >r.dtf
	printf 'package top\nimport "l.dtf"\nimport "r.dtf"\nrecord T { l: l.L, r: r.M }\n' >top.dtf
	for file in d l r top; do
		exits 0 $file.dtf || return 1
	done
	printf '#include "top.dtf.h"\nint x;\n' >use.c &&
		cc -std=c11 -Wall -Wextra -Werror -I"$here/../../runtime/include" -I. -c use.c
}
check "two imports of one file: its types are defined once" diamond

# ---- fingerprints ----

# fingerprint STATEMENT…: of a workflow that has them, behind what $declared declares.
declared=
fingerprint() {
	printf '%s\n' 'package f' "$declared" 'activity act(n: int)' 'workflow w(n: int) {' >f.dtf
	printf '%s\n' "$@" '}' >>f.dtf
	exits 0 f.dtf || return 1
	grep -o '"fingerprint":"[0-9a-f]*"' f.dtf.json
}

# differs A B: with this statement, and with that one.
differs() {
	start='var xs = [1, 2, 3]; var i = 0; i += 1'
	a=$(fingerprint "$start" "$1" 'do act(xs[0])') || return 1
	b=$(fingerprint "$start" "$2" 'do act(xs[0])') || return 1
	[ "$a" != "$b" ] || {
		echo "$a with '$1' and with '$2'"
		return 1
	}
}
check "a fingerprint is of an assignment's value" differs 'xs[i] = 4' 'xs[i] = 5'
check "a fingerprint is of what stands in an index" differs 'xs[i - 1] = 4' 'xs[1 - i] = 4'

records_differ() {
	use='let a = A { bs: [] }; do act(len(a.bs))'
	declared='record A { bs: [B] }; record B { a: A?, c: [B], n: int }'
	a=$(fingerprint "$use") || return 1
	again=$(fingerprint "$use") || return 1
	declared='record A { bs: [B] }; record B { a: A?, c: [B], n: float }'
	b=$(fingerprint "$use") || return 1
	[ "$a" = "$again" ] && [ "$a" != "$b" ] || {
		echo "$a, $again, $b"
		return 1
	}
}
check "and of all that records which contain each other hold" records_differ

echo "1..$count"

#!/bin/sh
# House rules that a compiler does not check: `tests/tidy.sh [ROOT]`.
#
# Says `file:line: rule` for each place that breaks one, and exits 1.  The tables
# below are the rules; the awk program only reads them.  A file that no layer names
# is an error too: whoever adds one decides where it stands.
set -u
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd) || exit 2
engine=$here/tidy.awk
root=${1:-$here/..}
cd "$root" || exit 2

# Who may include whom: a file includes files of its own or of a higher line, by
# quoted name.  PART: STEM…  (a stem is a path below the part, without its ending;
# `*` at the end stands for the rest of a name; `+` goes on with the line before).
layers() {
	cat <<'TABLE'
runtime: error clock arena buf utf8
runtime: number path list optional wire json base64
runtime: codec types encode decode plain copy compare failure
runtime: pack
runtime: event record row
runtime: ctx value arith text string items map
runtime: store/*
runtime: marks
runtime: sites walk inspect where
runtime: execution context strand interrupt command child decide select try undo block mailbox
     +: retry difference replay snapshot* compact
runtime: past
runtime: activity pool
runtime: engine post distant loop wheel gate registry queue heap instance family load keep arrival
     +: turn batch request dispatch silence result inbox due recovery retention step verify client
     +: ask door look query
runtime: scenario/*
cli: runtime/scenario/scenario
cli: *
dtfc: ../runtime/arena ast mem format buffer table
dtfc: src suggest text
dtfc: codes diag
dtfc: type
dtfc: ../grammar/*
dtfc: dump
dtfc: scope check* flow infer
dtfc: cname ir
dtfc: lower*
dtfc: emit*
dtfc: output compile explain
dtfc: main
TABLE
}

# A header that only some files may include.  HEADER: PATH…
doors() {
	cat <<'TABLE'
lmdb.h: runtime/store/lmdb_impl.h tests/*
pthread.h: runtime/engine.c runtime/pool.c runtime/gate.c runtime/loop.c runtime/door.c
pthread.h: runtime/json.c runtime/wheel.c runtime/store/* tests/*
libsmartcols.h: runtime/cli/*
check.h: tests/*
dtf/abi.h: runtime/* tests/*
dtf/dtf.h: runtime/* examples/* tests/*
TABLE
}

banned='strcpy strcat sprintf vsprintf strtok atoi atol atof alloca rand srand time assert gets'

files() {
	find dtfc grammar runtime examples tests docs .ci -type f 2>/dev/null |
		grep -E -e '\.([chy]|re|awk|sh|dtf|md|syms)$' -e '/(meson\.build|run)$'
	find . -maxdepth 1 -type f | grep -E -e '/(meson\.build|demo|check)$' -e '\.md$'
}

# Not those that are bad on purpose, nor what dtfc wrote: its own tests say how that looks.
ours() {
	files | sed 's|^\./||' | sort |
		grep -v -E '^tests/(diag|fuzz|golden/.*\.dtf)|\.dtf\.[ch]$'
}

report=$(mktemp) || exit 2
trap 'rm -f "$report"' EXIT

{
	layers | sed 's/^/layer /'
	doors | sed 's/^/door /'
	printf 'banned %s\n' "$banned"
	ours | sed 's/^/file /'
} | awk -f "$engine" >"$report" || exit 2

violation='^\([^:]*:[0-9]*\):.*-Wclang-format-violations.*'
if clang-format --version 2>/dev/null | grep -q 'version 14\.'; then
	ours | grep '\.[ch]$' | xargs clang-format --dry-run 2>&1 |
		sed -n "s/$violation/\1: not as clang-format 14 has it/p" >>"$report"
else
	echo "tidy: no clang-format 14 here: skipped the check of the format" >&2
fi

if [ -s "$report" ]; then
	cat "$report"
	exit 1
fi

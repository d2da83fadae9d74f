#!/bin/sh
# What dtfc writes for one file: the same bytes as last time, and C that careful
# compilers accept.  `golden.sh DTFC INCLUDE NAME FLAG…`, TAP on standard output.
# `golden.sh --bless DTFC NAME…` makes what it writes now the expectation.
set -u
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd) || exit 2

# Meson names it relative to its own directory; we change ours.
absolute() {
	echo "$(cd "$(dirname "$1")" && pwd)/$(basename "$1")"
}

if [ "$1" = --bless ]; then
	dtfc=$(absolute "$2")
	shift 2
	cd "$here" || exit 2
	for name in "$@"; do
		(cd "$(dirname "$name")" && "$dtfc" "$(basename "$name").dtf") || exit 1
	done
	exit 0
fi

dtfc=$(absolute "$1") include=$2 name=$3
shift 3
base=$(basename "$name")
dir=$here/$(dirname "$name")
out=$(mktemp -d) || exit 2
trap 'rm -rf "$out"' EXIT
count=0

# What: then a command.  Its output is shown if it fails.
check() {
	count=$((count + 1))
	what=$1
	shift
	if "$@" >"$out/log" 2>&1; then
		echo "ok $count - $what"
	else
		echo "not ok $count - $what"
		sed 's/^/# /' "$out/log"
	fi
}

skip() {
	count=$((count + 1))
	echo "ok $count - $1 # SKIP not installed"
}

write() {
	cd "$dir" && "$dtfc" "$base.dtf" -o "$out"
}

same() {
	diff -u "$dir/$base.dtf.$1" "$out/$base.dtf.$1"
}

strict="-std=c11 -pedantic -Wall -Wextra -Werror -O2 -D_GNU_SOURCE"

compile() {
	compiler=$1
	shift
	"$compiler" $strict "$@" -I"$include" -I"$out" -I"$dir" -I"$dir/parts" \
		-c "$out/$base.dtf.c" -o "$out/$compiler.o"
}

cpp() {
	echo "#include \"$base.dtf.h\"" >"$out/header.cc" &&
		g++ -std=c++11 -pedantic -Wall -Wextra -Werror -I"$include" -I"$out" -I"$dir" \
			-I"$dir/parts" -c "$out/header.cc" -o "$out/header.o"
}

format() {
	cp "$here/../../.clang-format" "$out/" && cd "$out" &&
		clang-format --dry-run -Werror "$base.dtf.c" "$base.dtf.h"
}

json() {
	python3 -m json.tool "$out/$base.dtf.json"
}

check "dtfc $base.dtf" write
if ! [ -f "$out/$base.dtf.json" ]; then
	echo "1..$count"
	exit 0
fi
for kind in c h json; do
	check "$base.dtf.$kind as it was" same $kind
done
for compiler in gcc clang; do
	if command -v $compiler >/dev/null; then
		check "$compiler without a warning" compile $compiler "$@"
	else
		skip "$compiler without a warning"
	fi
done
if command -v g++ >/dev/null; then
	check "the header in C++11" cpp
else
	skip "the header in C++11"
fi
if command -v clang-format >/dev/null; then
	check "formatted as clang-format has it" format
else
	skip "formatted as clang-format has it"
fi
check "the manifest is JSON" json
echo "1..$count"

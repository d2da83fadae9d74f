#!/bin/sh
# Each public header stands alone, in strict C and in C++11.
# usage: headers.sh INCLUDE_DIR CC CXX|- FLAG…
set -u
include=$1 cc=$2 cxx=$3
shift 3
number=0

# compiles NAME COMPILER OPTION…: a program that includes $header, twice for its guard.
compiles() {
	name=$1
	shift
	number=$((number + 1))
	if said=$(printf '#include <%s>\n#include <%s>\nextern int here;\n' "$header" "$header" |
		"$@" -I "$include" -Wall -Wextra -Wpedantic -Werror -fsyntax-only - 2>&1); then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		printf '%s\n' "$said" | sed 's/^/# /'
	fi
}

for path in "$include"/dtf/*.h; do
	header=dtf/$(basename "$path")
	compiles "<$header> in C" "$cc" -x c -std=c11 "$@"
	if [ "$cxx" != - ]; then
		compiles "<$header> in C++11" "$cxx" -x c++ -std=c++11
	fi
done
echo "1..$number"

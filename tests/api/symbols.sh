#!/bin/sh
# What the libraries give away: symbols.sh SHARED STATIC.
# The shared one exports the public names only, the static one pollutes nothing.
set -u
shared=$1 static=$2

# Names that the sanitizers add are not ours.
defined() {
	nm --defined-only "$@" 2>/dev/null | awk 'NF == 3 { print $3 }' | sed 's/@.*//' |
		grep -v -E '^(__odr_asan|__asan|__ubsan|__sanitizer|_init$|_fini$)'
}

# only NUMBER NAME PATTERN: all of $names match.
only() {
	if [ -z "$names" ]; then
		echo "not ok $1 - $2: there are none"
	elif strangers=$(printf '%s\n' "$names" | grep -v -E "$3"); then
		echo "not ok $1 - $2"
		printf '%s\n' "$strangers" | sed 's/^/# /'
	else
		echo "ok $1 - $2"
	fi
}

echo 1..2
names=$(defined -D "$shared")
only 1 'the shared library exports dtf_… only' '^dtf_[a-z]'
names=$(defined -g "$static")
only 2 'the globals of the static library are dtf_… and dtf__…' '^dtf__?[a-z]'

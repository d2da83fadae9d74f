#!/bin/sh
# The test of the pages must be able to fail: real pages, each spoilt in one way.
# usage: pages_test.sh DTFC PAGES_DIR
set -u
here=$(cd "$(dirname "$0")" && pwd)
dtfc=$1 pages=$2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
number=0

# A page as it is, the only one, and its code.
begin() {
	rm -rf "$work/pages"
	mkdir "$work/pages"
	cp "$pages/$1.md" "$work/pages/"
	page=$work/pages/$1.md
	echo "$2" >"$work/codes.h"
}

# says NAME TEXT: what the test says about it; "" for nothing.
says() {
	said=$(python3 "$here/pages.py" "$dtfc" "$work/codes.h" "$work/pages")
	status=$?
	number=$((number + 1))
	if [ $status -eq 0 ] && if [ -z "$2" ]; then
		! printf '%s\n' "$said" | grep -q '^not ok'
	else
		printf '%s\n' "$said" | grep -qxF "# $2"
	fi; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		printf '%s\n' "$said" | sed 's/^/# /'
	fi
}

error() {
	begin DTF0205 'X(205, UNKNOWN_FUNCTION) \'
}

warning() {
	begin DTF0905 'X(905, SHADOW, "shadow", true)'
}

echo 1..13
error
says 'a page as it is' ''
sed -i 's/length(items)/len(items)/' "$page"
says 'nothing is wrong' 'Wrong: dtfc says nothing, not DTF0205'
error
sed -i 's/length(items)/length(itms)/' "$page"
says 'more is wrong' 'Wrong: dtfc says DTF0201 DTF0205, not DTF0205'
sed -i 's|^```dtf$|&\n// also DTF0201|' "$page"
says 'more is right too, only if it is said' 'Right: dtfc says nothing, not DTF0201'
error
sed -i 's/    return len(/    let n = 1\n&/' "$page"
says 'what is right has a warning' 'Right: dtfc says DTF0902, not nothing'
error
sed -i 's/^# DTF0205: .*/&s/' "$page"
says 'another title than dtfc has' '`dtfc explain DTF0205` does not know it like this'
error
sed -i 's/^# DTF0205: /# DTF0204: /' "$page"
says 'the title of another code' "the first line is not '# DTF0205: title'"
error
sed -i '/^## Right/d' "$page"
says 'a section is missing' 'there is not one block under each of ## Wrong and ## Right'
error
sed -i '3s/$/ and so on and on and on and on and on and on and on and on and on and on/' "$page"
says 'a long line' 'line 3 is longer than 80 characters'
error
echo 'X(204, UNKNOWN_TYPE) \' >>"$work/codes.h"
says 'a code without a page' 'DTF0204 has none'
error
echo 'X(204, UNKNOWN_TYPE) \' >"$work/codes.h"
says 'a page without a code' 'there is no DTF0205 in codes.h'
warning
says 'a warning' ''
sed -i '/-Wno-shadow/d' "$page"
says 'how it is silenced is missing' 'does not say `-Wno-shadow` once'

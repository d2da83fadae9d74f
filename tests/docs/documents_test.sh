#!/bin/sh
# The tests of the documents find what is wrong on a page: each page here is wrong in one way.
# usage: documents_test.sh DTFC DTF
set -u
dtfc=$1 dtf=$2
here=$(dirname "$0")
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
n=0
told() { # WHAT 'not ok'-LINES COMMAND…: that many of its lines are "not ok"
	n=$((n + 1)) what=$1 want=$2
	shift 2
	"$@" >"$work/said" 2>&1
	got=$(grep -c '^not ok' "$work/said")
	if [ "$got" -eq "$want" ] && grep -q '^1\.\.[1-9]' "$work/said"; then
		echo "ok $n - $what"
	else
		echo "not ok $n - $what"
		sed 's/^/# /' "$work/said"
	fi
}
page() { # NAME VARIABLE OUTPUT: a page of the tour
	cat >"$work/tour/$1.md" <<END
\`\`\`dtf
package p
workflow w() -> int {
    let $2 = 1
    return 1
}
\`\`\`
Then:
\`\`\`json
{ "name": "it is one", "expect": { "output": $3 } }
\`\`\`
END
}
mkdir "$work/tour"
echo "[right](right.md)" >"$work/tour/README.md"
page right _x 1
told "a page that is right: its block" 0 "$here/blocks.sh" "$dtfc" "$work/tour"
told "a page that is right: its scenario" 0 "$here/scenarios.sh" "$dtf" "$work/tour"
page right x 1
told "a block that is warned about" 1 "$here/blocks.sh" "$dtfc" "$work/tour"
page right y+ 1
told "a block that does not compile" 1 "$here/blocks.sh" "$dtfc" "$work/tour"
told "a scenario of a block that does not compile" 1 "$here/scenarios.sh" "$dtf" "$work/tour"
page right _x 2
told "a scenario that does not hold" 1 "$here/scenarios.sh" "$dtf" "$work/tour"
page right _x '1, "oputput": 2'
told "a scenario that is misspelt" 1 "$here/scenarios.sh" "$dtf" "$work/tour"
page right _x 1
page other _x 1
told "a page that nobody finds" 1 "$here/scenarios.sh" "$dtf" "$work/tour"
echo "[right](right.md) [other](other.md)" >"$work/tour/README.md"
echo "Prose." >"$work/tour/other.md"
told "a page without a scenario" 1 "$here/scenarios.sh" "$dtf" "$work/tour"
printf '```json\n{ "expect": { "output": 1 } }\n```\n' >"$work/tour/other.md"
told "a scenario of nothing" 1 "$here/scenarios.sh" "$dtf" "$work/tour"
echo "1..$n"

#!/bin/sh
# ./check must not call a failure a success: what count.py makes of meson's log.
set -u
here=$(cd "$(dirname "$0")" && pwd)
log=$(mktemp) || exit 2
trap 'rm -f "$log"' EXIT
number=0

# counts NAME STATUS LAST_LINE FAILED_BUILDS: the log is on stdin.
counts() {
	cat >"$log"
	said=$(python3 "$here/count.py" "$log" 2 "$4")
	status=$?
	number=$((number + 1))
	last=$(printf '%s\n' "$said" | tail -n 1)
	if [ $status -eq "$2" ] && [ "$last" = "$3" ]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		printf '%s\n' "status $status" "$said" | sed 's/^/# /'
	fi
}

echo 1..8
counts 'sub-tests and builds are added up' 0 '5 passed, 0 failed' 0 <<'END'
{"name": "a", "result": "OK", "stdout": "1..2\nok 1 - x\nok 2 - y\n"}
{"name": "b", "result": "OK", "stdout": ""}
END
counts 'a failed sub-test' 1 '3 passed, 1 failed' 0 <<'END'
{"name": "a", "result": "FAIL", "stdout": "1..2\nok 1 - x\nnot ok 2 - y\n"}
END
counts 'a program that died after good sub-tests' 1 '3 passed, 1 failed' 0 <<'END'
{"name": "a", "result": "ERROR", "stdout": "1..2\nok 1 - x\n"}
END
counts 'a time-out without a word' 1 '2 passed, 1 failed' 0 <<'END'
{"name": "a", "result": "TIMEOUT", "stdout": null}
END
counts 'a test that should have failed' 1 '2 passed, 1 failed' 0 <<'END'
{"name": "a", "result": "UNEXPECTEDPASS", "stdout": ""}
END
counts 'skipped is neither' 0 '3 passed, 0 failed' 0 <<'END'
{"name": "a", "result": "OK", "stdout": "1..2\nok 1 - x\nok 2 - y # SKIP no clang here\n"}
{"name": "b", "result": "SKIP", "stdout": ""}
END
counts 'a build that failed' 1 '2 passed, 1 failed' 1 <<'END'
{"name": "a", "result": "OK", "stdout": ""}
END
counts 'no test ran' 1 '2 passed, 1 failed' 0 </dev/null

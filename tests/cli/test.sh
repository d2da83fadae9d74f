#!/bin/sh
# dtf test, as people use it.
# usage: test.sh DTF DTFC SOURCE
set -u
export LC_ALL=C
dtf=$(realpath "$1") dtfc=$(realpath "$2") source=$(realpath "$3")
here=$source/tests/cli
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
mkdir tmp
TMPDIR=$work/tmp
export TMPDIR
unset CC NO_COLOR
. "$here/tap.sh"

cp "$here"/*.json "$here"/*.dtf .
cp -r "$source/tests/golden/imports.dtf" "$source/tests/golden/parts" .

ok 'every key of a scenario does what it says' says '^[1-9][0-9]* passed, 0 failed$' \
	exits 0 "$dtf" test forms.dtf --runs 10
ok 'nothing is left behind' empty tmp
twice=$(python3 -c 'import json; print(2 * len(json.load(open("forms.json"))))')
ok 'several files, each with its scenarios' says "^$twice passed, 0 failed\$" \
	exits 0 "$dtf" test forms.dtf forms.json forms.dtf
ok 'scenarios by name' says '^2 passed, 0 failed$' exits 0 "$dtf" test forms.dtf --name start_with
ok 'no scenario of that name: 2' exits 2 "$dtf" test forms.dtf --name nobody
ok 'what happened, if it is asked for' says '1h0* *timer fired' \
	exits 0 "$dtf" test forms.dtf --name 'a bare value' -v

# ---- what is not as expected ----

cat >wrong.json <<'END'
[{"name":"wrong in many ways","workflow":"steps","input":[{"name":"a","count":1}],
  "activities":{"fetch":["tea"],"drop":null},
  "expect":{"status":"failed","output":"coffee","calls":[["fetch",{"name":"b"}],["drop"]],
    "elapsed":"1s..2s","log":["coffee"],"custom_status":"x"}},
 {"name":"fine","workflow":"two","expect":{"status":"running"}},
 {"name":"no entry","workflow":"steps","input":[{"name":"a","count":1}],
  "expect":{"status":"failed"}},
 {"name":"refused","workflow":"steps","input":["x"]}]
END
ok 'failures: 1' exits 1 "$dtf" test forms.dtf wrong.json
"$dtf" test forms.dtf wrong.json >said
ok 'the sum' grep -qx '1 passed, 3 failed' said
ok 'expected and got' grep -q 'status: expected "failed", got "completed"' said
ok 'of a value' grep -q 'output: expected "coffee", got "tea"' said
ok 'of times' grep -q 'elapsed: expected "1s..2s", got "1h"' said
ok 'of the log' grep -q 'log: expected "coffee", got \["have tea"\]' said
ok 'calls that are missing' grep -q -e '- drop$' said
ok 'calls that are there instead' grep -q -e '+ fetch {"name":"a","count":1}' said
ok 'what happened, in the source' grep -q 'activity scheduled forms.fetch .* forms.dtf:17$' said
ok 'one telling for all ways of running it' test "$(grep -c 'wrong in many' said)" -eq 1 \
	-a "$(grep -c 'expected "coffee", got "tea"' said)" -eq 1
ok 'an activity without an entry' grep -q 'activity forms.fetch was called and has no entry' said
ok 'an input that does not fit, with its path' \
	grep -q 'the start was refused: item: expected forms.Item, got "x"' said
ok 'no escape sequences in a pipe' lacks "$(printf '\033')" said
ok 'JSON' is_json exits 1 "$dtf" test forms.dtf wrong.json --json

ok 'an order that is only one of several passes' exits 0 "$dtf" test forms.dtf depends.json
ok 'and is found by permuting' says 'seed [0-9]' exits 1 "$dtf" test forms.dtf depends.json \
	--runs 20
ok 'the same seed, the same run' repeats 1 "$dtf" test forms.dtf depends.json --seed 3 --runs 9

# ---- scenarios that are no such ----

# refused MESSAGE SCENARIO: it fails and says that.
refused() {
	printf '%s\n' "$2" >odd.json
	says "$1" exits 1 "$dtf" test forms.dtf odd.json
}
ok 'an unknown key' refused "no key 'expcet' here; there are name, workflow, " '{"expcet":{}}'
ok 'an unknown key, deeper' refused "at\[1\]: no key 'rase' here" \
	'{"at":[{"time":"1s","crash":true},{"time":"1s","rase":"x"}]}'
ok 'an unknown key of an outcome' refused "activities.fetch\[0\]: no key 'take' here" \
	'{"activities":{"fetch":[{"return":1,"take":"1s"}]}}'
ok 'an unknown activity' refused "activities: there is no activity 'fetsh'" \
	'{"activities":{"fetsh":null}}'
ok 'an unknown activity among the calls' refused "expect.calls\[0\]: there is no activity 'f'" \
	'{"expect":{"calls":[["f"]]}}'
ok 'an unknown workflow' refused 'workflow: there is no such workflow' '{"workflow":"nothing"}'
ok 'no duration' refused 'at\[0\].time: expected a duration' '{"at":[{"time":"5","crash":true}]}'
ok 'a duration beyond counting' refused 'at\[0\].time: expected a duration' \
	'{"at":[{"time":"99999999999999999d","crash":true}]}'
ok 'neither time nor on' refused "either 'time' or 'on'" '{"at":[{"crash":true}]}'
ok 'two verbs' refused 'expected one of raise' '{"at":[{"time":"1s","crash":true,"resume":true}]}'
ok 'no status' refused 'there is no such status' '{"expect":{"status":"done"}}'
ok 'no object' refused 'expected an object' '[7]'
echo '{"name":"a",' >odd.json
ok 'no JSON: 2, with its place' says '^odd.json:2:' exits 2 "$dtf" test forms.dtf odd.json
echo '{"name":"a","name":"b"}' >odd.json
ok 'a key twice: 2' says 'duplicate' exits 2 "$dtf" test forms.dtf odd.json
ok 'no scenarios: 2' says 'there is no imports.json' exits 2 "$dtf" test imports.dtf
ok 'no such scenarios: 2' exits 2 "$dtf" test forms.dtf nowhere.json
ok 'not a .dtf file: 2' exits 2 "$dtf" test forms.json

# ---- compiling ----

printf 'package bad\n\nworkflow w() {\n    do nothing()\n}\n' >bad.dtf
echo '{}' >bad.json
ok 'mistakes in the file: 1, as dtfc shows them' says '^bad.dtf:4:8: error' \
	exits 1 "$dtf" test bad.dtf
ok 'no such file: 2' says 'nowhere.dtf' exits 2 "$dtf" test nowhere.dtf
cat >party.json <<'END'
[{"name":"of an import","input":[[{"person":{"name":"ada","age":3},"friends":[]}]],
  "activities":{"party.invite":{"return":[]},"greet":"hi"},
  "at":[{"time":"1s","raise":"common.moved","value":"good"}],
  "expect":{"calls":[["invite"],["common.greet"]]}}]
END
ok 'imports are compiled too' says '^1 passed' exits 0 "$dtf" test imports.dtf party.json
mkdir -p 'other dir/$HOME `x`'
cp forms.dtf forms.json 'other dir/$HOME `x`'
ok 'names that a shell would read' exits 0 "$dtf" test 'other dir/$HOME `x`/forms.dtf'
mkdir tmp/'a $(b) c'
ok 'a temporary directory that a shell would read' exits 0 \
	env TMPDIR="$work/tmp/a \$(b) c" "$dtf" test forms.dtf
rmdir tmp/'a $(b) c'
cp -r parts more && mv more/common.dtf more/imports.dtf
printf 'package top\n\nimport "imports.dtf"\nimport "more/imports.dtf"\n' >top.dtf
echo '[]' >top.json
ok 'two files of one name' says 'two files are called' exits 1 "$dtf" test top.dtf
ok 'CC may have options' exits 0 env CC='cc -pipe' "$dtf" test forms.dtf
ok 'no C compiler: what to install' says 'apt-get install gcc' \
	exits 1 env CC=no-such-cc "$dtf" test forms.dtf
ok 'a C compiler that fails' says "the C compiler 'false' failed" \
	exits 1 env CC=false "$dtf" test forms.dtf
mkdir alone path
cp "$dtf" alone/
ok 'no dtfc: where it belongs' says 'It belongs beside dtf' \
	exits 1 env PATH="$work/path" alone/dtf test forms.dtf
ln -s "$dtfc" path/dtfc
ok 'dtfc in PATH' exits 0 env PATH="$work/path:$PATH" alone/dtf test forms.dtf
ok 'no temporary directory' says 'no temporary directory in' \
	exits 1 env TMPDIR=nowhere "$dtf" test forms.dtf
printf '#!/bin/sh\nkill -INT $PPID\n' >interrupting
chmod +x interrupting
interrupted() {
	(exits 130 env CC=./interrupting "$dtf" test forms.dtf)
}
ok 'an interrupt while it compiles' interrupted
ok 'nothing is left behind by any of these' empty tmp

# ---- help ----

ok 'dtf --help names it' says '  test ' exits 0 "$dtf" --help
ok 'dtf help test' says '^usage: dtf test .*FILE.dtf' exits 0 "$dtf" help test
ok 'its options and no others' lacks_said 'event-id' "$dtf" help test
ok 'dtf test --help is the same' repeats 0 "$dtf" test --help
ok 'dtf help nothing: 2' exits 2 "$dtf" help nothing
ok 'no operand: 2' exits 2 "$dtf" test
ok 'an option of another command: 2' exits 2 "$dtf" test forms.dtf --reason x
ok 'a seed that is no number: 2' exits 2 "$dtf" test forms.dtf --seed x
done_testing

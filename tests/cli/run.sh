#!/bin/sh
# dtf run, as people use it: workflows whose activities are shell commands.
# usage: run.sh DTF SOURCE
set -u
export LC_ALL=C
dtf=$(realpath "$1") source=$(realpath "$2")
here=$source/tests/cli
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
mkdir tmp
TMPDIR=$work/tmp
export TMPDIR dtf
unset CC NO_COLOR DTF_DB
. "$here/tap.sh"

cp "$here"/*.dtf "$source/examples/hello/hello.dtf" .
order='[{"id":"o1","cents":50}]'
quoted='printf "\"%s\"" "$1"'

# gives STATUS STDOUT COMMAND…: exactly that result.
gives() {
	want=$1 result=$2
	shift 2
	"$@" >got 2>told
	status=$?
	cat got told
	[ "$(cat got)" = "$result" ] && [ $status -eq "$want" ]
}

# fulfil OPTION…: the workflow; each step leaves a line with its key.
fulfil() {
	"$dtf" run shop.dtf fulfil --input "$order" \
		--activity reserve='echo "reserve $DTF_KEY" >>effects' \
		--activity release='echo "release $1" >>effects' "$@"
}

# ---- from start to end ----

ok 'hello: the result on standard output' gives 0 '"Hello, \"world\"!"' \
	"$dtf" run hello.dtf --input '["\"world\""]' \
	--activity greet='read -r all; echo "$all" | sed "s/\[\"/\"Hello, /;s/\"\]/!\"/"'
ok 'nothing is left behind' empty tmp
ok 'the steps, as they start and end' grep -q 'step *hello.greet .*hello.dtf:7$' told
ok 'and with what they gave' grep -q 'done *hello.greet "Hello, ' told
ok 'where it is recorded' grep -q "hello in $work/tmp/dtf-run-" told
ok 'no escape sequences in a pipe' lacks "$(printf '\033')" told
ok 'parameters need no JSON' gives 0 '"Hello, world!"' "$dtf" run hello.dtf --input '["world"]' \
	--activity hello.greet='printf "\"Hello, %s!\"" "$1"'
ok '--quiet' gives 0 '"x"' "$dtf" run hello.dtf --quiet --input '["x"]' --activity greet="$quoted"
ok 'says nothing more' empty_file told
ok 'a timer' says 'timer, due in [0-9]*ms  watched.dtf:[0-9]*$' "$dtf" run watched.dtf nap
ok '--json' is_json exits 0 "$dtf" run hello.dtf --json --input '["x"]' \
	--activity greet="$quoted"
echo '["from stdin"]' >input.json
from_stdin() {
	"$dtf" run hello.dtf --input - --activity greet="$quoted" <input.json
}
ok '--input -' gives 0 '"from stdin"' from_stdin
ok 'statuses, logs, undos' gives 0 '"ch-o1"' fulfil --activity charge='printf "\"ch-%s\"" "$1"'
ok 'a status' grep -q 'status *"reserving"' told
ok 'a log line' grep -q 'log: reserved o1' told

# ---- what a command gets ----

ok 'what a command gets' gives 0 '"x"' fulfil --db got.db --id me --activity charge='
	cat >stdin; printf "%s\n" "$#" "$@" >parameters; env | grep ^DTF_ | sort >variables
	echo "$0" >name; printf "\"x\""'
printf '["o1",50]' >want
ok 'its arguments on standard input' cmp want stdin
printf '2\no1\n50\n' >want
ok 'and as parameters' cmp want parameters
ok 'whose directory it is' grep -qx "DTF_DB=$work/got.db" variables
ok 'which instance' grep -qx 'DTF_INSTANCE=me' variables
ok 'which activity' grep -qx 'DTF_ACTIVITY=shop.charge' variables
ok 'which attempt' grep -qx 'DTF_ATTEMPT=1' variables
ok 'its key' grep -q '^DTF_KEY=me/1/[0-9]*-[0-9a-f]*$' variables
ok 'its name as $0' grep -qx 'shop.charge' name
ok 'text that a shell would read' gives 0 '"ok"' "$dtf" run hello.dtf \
	--input '["$(touch pwned) `touch pwned` \" '"'"' ; touch pwned\n*"]' \
	--activity greet='printf "%s" "$1" >parameter; echo "\"ok\""'
printf '%s\n*' '$(touch pwned) `touch pwned` " '"'"' ; touch pwned' >want
ok 'is read by none' cmp want parameter
ok 'really' test ! -e pwned
python3 -c 'print("[\"" + "x" * 300000 + "\"]")' >large.json
large() {
	"$dtf" run hello.dtf --quiet --input - --activity greet='echo "\"$# $(wc -c)\""' <large.json
}
ok 'large arguments are on standard input only' gives 0 '"0 300004"' large
ok 'one that reads nothing' gives 0 '"x"' sh -c '"$dtf" run hello.dtf --quiet --input - \
	--activity greet="exec <&-; echo \"\\\"x\\\"\"" <large.json'

# ---- failures ----

rm -f effects
ok 'a declared error' gives 1 '' fulfil --quiet \
	--activity charge='echo "{\"error\":\"declined\",\"data\":{\"code\":\"51\"}}"; exit 9'
ok 'with its message and data' grep -qx 'failed: shop.declined: declined: {"code":"51"}' told
ok 'what was done is undone' grep -qx 'release o1' effects
ok 'what it says on standard error is its message' says 'failed: shop.declined: no money: {' \
	exits 1 fulfil --quiet --activity charge='echo "no money" >&2
		echo "{\"error\":\"shop.declined\",\"data\":{\"code\":\"51\"}}"; exit 1'
ok 'data of the wrong type' says 'activity_failed: shop.declined.code: expected string, got 51' \
	exits 1 fulfil --quiet \
	--activity charge='echo "{\"error\":\"declined\",\"data\":{\"code\":51}}"; exit 1'
ok 'any other failure is tried again' gives 0 '"third"' fulfil --activity charge='
	echo "$DTF_ATTEMPT $DTF_KEY" >>attempts; echo "not yet" >&2
	[ "$DTF_ATTEMPT" -eq 3 ] && echo "\"third\""'
ok 'attempts are counted' test "$(cut -d ' ' -f 1 attempts | tr -d '\n')" = 123
ok 'their key is the same' test "$(cut -d ' ' -f 2 attempts | sort -u | wc -l)" -eq 1
ok 'why, and when again' grep -q 'failed *shop.charge: activity_failed: not yet, again in 1' told
ok 'what it said is shown' grep -q 'shop.charge: not yet$' told
ok 'the last error is raised' says 'failed: activity_failed: exit status 7$' \
	exits 1 fulfil --quiet --activity charge='exit 7'
ok 'not retryable' gives 1 '' fulfil --quiet --activity charge='echo x >>tried
	echo "{\"error\":\"no\",\"message\":\"never\",\"retryable\":false}"; exit 1'
ok 'is tried once' test "$(wc -l <tried)" -eq 1
ok 'bytes that are no text' says 'activity_failed: ?bad$' exits 1 fulfil --quiet \
	--activity charge='printf "\377bad\n" >&2; exit 1'
rm -f effects
ok 'a result of another type' says 'failed: bad_payload: result: expected string, got 17' \
	exits 1 fulfil --quiet --activity charge='echo 17'
ok 'counts as done, and is undone' grep -qx 'release charge of o1' effects
ok 'a string without quotes' says 'a string is printed with its quotes' \
	exits 1 fulfil --activity charge='echo fine'
ok 'no such command' says 'not found' exits 1 fulfil --quiet --activity charge='no-such-command'

# careful OPTION…: a step that is tried once, with an undo.
careful() {
	rm -f effects
	"$dtf" run shop.dtf careful --input "$order" \
		--activity release='echo "release $1" >>effects' "$@"
}
ok 'one that a signal ends is lost' says 'failed: lost: ended by signal 9' \
	exits 1 careful --quiet --activity once='kill -9 $$'
ok 'it may have happened, so it is undone' grep -qx 'release o1' effects
ok 'one that its shell reports' says 'failed: lost: ended by signal 11' \
	exits 1 careful --quiet --activity once='sh -c "kill -11 \$\$"; exit $?'
ok 'one that says it failed' exits 1 careful --quiet --activity once='exit 1'
ok 'is not undone' test ! -e effects
ok 'one that never stops printing' says 'lost: it printed more than 16 MiB' \
	exits 1 careful --quiet --activity once='yes'

# ---- children ----

ok 'a workflow that calls another' gives 0 '"by a child"' "$dtf" run shop.dtf parent \
	--input "$order" --activity release=x \
	--activity once='[ "$DTF_INSTANCE" = "child of o1" ] && echo "\"by a child\""'
ok 'its steps are told with its id' grep -q 'child of o1: done *shop.once "by a child"' told
ok 'what it may run has to be there' says 'activity shop.once(order: string) -> string' \
	exits 2 "$dtf" run shop.dtf parent --input "$order" --activity release=x
killed_in_child() {
	exits 137 "$dtf" run shop.dtf parent --db kids.db --id o1 --input "$order" \
		--activity release=x --activity once='kill -9 $PPID'
}
ok 'killed while the child works' killed_in_child
ok 'where: the call, and the id' says 'shop.dtf:[0-9:]*: child shop.careful child of o1, waiting' \
	"$dtf" --db kids.db where o1
ok 'list: those that it has called' test "$("$dtf" --db kids.db list --parent o1 | wc -l)" -eq 2
ok 'list: nobody else has' test -z "$("$dtf" --db kids.db list --parent nobody | grep child)"
ok 'show: whose child it is' says 'parent  *o1$' "$dtf" --db kids.db show 'child of o1'
ok 'as JSON' says '"parent":"o1"' "$dtf" --db kids.db --json list
ok 'the step is lost, the child undone, and its parent hears of it' says 'failed: child_failed' \
	exits 1 "$dtf" run shop.dtf parent --db kids.db --id o1 --quiet --input "$order" \
	--activity release=true --activity once=false
ok 'history: started' says 'child started .*shop.careful child of o1' \
	"$dtf" --db kids.db history o1
ok 'history: how it ended' says 'child ended .*shop.careful lost: ' \
	"$dtf" --db kids.db history o1

# ---- it ends with all that it started ----

ok 'what it left running' gives 0 '"x"' "$dtf" run hello.dtf --quiet --input '["x"]' \
	--activity greet='sleep 1000 & echo $! >pid; printf "\"x\""'
ok 'ends with it' gone "$(cat pid)"
ok 'one that takes too long is ended' says 'failed: timeout: ' exits 1 \
	"$dtf" run watched.dtf hurry --quiet --activity brief='echo $$ >pid; exec sleep 1000'
ok 'really ended' gone "$(cat pid)"
ok 'one that is silent is given up' says 'failed: timeout: ' exits 1 \
	"$dtf" run watched.dtf watch --quiet --activity work='sleep 1000'
ok 'one that shows signs of life is not' gives 0 '"alive"' \
	"$dtf" run watched.dtf watch --quiet --activity work='
	for i in $(seq 30); do printf . >&"$DTF_HEARTBEAT_FD"; sleep 0.1; done; echo "\"alive\""'

# ---- kill -9, and on ----

die='[ -e died ] || { touch died; kill -9 $PPID; }'
rm -f effects
killed() {
	(exits 137 fulfil --db kill.db --id o1 --activity charge="$die; echo \"\\\"\$DTF_KEY\\\"\"")
}
ok 'killed in the second step' killed
ok 'where it stands' says 'shop.dtf:[0-9]*:[0-9]*: .*shop.charge' "$dtf" --db kill.db where o1
ok 'goes on' says '^"o1/1/' fulfil --db kill.db --id o1 --activity charge='echo "\"$DTF_KEY\""'
ok 'says where it is' grep -q 'it is at activity shop.charge  shop.dtf:[0-9]*$' said.says
ok 'and does not tell again what has happened' lacks 'shop.reserve' said.says
ok 'the first step was done once' test "$(grep -c reserve effects)" -eq 1
ok 'the second was started twice, as the same' says 'attempt ended.*lost' \
	"$dtf" --db kill.db history o1
ok 'again: the same result' says '"o1/1/' fulfil --db kill.db --id o1 --activity charge=false
ok 'which it says' says 'o1 has ended before' fulfil --db kill.db --id o1 --activity charge=false
ok 'an id of another workflow: 4' says 'an instance of shop.fulfil' exits 4 \
	"$dtf" run shop.dtf careful --db kill.db --id o1 --input "$order" \
	--activity release=x --activity once=x
ok 'the default directory is kept' says 'left as it is; --db .*/tmp/dtf-run' exits 143 \
	"$dtf" run hello.dtf --input '["x"]' --activity greet='kill -TERM $PPID; sleep 1000'
kept=$(echo tmp/dtf-run-*)
ok 'and goes on by its name' gives 0 '"x"' "$dtf" run hello.dtf --db "$kept" \
	--activity greet="$quoted"
ok 'a named one stays' test -d "$kept"
rm -rf "$kept"

# ---- the file has changed meanwhile ----

rm -f died
killed_again() {
	(exits 137 fulfil --db changed.db --activity charge="$die")
}
ok 'killed once more' killed_again
cp shop.dtf good.dtf
sed 's/do reserve(order) undo/do reserve(Order { id: "other", cents: 0 }) undo/' good.dtf >shop.dtf
ok 'other code cannot go on with it' says 'it cannot go on: mismatch' \
	exits 1 fulfil --db changed.db --activity charge="$quoted"
ok 'and says why' grep -q 'mismatch: .*shop.reserve' said.says
mv good.dtf shop.dtf
ok 'the same code can' gives 0 '"o1"' fulfil --db changed.db --activity charge="$quoted"

# ---- events and interrupts ----

# approved OPTION…: the workflow that waits for an event, with other first steps.
approved() {
	"$dtf" run shop.dtf fulfil --input '[{"id":"o1","cents":500}]' \
		--activity release='echo "release $1" >>effects' "$@"
}
ok 'an event from another process' gives 0 '"o1"' approved --db event.db \
	--activity reserve='"$dtf" raise "$DTF_INSTANCE" approval true' \
	--activity charge="$quoted"
ok 'it says what it waits for and how to raise it' grep -q \
	'waits for shop.approval  dtf --db .*/event.db raise fulfil shop.approval JSON' told
rm -f effects
ok 'an interrupt cancels' gives 1 '' approved \
	--activity reserve='kill -INT $PPID; sleep 1000' --activity charge=false
ok 'the undo runs, for it may have happened' grep -qx 'release o1' effects
ok 'and so it ends' grep -qx 'cancelled: interrupted' told
ok 'nothing is left behind by that' empty tmp
ok 'SIGTERM may be used to clean up' gives 1 '' approved --activity reserve='
	trap "echo cleaned >>effects; exit 0" TERM; kill -INT $PPID
	while :; do sleep 0.01; done' --activity charge=false
ok 'before it ends' grep -qx cleaned effects
ok 'one that does not hear it is killed after the grace' gives 1 '' approved --grace 200ms \
	--activity reserve='trap "" TERM; echo $$ >pid; kill -INT $PPID
		while :; do sleep 0.01; done' --activity charge=false
ok 'really' gone "$(cat pid)"
rm -f effects
ok 'a second interrupt leaves it: 130' exits 130 approved --db left.db \
	--activity reserve='trap "kill -INT $PPID" TERM; echo $$ >pid; kill -INT $PPID
		while :; do sleep 0.01; done' --activity charge=false
ok 'its commands have ended' gone "$(cat pid)"
ok 'nothing was undone yet' test ! -e effects
ok 'the next run goes on where it was: cancelling' says '^cancelled: interrupted$' \
	exits 1 approved --db left.db --activity reserve=false --activity charge=false
ok 'and undoes' grep -qx 'release o1' effects
ok 'a directory has one owner' exits 0 approved --quiet --db owned.db --activity reserve='
	"$dtf" run hello.dtf --db "$DTF_DB" --activity greet=x 2>second; echo $? >status
	"$dtf" raise "$DTF_INSTANCE" approval true' --activity charge="$quoted"
ok 'the second is told: 5' test "$(cat status)" -eq 5

# ---- what is said before anything starts ----

ok 'activities without a command: 2' exits 2 "$dtf" run shop.dtf fulfil --db none.db \
	--activity reserve=x
ok 'and nothing is created' test ! -e none.db
"$dtf" run shop.dtf fulfil --activity reserve=x 2>said
ok 'are listed with their signatures' grep -qx \
	'  activity shop.charge(order: string, cents: int) -> string fails shop.declined' said
ok 'also those of undos' grep -qx '  activity shop.release(order: string)' said
ok 'no others' test "$(wc -l <said)" -eq 3
ok 'no such activity' says "there is no activity 'chrage'" exits 2 \
	"$dtf" run shop.dtf fulfil --activity chrage=x
ok 'an activity twice' says 'shop.charge has two commands' exits 2 \
	"$dtf" run shop.dtf fulfil --activity charge=x --activity shop.charge=y
ok 'no command' says 'takes NAME=COMMAND' exits 2 "$dtf" run shop.dtf fulfil --activity charge
ok 'which workflow?' says '  workflow shop.careful(order: shop.Order) -> string' exits 2 \
	"$dtf" run shop.dtf
ok 'no such workflow' says 'there is no workflow nothing' exits 2 "$dtf" run shop.dtf nothing
ok 'input that is no JSON' says 'dtf: --input: .*' exits 2 \
	"$dtf" run hello.dtf --input '[' --activity greet=x
ok 'input that is no list' says 'dtf: --input: expected a list of arguments' exits 2 \
	"$dtf" run hello.dtf --input '"x"' --activity greet=x
ok 'input of another type, with its path' says 'dtf: --input: order.cents: expected int, got "5"' \
	exits 2 fulfil --input '[{"id":"o1","cents":"5"}]' --activity charge=x
ok 'a grace that is no time' exits 2 "$dtf" run hello.dtf --grace long --activity greet=x
ok 'an id that is none' exits 2 "$dtf" run hello.dtf --id '' --input '["x"]' --activity greet=x
ok 'a directory that is none: 5' exits 5 "$dtf" run hello.dtf --db shop.dtf/x --activity greet=x
printf 'package bad\n\nworkflow w() {\n    do nothing()\n}\n' >bad.dtf
ok 'mistakes in the file, as dtfc shows them' says '^bad.dtf:4:8: error' exits 1 \
	"$dtf" run bad.dtf
ok 'no C compiler: what to install' says 'apt-get install gcc' exits 1 env CC=no-such-cc \
	"$dtf" run hello.dtf --activity greet=x
ok 'nothing is left behind by any of these' empty tmp

# ---- on a terminal ----

cat >terminal.py <<'END'
import pty, sys
pty.spawn(sys.argv[1:])
END
on_terminal() {
	python3 terminal.py env TERM=xterm "$@" "$dtf" run hello.dtf --input '["x"]' \
		--activity greet="$quoted" </dev/null >said
	grep -q 'done.*hello.greet' said
}
ok 'a terminal' on_terminal
ok 'has colours' grep -q "$(printf '\033')\[32m" said
ok 'one whose owner wants none' on_terminal NO_COLOR=1
ok 'has none' lacks "$(printf '\033')\[" said
done_testing

#!/bin/sh
# An installed dtf is enough to build a program: meson install into an empty prefix, then
# examples/hello with nothing but pkg-config, cc and what was installed.
# usage: install.sh SOURCE BUILD PREFIX CC CFLAG…
set -u
source=$(realpath "$1") build=$(realpath "$2") prefix=$3 cc=$4
shift 4
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
number=0

ok() {
	name=$1
	shift
	number=$((number + 1))
	if "$@" >"$work/log" 2>&1; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		sed 's/^/# /' "$work/log"
	fi
}

DESTDIR=$work/root
export DESTDIR
ok 'meson install' meson install -C "$build" --no-rebuild
unset DESTDIR
there=$work/root$prefix
pc=$(find "$there" -name dtf.pc)
ok 'dtf.pc is there' test -f "$pc"
# What a package manager does when it moves a tree.
sed "s|^prefix=.*|prefix=$there|" "$pc" >"$work/dtf.pc"
PKG_CONFIG_PATH=$work
export PKG_CONFIG_PATH

for file in include/dtf/dtf.h include/dtf/abi.h include/dtf/version.h bin/dtfc bin/dtf \
	share/doc/dtf/LICENSE; do
	ok "$file" test -f "$there/$file"
done

cd "$work" || exit 2
cp "$source/examples/hello/hello.dtf" "$source/examples/hello/main.c" .
dtfc=$(pkg-config --variable=dtfc dtf)
libdir=$(pkg-config --variable=libdir dtf)
cflags=$(pkg-config --cflags dtf)
ok 'dtfc compiles' "$dtfc" hello.dtf
# shellcheck disable=SC2086
ok 'linked with the shared library' "$cc" "$@" $cflags -o hello main.c hello.dtf.c \
	$(pkg-config --libs dtf)
# shellcheck disable=SC2086
ok 'linked with the static library' "$cc" "$@" $cflags -o hello-static main.c hello.dtf.c \
	"$libdir/libdtf.a" $(pkg-config --libs --static dtf | sed 's/-ldtf//')
cat >hello.json <<'END'
[{ "name": "hello", "input": ["world"], "activities": { "greet": "Hi" },
   "expect": { "output": "Hi", "elapsed": "1h" } }]
END
sed '/let greeting/a\    sleep 1h' hello.dtf >slow.dtf
ok 'dtf test needs nothing else' env CC="$cc" "$there/bin/dtf" test slow.dtf hello.json
ok 'nor does dtf run' sh -c '"$1" run hello.dtf --input "[\"you\"]" --quiet \
	--activity greet="echo \"\\\"Hi\\\"\"" | grep -x "\"Hi\""' - "$there/bin/dtf"
LD_LIBRARY_PATH=$libdir
export LD_LIBRARY_PATH
ok 'it runs' sh -c './hello a.db | grep -x "Hello, world!"'
ok 'it runs, linked statically' sh -c './hello-static b.db | grep -x "Hello, world!"'
ok 'the tool reads what it recorded' sh -c '"$1" --db a.db list | grep completed' - "$there/bin/dtf"
echo "1..$number"

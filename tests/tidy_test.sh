#!/bin/sh
# Every rule of tidy.sh must be able to fail: each is broken once in a tree of its own.
set -u

here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d) || exit 2
trap 'rm -rf "$tree"' EXIT
cp "$here/../.clang-format" "$tree"
number=0

# broken FILE RULE: what stands on stdin, as FILE, must make tidy say RULE.
broken() {
	mkdir -p "$tree/$(dirname "$1")"
	cat >"$tree/$1"
	said=$("$here/tidy.sh" "$tree" 2>/dev/null)
	status=$?
	rm "$tree/$1"
	number=$((number + 1))
	if [ $status -eq 1 ] && printf '%s\n' "$said" | grep -q "^$1:[0-9]*: .*$2"; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		printf '%s\n' "$said" | sed 's/^/# /'
	fi
}

mkdir -p "$tree/runtime/store" "$tree/dtfc" "$tree/runtime/include/dtf"
echo 'int engine;' >"$tree/runtime/engine.h"
echo 'int codec;' >"$tree/runtime/codec.h"
echo 'int ir;' >"$tree/dtfc/ir.h"

echo 1..16
broken runtime/event.c 'higher layer' <<-'END'
	#include "codec.h"
	#include "engine.h"
END
broken dtfc/check.c 'higher layer' <<-'END'
	#include "ir.h"
END
broken dtfc/check.c 'in no layer that dtfc may use' <<-'END'
	#include "../runtime/codec.h"
END
broken runtime/nowhere.c 'in no layer yet' </dev/null
broken runtime/engine.c '<lmdb.h> does not belong' <<-'END'
	#include <lmdb.h>
END
broken runtime/codec.c '<pthread.h> does not belong' <<-'END'
	#include <pthread.h>
END
broken runtime/cli/main.c 'dtf.h> only' <<-'END'
	#include <dtf/abi.h>
END
broken dtfc/main.c 'sprintf() is banned' <<-'END'
	int f(char *to) {
		return sprintf(to, "strcpy(");
	}
END
broken runtime/engine.c 'NDEBUG' <<-'END'
	#define NDEBUG
END
broken docs/a.md 'left undone' <<-'END'
	TODO: more
END
broken docs/a.md 'one machine' <<-'END'
	See /home/ann/dtf.
END
broken runtime/engine.c 'blank at the end' <<END
int a;$(printf '\t')
END
broken tests/a.c 'more than 100 columns' <<END
$(printf '\t%093d' 0)
END
broken tests/a.c 'function of 71 lines' <<END
int long_one(void) {
$(yes '	g();' | head -n 69)
}
END
broken tests/a.c 'more than 800 lines' <<END
$(yes 'int a;' | head -n 801)
END

# What stands in comments and quotes is not code, and a run function may be long.
{
	echo '/* strcpy( is banned */'
	echo 'static enum dtf_step order_run(struct dtf_ctx *ctx, void *frame) {'
	yes '	say("sprintf(");' | head -n 90
	echo '}'
} >"$tree/runtime/engine.c"
said=$("$here/tidy.sh" "$tree" 2>&1)
if [ -n "$said" ]; then
	echo "not ok 16 - good code is left alone"
	printf '%s\n' "$said" | sed 's/^/# /'
else
	echo "ok 16 - good code is left alone"
fi

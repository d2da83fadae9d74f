#!/bin/sh
# Makes what dtfc says and writes now the expectation: `bless.sh DTFC GOLDEN…`.
# Read the diff before you commit it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dtfc=$1
"$here/diag/diag.sh" --bless "$dtfc" "$here"/diag/*/
exec "$here/golden/golden.sh" --bless "$@"

#!/bin/sh
# Headers as C text: headers.sh FILE…  See headers.h.
set -eu
tab=$(printf '\t')
echo '#include "headers.h"'
echo
echo '#include <stddef.h>'
echo
echo 'const struct header headers[] = {'
for file; do
	printf '\t{ "%s", (const char *const[]){\n' "$(basename "$file")"
	sed -e 's/[\\"?]/\\&/g' -e "s/$tab/\\\\t/g" -e 's/.*/"&\\n",/' "$file"
	printf '\tNULL } },\n'
done
echo '	{ NULL, NULL },'
echo '};'

#!/bin/sh
# Every key of a scenario is in the document, and something in tests/cli tries it.
# usage: keys.sh FORM.c DOCUMENT EXAMPLES
set -u
form=$1 document=$2 examples=$3
n=0
verdict() {
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
	fi
}
for key in $(grep -o '{ "[a-z_]*", [A-Z]*,' "$form" | cut -d '"' -f 2 | sort -u); do
	grep -q -e "\`$key\`" -e "\"$key\"" "$document"
	verdict $? "$key is documented"
	grep -q "\"$key\":" "$examples"
	verdict $? "$key is tried"
done
[ $n -gt 60 ]
verdict $? 'there are keys'
echo "1..$n"

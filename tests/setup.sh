# What ./check and ./demo have in common; sourced by both.
#
# need TOOL|HEADER|MODULE… notes what is missing; install_missing gets it: as root
# through apt-get, else it says how and exits 2.

missing=

# How to see that it is there, and the Debian package that brings it.
packages='
command gcc gcc
command meson meson
command ninja ninja-build
command pkg-config pkg-config
command python3 python3
command re2c re2c
command lemon lemon
header stdio.h libc6-dev
module lmdb liblmdb-dev
module jansson libjansson-dev
module libxxhash libxxhash-dev
module smartcols libsmartcols-dev
module check check
'
packages_for_check='
command clang clang
command g++ g++
command clang-format clang-format
module libuv libuv1-dev
'

is_there() {
	case $1 in
	command) command -v "$2" ;;
	module) pkg-config --exists "$2" ;;
	header) echo "#include <$2>" | gcc -E - ;;
	esac >/dev/null 2>&1
}

# Reads lines `kind name package`; adds to $missing.
note_missing() {
	while read -r kind name package; do
		if [ -n "$kind" ] && ! is_there "$kind" "$name"; then
			missing="$missing $package"
		fi
	done <<END
$1
END
}

install_missing() {
	if [ -z "$missing" ]; then
		return
	fi
	line="apt-get install -y --no-install-recommends$missing"
	if ! command -v apt-get >/dev/null 2>&1; then
		echo "Missing; by the names of their Debian packages:$missing" >&2
		exit 2
	fi
	if [ "$(id -u)" -ne 0 ]; then
		echo "Something is missing.  Run this as root, then come back:" >&2
		echo "    $line" >&2
		exit 2
	fi
	echo "Installing$missing"
	log=$(mktemp)
	export DEBIAN_FRONTEND=noninteractive
	if ! { apt-get update && $line; } >"$log" 2>&1; then
		tail -n 20 "$log" >&2
		echo "apt-get could not install what is missing; its output is in $log" >&2
		exit 2
	fi
	rm -f "$log"
}

#!/bin/sh
# Makes cpython_layouts/tables/ from CPython's headers, by gen/tables.list:
#
#	generate.sh DUMP_TABLE WORK_DIR [TABLE...]      all, or those named
#
# Headers are looked for as $HEADERS_DIR/NAME (a directory with Python.h, or with one below
# include/python*/), then among pyenv's versions, then in /usr/include where the release is the
# same. What has no headers on this machine keeps its committed table, and is named at the end; so
# are tables older than fields.def, with the members they were not asked for.
#
# Each table is made for x86-64, and for aarch64 as NAME-aarch64 where something differs: compilers
# CC (gcc) and CC_AARCH64 (aarch64-linux-gnu-gcc; without one, those tables stay as they are).
set -u
dump=$1 work=$2
shift 2
only=" $* "
here=cpython_layouts/gen
tables=cpython_layouts/tables
CC=${CC:-gcc}
CC_AARCH64=${CC_AARCH64:-aarch64-linux-gnu-gcc}
mkdir -p "$work"
missing= failed= made=0
command -v "${CC_AARCH64%% *}" >/dev/null 2>&1 || { echo "no $CC_AARCH64: aarch64 tables stay as they are"; CC_AARCH64=; }

# The include directory for a name of the headers column.
headers() {
	for d in ${HEADERS_DIR:+"$HEADERS_DIR/$1" "$HEADERS_DIR/$1"/include/python* "$HEADERS_DIR/$1"/usr/include/python*} \
		"${PYENV_ROOT:-$HOME/.pyenv}/versions/$1"/include/python*; do
		[ -f "$d/Python.h" ] && { (cd "$d" && pwd -P); return 0; }
	done
	system=/usr/include/python${1%.*}
	grep -qs "define PY_VERSION[[:space:]]*\"$1\"" "$system/patchlevel.h" && { echo "$system"; return 0; }
	return 1
}

# compile COMPILER INCLUDE_DIR OUT FLAGS...
# Linked, so that the debug information is relocated; Debian keeps pyconfig.h for each machine in
# <x86_64-linux-gnu/python3.13/>, which is after everything else found beside the headers: LP64
# machines share it, hence the link for aarch64.
compile() {
	compiler=$1 include=$2 out=$3
	shift 3
	machine_include=
	for d in "$include"/../x86_64-linux-gnu /usr/include/x86_64-linux-gnu; do
		if [ -e "$d/${include##*/}/pyconfig.h" ]; then
			mkdir -p "$work/multiarch/${include##*/}"
			rm -rf "$work/multiarch/aarch64-linux-gnu"
			ln -s "$(cd "$d" && pwd)" "$work/multiarch/aarch64-linux-gnu"
			machine_include="-idirafter $include/.. -idirafter $work/multiarch"
			break
		fi
	done
	# shellcheck disable=SC2086 # flags are words
	$compiler -shared -nostdlib -fPIC -O0 -g -fno-eliminate-unused-debug-types -w -I"$include" \
		-I"$include/internal" -I"$include/internal/mimalloc" $machine_include "$@" -o "$out" $here/probe.c
}

# table NAME BASE RELEASES ABI ORIGIN PROBE
table() {
	"$dump" $tables "$1" "$2" "${3%-*}" "${3#*-}" "$4" "$5" "$6" >"$work/table.c"
	case $? in
	0)
		cmp -s "$work/table.c" "$tables/$1.c" || cp "$work/table.c" "$tables/$1.c"
		made=$((made + 1)) ;;
	3) rm -f "$tables/$1.c" ;;		# nothing differs from its base
	*) failed="$failed $1" ;;
	esac
}

while read -r name base releases abi key flags; do
	case "$name" in '' | '#'*) continue ;; esac
	[ "$only" != "  " ] && case "$only" in *" $name "*) ;; *) continue ;; esac
	include=$(headers "$key") || { missing="$missing $name($key)"; continue; }
	case $abi in *d*) flags="$flags -DPy_DEBUG" ;; esac
	case $abi in *t*) flags="$flags -DPy_GIL_DISABLED=1" ;; esac
	abi=${abi#-}
	origin="CPython $(sed -n 's/^#define PY_VERSION[[:space:]]*"\(.*\)"/\1/p' "$include/patchlevel.h")"
	case $key in *-*) origin="$origin (${key#*-})" ;; esac
	origin="$origin headers$(echo " $flags" | sed 's/  */ /g; s/ $//')"
	# shellcheck disable=SC2086
	if compile "$CC" "$include" "$work/probe.so" $flags; then
		table "$name" "$base" "$releases" "$abi" "$origin" "$work/probe.so"
	else
		failed="$failed $name"
		continue
	fi
	# shellcheck disable=SC2086
	if [ -n "$CC_AARCH64" ] && compile "$CC_AARCH64" "$include" "$work/probe-aarch64.so" $flags; then
		table "$name-aarch64" "$name" "$releases" "$abi" "$origin, aarch64" "$work/probe-aarch64.so"
	fi
done <$here/tables.list

# tables.def: what there is, in the list's order
{
	echo "/* Generated from gen/tables.list. Where two tables fit equally well, the upper is tried first. */"
	while read -r name rest; do
		case "$name" in '' | '#'*) continue ;; esac
		for t in "$name" "$name-aarch64"; do
			[ -f "$tables/$t.c" ] && echo "TABLE($(echo "$t" | tr .- __))"
		done
	done <$here/tables.list
} >"$work/tables.def"
cmp -s "$work/tables.def" $tables/tables.def || cp "$work/tables.def" $tables/tables.def

echo "$made tables made"
[ -z "$missing" ] || echo "no headers for, so left as committed:$missing (set HEADERS_DIR, see $here/generate.sh)"
"$dump" --stale $tables/[0-9]*.c
[ -z "$failed" ] || { echo "failed:$failed" >&2; exit 1; }

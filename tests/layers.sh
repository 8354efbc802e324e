#!/usr/bin/env bash
# The house stands only as long as nothing below includes anything above:
#
#	cli > analyzers > cpython_layouts > symbols > core       report: core's containers alone
set -u
cd "$(dirname "$0")/.." || exit 1
passed=0 failed=0

# What each folder's files may include.
declare -A may=(
	[core]='core'
	[symbols]='symbols core'
	[cpython_layouts]='cpython_layouts symbols core'
	[analyzers]='analyzers cpython_layouts symbols core report'
	[report]='report core'
	[cli]='cli analyzers cpython_layouts symbols core report'
)
# report is for anyone's records: of core it takes what holds things and judges texts, not what reads
# processes.
containers='core/(arena|checked|map|owned|redact|str|vec)\.h'

complain() {
	echo "$1:$2: includes \"$3\": $4"
	bad=1
}

for folder in core symbols cpython_layouts report analyzers cli; do
	while IFS= read -r file; do
		bad=0
		while IFS=: read -r line text; do
			[[ $text =~ ^[[:space:]]*#[[:space:]]*include[[:space:]]*\"([^\"]+)\" ]] || continue
			included=${BASH_REMATCH[1]}
			if [ ! -e "$included" ]; then
				complain "$file" "$line" "$included" "spell it from the root"
			elif [[ " ${may[$folder]} " != *" ${included%%/*} "* ]]; then
				complain "$file" "$line" "$included" "$folder stands below it"
			elif [ "$folder" = report ] && [[ $included == core/* && ! $included =~ ^$containers$ ]]; then
				complain "$file" "$line" "$included" "report needs only core's containers"
			fi
		done < <(grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "$file")
		# Each external library has one home.
		while IFS=: read -r line text; do
			case $text in
			*'<capstone'*) [ "$file" = symbols/disasm.c ] || complain "$file" "$line" capstone "its home is symbols/disasm.c" ;;
			*'<elfutils'*|*'<dwarf.h>'*) [ "$folder" = symbols ] || complain "$file" "$line" libdw "its home is symbols/" ;;
			*'<zstd'*) [ "$folder" = core ] || complain "$file" "$line" zstd "its home is core/" ;;
			esac
		done < <(grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*<' "$file")
		if [ "$bad" -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
	done < <(find "$folder" -name '*.[ch]' -o -name '*.def' | grep -v '^cpython_layouts/gen/' | sort)
done

# A plugin sees the installed headers alone: they include nothing that is not installed.
installed=$(sed -n 's/^PLUGIN_HEADERS = //p' Makefile)
for file in $installed; do
	bad=0
	while IFS= read -r included; do
		[[ " $installed " == *" $included "* ]] || complain "$file" 0 "$included" "it is not installed"
	done < <(sed -nE 's/^#include "([^"]+)"/\1/p' "$file")
	if [ "$bad" -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

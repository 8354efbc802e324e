#!/usr/bin/env bash
# make install and uninstall, the man page and the bash completion.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/expect.sh
status=- out= err=

root=$dir/root
to=$root/opt/pycore
quiet_make() { make --no-print-directory BUILD="$BUILD" CC="$CC" DESTDIR="$root" PREFIX=/opt/pycore "$@" >"$dir/out" 2>"$dir/err"; }
check 'make install' quiet_make install
check 'the program runs' [ "$("$to/bin/pycore" --version)" = "$("$PYCORE" --version)" ]
for file in bin/pycore share/man/man1/pycore.1 share/bash-completion/completions/pycore \
	include/pycore/analyzers/plugin.h include/pycore/analyzers/analyzer.h \
	include/pycore/report/record.h include/pycore/report/text.h; do
	check "it installs $file" [ -s "$to/$file" ]
done
check 'and nothing else' [ "$(find "$root" -type f | wc -l)" -eq 7 ]

page=$to/share/man/man1/pycore.1
if command -v man >/dev/null; then
	man --warnings -E UTF-8 -l -Tutf8 -Z "$page" >/dev/null 2>"$dir/err"
	check 'man has no complaint' [ ! -s "$dir/err" ]
	MANWIDTH=80 man -l "$page" 2>/dev/null | sed 's/.\x08//g' >"$dir/out"
	check 'the page shows the exit codes' out_has 'EXIT STATUS'
	check 'hyphens can be copied' out_has '--output FILE'
else
	skip 'there is no man'
fi

# complete WORD...: what bash would offer for the last of them.
complete_words() {
	bash --norc --noprofile -c '
		. "$1"; shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		compopt() { :; }
		_pycore
		printf "%s\n" "${COMPREPLY[@]}"' - "$to/share/bash-completion/completions/pycore" "$@" >"$dir/out" 2>"$dir/err"
	out=$(cat "$dir/out") err=$(cat "$dir/err")
}
offers() { grep -qxF -- "$1" "$dir/out" && [ ! -s "$dir/err" ]; }
complete_words pycore in
check 'a command is completed' offers info
complete_words pycore bt --lo
check "a command's own option" offers --locals
complete_words pycore info --js
check "every command's options" offers --json
complete_words pycore bt --color = al
check 'the choices of an option, as bash splits it' offers always
complete_words pycore bt --color =
check 'all choices behind the sign' offers never
complete_words pycore bt --color ne
check 'the choices of an option, as the next word' offers never
(cd "$dir" && mkdir -p cores && : >core.1) && complete_words pycore bt "$dir/core"
check 'files' offers "$dir/core.1"
complete_words pycore bt --sysroot = "$dir/co"
check 'directories alone where one is wanted' [ "$out" = "$dir/cores" ]
complete_words pycore "$dir/core."
check 'files without a command' offers "$dir/core.1"
complete_words pycore help sl
check 'commands after help' [ "$out" = slim ]

check 'make uninstall' quiet_make uninstall
check 'takes all of it away' [ "$(find "$root" -type f | wc -l)" -eq 0 ]
finish

#!/usr/bin/env bash
# The command line from outside: what is printed where, exit codes, bad input. The contract's other
# half, what is in the reports, is tested by golden and live.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/expect.sh
unset PYCORE_PLUGINS PYCORE_TRACE
commands=$("$PYCORE" help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p')

# --- what needs no core ---
run
check 'no argument: usage on stderr' exits 2
check 'no argument: nothing on stdout' [ -z "$out" ]
run help
check 'help' out_has 'Commands:'
run --help
check '--help is help' out_has 'Commands:'
run --version
check '--version' [ "${out% *}" = pycore ]
for command in bt info slim layout; do
	check "$command is a command" grep -qx "$command" <<<"$commands"
done
for command in $commands; do
	run "$command" --help
	check "$command --help has an example" out_has "pycore $command "
	run help "$command"
	check "help $command is the same" out_has "Usage: pycore $command"
	check "its lines fit a terminal" [ "$(awk 'length > 100' "$dir/out" | wc -l)" -eq 0 ]
	run "$command" --schema
	check "$command --schema is JSON" python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$dir/out"
done
run help nonsense
check 'help of no command' fails_with 2 'no such command'
run bt --jsn x
check 'a slip in an option' fails_with 2 'did you mean --json?'
run ifno
check 'a slip in a command' fails_with 2 'did you mean info?'
run frobnicate core
check 'no command and no file' fails_with 3 'neither a command nor a file: frobnicate'
run bt
check 'no core' fails_with 2 'pycore bt CORE'
run bt a b c
check 'too many files' fails_with 2 "too many files: 'c'"
run bt ''
check 'an empty name' fails_with 2 'file name is empty'
run bt --color=pink a
check 'a bad choice' fails_with 2 'auto, always, never'
PYCORE_TRACE=nonsense run --version
check 'an unknown trace topic is told' err_has "does not know 'nonsense'"

# --- files that are no cores ---
: >"$dir/empty"
printf '\177ELF' >"$dir/short"
head -c 4096 /dev/urandom >"$dir/noise"
{ printf '\177ELF\2\1\1'; head -c 9000 /dev/urandom; } >"$dir/garbage"
# An ELF header that says it is a core of x86-64, with no program headers at all.
python3 - "$dir/headless" <<'PY'
import struct, sys
ident = b"\x7fELF\2\1\1" + bytes(9)
open(sys.argv[1], "wb").write(ident + struct.pack("<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, 0, 0, 0, 0))
PY
run bt "$dir/nowhere"
check 'no such file' fails_with 3 'no such file'
run bt "$dir"
check 'a directory' fails_with 3 'directory'
for file in empty short noise garbage headless; do
	run bt "$dir/$file"
	check "$file is no core" fails_with 3 "$file"
	run info "$dir/$file"
	check "$file is no core for info" exits 3
done
run bt "$PYCORE"
check 'an executable alone' fails_with 3 core
run bt /dev/null
check 'a device' exits 3
mkfifo "$dir/fifo"
run bt "$dir/fifo"
check 'a pipe that nobody writes' exits 3
if [ "$(id -u)" -ne 0 ]; then
	touch "$dir/secret" && chmod 0 "$dir/secret"
	run bt "$dir/secret"
	check 'no permission' fails_with 3 ermission
fi

# --- a real one ---
if ! make_core /usr/bin/python3 "$PWD/packaging/demo.py"; then
	skip 'no core can be made here'
	finish
fi
core=$dir/core exe=$(readlink -f /usr/bin/python3)
cp "$core" "$dir/copy"

run bt "$core"
check 'bt' exits 0
check 'bt finds the function' out_has 'in print_label'
check 'bt is quiet on stderr' [ -z "$err" ]
cp "$dir/out" "$dir/bt"
same() { exits 0 && cmp -s "$dir/bt" "$dir/out"; }
run "$core"
check 'no command: bt' same
run bt "$core" "$exe"
check 'with the executable' same
run bt "$exe" "$core"
check 'in the other order' same
run "$exe" -c "$core"
check "gdb's shape" same
run "$dir/nowhere (deleted)" -c "$core"
check "gdb's shape, of a program that is gone" out_has 'in print_label'
check 'which is no loss' exits 0
check 'and is told' out_has 'nowhere (deleted): no such file'
run bt "--core=$core" "$exe"
check "gdb's shape, long" same
run bt -- "$core"
check 'after two dashes' same
run bt --color=never "$core"
check 'no colour' same
"$PYCORE" bt - <"$core" >"$dir/out" 2>"$dir/err"; status=$?
check 'on standard input' out_has 'in print_label'
if command -v zstd >/dev/null; then
	zstd -q "$core" -o "$dir/pressed"
	run bt "$dir/pressed"
	check 'compressed with zstd' out_has 'in print_label'
else
	skip 'there is no zstd'
fi
run bt "$core" "$dir/nowhere"
check 'an executable that is not there' exits 3
run bt "$core" /bin/ls
check 'a wrong executable is told' grep -qiE 'note|lost|warning' "$dir/out"
check 'and the traceback is still there' out_has 'in print_label'

run bt -v "$core"
check '-v changes nothing on stdout' same
check '-v tells which files are opened' err_has "opened $exe"

run bt --color=always "$core"
check 'colours when asked for' grep -q $'\033\[' "$dir/out"
run bt --json --color=always "$core"
check 'never in JSON' [ "$(grep -c $'\033' "$dir/out")" -eq 0 ]
NO_COLOR=1 run bt "$core"
check 'NO_COLOR' same

run object "$core"
check 'object: of which?' fails_with 2 'which object'
run object "$core" "sys.modules['sys'].maxsize"
check 'object: a path' out_has 'int at 0x'
run object --why "$core" "sys.modules['sys'].maxsize"
check 'object: why it is alive' out_has "sys.modules['sys'].maxsize"
run object --why "$core" "sys.modules['os'].environ"
check 'object: why an attribute of a module is' out_has "sys.modules['os'].environ"
run object "$core" "sys.modules['sys'].nothing.more"
check 'object: a path that leads nowhere' fails_with 2 'no such attribute'
run object "$core" "sys.modules['sys'"
check 'object: a path that is none' fails_with 2 'not closed'
run object "$core" 0x10
check 'object: an address of nothing' fails_with 3 'no Python object at 0x10'
run object "$exe" -c "$core" sys.path
check 'object, as gdb is called' out_has 'list at 0x'

cat >"$dir/validate.py" <<'PY'
import json, sys
schema, document = (json.load(open(name, encoding="utf-8")) for name in sys.argv[1:3])
assert document["pycore"]["format"] == 1 and document["pycore"]["command"] == sys.argv[3]
try:
    import jsonschema
except ImportError:
    sys.exit(0)
jsonschema.Draft202012Validator(schema).validate(document)
PY
address=$("$PYCORE" object --json "$core" sys.modules | python3 -c 'import json, sys; print(json.load(sys.stdin)["object"]["address"])')
for command in $commands; do
	"$PYCORE" "$command" --schema >"$dir/schema"
	extra=()
	[ "$command" = slim ] && extra=(-o "$dir/small")
	[ "$command" = list ] || extra+=("$core")
	[ "$command" = object ] && extra+=("sys.modules['sys'].version_info[0]")
	[ "$command" = whatis ] && extra+=(0x10 "$address")
	run "$command" --json "${extra[@]}"
	check "$command --json is done" exits 0
	check "$command --json is what --schema says" \
		python3 "$dir/validate.py" "$dir/schema" "$dir/out" "$command" 2>>"$dir/err"
done
run whatis "$core"
check 'whatis without an address' fails_with 2 'which address?'
run whatis "$core" 0x123456789abcdef01
check 'whatis of more than 64 bits' fails_with 2 'no address of at most 64 bits'
run whatis "$core" "$address"
check 'whatis says what it is' out_has 'Python object: dict '
run bt --json --locals=full "$core"
"$PYCORE" bt --schema >"$dir/schema"
check 'bt --json --locals=full too' python3 "$dir/validate.py" "$dir/schema" "$dir/out" bt

# --- where the report goes ---
run bt -o "$dir/report" "$core"
check '--output' cmp -s "$dir/report" "$dir/bt"
check '--output leaves stdout alone' [ -z "$out" ]
ln -s core "$dir/link"
run bt -o "$dir/link" "$core"
check 'not over the core, through a link either' fails_with 2 'is read here'
run bt "$core" "$exe" -o "$core"
check 'not over the core' fails_with 2 'is read here'
check 'the core is whole' cmp -s "$core" "$dir/copy"
run bt -o "$dir/no/such/place" "$core"
check 'an output that cannot be made' fails_with 2 'cannot write'
if [ -c /dev/full ]; then
	run bt -o /dev/full "$core"
	check 'a full disk' fails_with 4 'No space left'
	"$PYCORE" bt "$core" >/dev/full 2>"$dir/err"; status=$?
	check 'a full disk on stdout' exits 4
fi
"$PYCORE" bt "$core" >&- 2>"$dir/err"; status=$?
check 'a closed stdout' exits 4
check 'never writes into the core' cmp -s "$core" "$dir/copy"
"$PYCORE" bt --json --locals=full "$core" 2>"$dir/err" | true
status=${PIPESTATUS[0]}
check 'a reader that leaves is no fault' exits 0
check 'and nothing is said of it' [ ! -s "$dir/err" ]

run slim "$core"
check 'slim without -o says so, and nothing else' fails_with 2 'give -o FILE'
run slim "$core" -o "$core"
check 'slim not over the core' fails_with 2 'is read here'
run slim "$core" -o "$dir/no/such/place"
check 'slim to where nothing can be' one_line
run slim "$core" -o "$dir/small"
run bt "$dir/small"
check 'bt of what slim kept for it' exits 0
run bt --locals "$dir/small"
check 'variables that slim did not keep are a loss' exits 1
check 'and a note says so' out_has 'cannot be shown whole'
run slim --locals "$core" -o "$dir/small"
run bt --locals "$dir/small"
check 'variables that slim kept' exits 0

# --- damage ---
size=$(stat -c %s "$core")
for percent in 10 50 90; do
	head -c $((size * percent / 100)) "$core" >"$dir/cut"
	run bt "$dir/cut"
	check "a core cut at $percent %" [ "$status" -eq 1 -o "$status" -eq 3 ]
	check "a core cut at $percent % says so" grep -qiE 'truncat|cut' "$dir/out" "$dir/err"
	run info --json "$dir/cut"
	check "info on a core cut at $percent %" exits 1
done

# --- a program without Python ---
(cd "$dir" && mkdir other && cd other && ulimit -c unlimited && sh -c 'kill -SEGV $$'; true) >/dev/null 2>&1
other=$(find "$dir/other" -type f 2>/dev/null | head -n 1)
if [ -n "$other" ]; then
	run bt "$other"
	check 'a program without Python' fails_with 3 Python
	run info "$other"
	check 'info on a program without Python' exits 0
	check 'says that there is none' grep -qi 'no python' "$dir/out"
else
	skip 'no core of another program'
fi
finish

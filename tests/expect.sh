# For the shell parts of the tests: sourced, with PYCORE set. Each check counts once; what went wrong
# is told with what was seen. `finish` prints the closing line.
passed=0 failed=0 skipped=0
dir=$(mktemp -d "${TMPDIR:-/tmp}/pycore-test.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT

# run ARG...: pycore with those; leaves $status, $out, $err.
run() {
	timeout 60 "$PYCORE" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	out=$(tr -d '\0' <"$dir/out")
	err=$(tr -d '\0' <"$dir/err")
}

pass() { passed=$((passed + 1)); }
fail() {
	failed=$((failed + 1))
	printf 'FAILED: %s\n' "$1"
	printf '  | %s\n' "exit status ${status-}" "stdout: ${out:0:600}" "stderr: ${err:0:600}"
}
skip() {
	skipped=$((skipped + 1))
	printf 'skipped: %s\n' "$1"
}

# check NAME CONDITION...: a command whose success is wanted.
check() {
	local name=$1
	shift
	if "$@"; then pass; else fail "$name"; fi
}

exits() { [ "$status" -eq "$1" ]; }
out_has() { grep -qF -- "$1" "$dir/out"; }
err_has() { grep -qF -- "$1" "$dir/err"; }
# One line on standard error, nothing on standard output.
one_line() { [ "$(wc -l <"$dir/err")" -eq 1 ] && [ ! -s "$dir/out" ]; }
fails_with() { exits "$1" && one_line && err_has "$2"; }

# killed_at_any_moment FILE COMMAND...: again and again, killed ever later, first itself, then all that
# it started. False: what it left as FILE was once not the whole report of demo.py.
killed_at_any_moment() {
	local file=$1 whole=0 delay pid
	shift
	for delay in 0 .002 .004 .006 .008 .01 .02 .03 .04 .06 .08 .1 .15; do
		setsid "$@" >/dev/null 2>&1 &
		pid=$!
		sleep $delay
		kill -KILL $pid 2>/dev/null
		kill -KILL -$pid 2>/dev/null
		wait $pid 2>/dev/null
		[ ! -e "$file" ] || grep -q 'in print_label' "$file" || whole=1
		rm -f "$file"
	done
	return $whole
}

# A core of $1 (default: the system's python3) running $2, as $dir/core; false: none can be made here.
make_core() {
	local python=$1 program=$2
	(cd "$dir" && rm -f core core.* && ulimit -c unlimited && "$python" "$program"; true) >/dev/null 2>&1
	local made
	made=$(find "$dir" -maxdepth 1 -name 'core*' -type f | head -n 1)
	[ -n "$made" ] && { [ "$made" = "$dir/core" ] || mv "$made" "$dir/core"; } && return
	command -v gdb >/dev/null || return 1
	(cd "$dir" && gdb -q -batch -iex 'set debuginfod enabled off' -ex run -ex 'generate-core-file core' \
		--args "$(readlink -f "$python")" "$program") >/dev/null 2>&1 </dev/null
	[ -e "$dir/core" ]
}

finish() {
	[ "$skipped" -gt 0 ] && echo "$passed passed, $failed failed, $skipped skipped" || echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ]
	exit
}

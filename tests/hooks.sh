#!/usr/bin/env bash
# What packaging/hooks installs, each part driven directly: by stand-ins for journalctl and logger, in
# abrt's directory layout, with apport's kind of report.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/expect.sh
unset PYCORE_PLUGINS PYCORE_TRACE

to=$dir/installed
env -u MAKEFLAGS make -s install-hooks PREFIX=/usr/local DESTDIR="$to" >"$dir/out" 2>"$dir/err"; status=$?
check 'make install-hooks' exits 0
units=$to/usr/local/lib/systemd/system
for file in "$units/pycore-hook@.service" "$units/systemd-coredump@.service.d/pycore.conf" \
	"$to/usr/local/libexec/pycore-hook" "$to/usr/local/lib/tmpfiles.d/pycore.conf" \
	"$to/etc/libreport/events.d/pycore_event.conf" "$to/usr/share/apport/general-hooks/pycore.py"; do
	check "installs ${file#"$to"}" [ -s "$file" ]
done
check 'nothing is left to be filled in' [ -z "$(grep -rl '@[A-Z]*@' "$to")" ]
if command -v systemd-analyze >/dev/null; then
	mkdir -p "$dir/verify"
	sed 's,^ExecStart=.*,ExecStart=/bin/true,' "$units/pycore-hook@.service" >"$dir/verify/pycore-hook@.service"
	SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no "$dir/verify/pycore-hook@x.service" >"$dir/out" 2>"$dir/err"
	check 'systemd takes the unit' [ -z "$(grep pycore-hook "$dir/err")" ]
else
	skip 'there is no systemd-analyze'
fi

if ! make_core /usr/bin/python3 "$PWD/packaging/demo.py"; then
	skip 'no core can be made here'
	finish
fi
core=$dir/core

# --- systemd ---
root=$dir/root run=00112233445566778899aabbccddeeff
stored=$root/var/lib/systemd/coredump reports=$root/var/lib/pycore
mkdir -p "$dir/bin" "$stored" "$reports"
ln -s "$PYCORE" "$dir/bin/pycore"
# What that run of systemd-coredump logged; nothing to who asks for another's entries.
cat >"$dir/bin/journalctl" <<PY
#!/bin/sh
case "\$*" in
*_SYSTEMD_INVOCATION_ID=$run*MESSAGE_ID=fc2e22bc6ee647b6b90729ab34a250b1*) ;;
*) exit 0 ;;
esac
for word; do
	case \$word in --output-fields=*) sed -n "s/^\${word#*=}=//p" "$dir/entry" ;; esac
done
PY
printf '#!/bin/sh\ncat >"%s/logged"\n' "$dir" >"$dir/bin/logger"
chmod +x "$dir/bin/journalctl" "$dir/bin/logger"
sed "s,@PATH@,$dir/bin:$PATH,; s,@ROOT@,$root," packaging/hooks/pycore-hook >"$dir/hook"
stored_as() {
	printf 'COREDUMP_FILENAME=%s\nCOREDUMP_PID=4242\nCOREDUMP_EXE=/usr/bin/python3.11\nCOREDUMP_UNIT=shop.service\n' "$1" \
		>"$dir/entry"
	rm -f "$dir/logged"
}
hook() {
	MONITOR_INVOCATION_ID=$run sh "$dir/hook" >"$dir/out" 2>"$dir/err"
	status=$? out=$(<"$dir/out") err=$(<"$dir/err")
}
name=core.python3.0.0123456789abcdef0123456789abcdef.4242.1790000000000000
cp "$core" "$stored/$name"
stored_as "$stored/$name"
hook
check 'the hook is done' exits 0
check 'and says nothing' [ -z "$out$err" ]
check 'a report beside' grep -q 'in print_label' "$reports/$name.txt"
check 'for root alone' [ "$(stat -c %a "$reports/$name.txt")" = 600 ]
check 'without variables' [ -z "$(grep Zo "$reports/$name.txt")" ]
check 'the journal has the traceback' grep -q '^MESSAGE=  File ".*in print_label' "$dir/logged"
check 'beside the messages of the service' grep -qx 'OBJECT_SYSTEMD_UNIT=shop.service' "$dir/logged"
check 'an identity of its own' grep -qxE 'MESSAGE_ID=[0-9a-f]{32}' "$dir/logged"
check 'which is not that of a crash' [ -z "$(grep MESSAGE_ID=fc2e "$dir/logged")" ]
check 'with a fingerprint' grep -qxE 'COREDUMP_PYTHON_FINGERPRINT=[0-9a-f]{32}' "$dir/logged"
check 'only fields that journald takes' [ -z "$(grep -vE '^[A-Z][A-Z0-9_]{0,63}=' "$dir/logged")" ]
rm "$dir/logged"
hook
check 'once is enough' [ ! -e "$dir/logged" ]
rm "$reports"/*
run=ffffffffffffffffffffffffffffffff hook
check 'an entry that another process logged' [ ! -e "$reports/$name.txt" ]
run='x _UID=0' hook
check 'an id that is none' [ ! -e "$reports/$name.txt" ]
for elsewhere in "$core" "$stored/../coredump/$name" "$stored/core.link" "$stored/core.gone" /etc/passwd ''; do
	ln -sf "$core" "$stored/core.link"
	stored_as "$elsewhere"
	hook
	check "a core that is not one of systemd's: ${elsewhere##*/}" [ -z "$(ls "$reports")" ]
	check "is no fault: ${elsewhere##*/}" exits 0
done
echo 'no core' >"$stored/core.sh.1"
stored_as "$stored/core.sh.1"
hook
check 'what has no Python is no fault' exits 0
check 'and no report' [ -z "$(ls "$reports")" ]
cp "$core" "$stored/core.evil"
ln -s "$dir/precious" "$reports/core.evil.txt"
echo precious >"$dir/precious"
stored_as "$stored/core.evil"
hook
check 'no link is written through' [ "$(cat "$dir/precious")" = precious ]
# Storage=journal, where coredumpctl takes it from; Storage=none, where it has none.
printf '#!/bin/sh\n[ "$*" = "-q dump _SYSTEMD_INVOCATION_ID=%s" ] && cat "%s/core.journal"\n' "$run" "$dir" >"$dir/bin/coredumpctl"
chmod +x "$dir/bin/coredumpctl"
rm -f "$reports"/*
stored_as ''
sed -i 's/^COREDUMP_FILENAME=.*/COREDUMP_TIMESTAMP=1790000000000000/' "$dir/entry"
hook
check 'a core that was not kept is no fault' exits 0
check 'a core that was not kept: no report' [ -z "$(ls "$reports")$err" ]
cp "$core" "$dir/core.journal"
hook
check 'a core in the journal itself' grep -q 'in print_label' "$reports/core.4242.1790000000000000.txt"
check 'is named by no file' [ -z "$(grep COREDUMP_FILENAME "$dir/logged")" ]
sed -i 's/^COREDUMP_PID=.*/COREDUMP_PID=..\/..\/x/' "$dir/entry"
rm -f "$reports"/*
hook
check 'its number is one' [ -z "$(ls "$reports")" ]
# Ten at once.
for i in 0 1 2 3 4 5 6 7 8 9; do
	cp "$core" "$stored/core.many.$i"
	(
		printf 'COREDUMP_FILENAME=%s\n' "$stored/core.many.$i" >"$dir/entry.$i"
		mkdir "$dir/bin.$i"
		sed "s,$dir/entry,&.$i," "$dir/bin/journalctl" >"$dir/bin.$i/journalctl"
		chmod +x "$dir/bin.$i/journalctl"
		sed "s,^PATH=,PATH=$dir/bin.$i:," "$dir/hook" >"$dir/hook.$i"
		MONITOR_INVOCATION_ID=$run sh "$dir/hook.$i"
	) >/dev/null 2>&1 &
done
wait
check 'ten crashes at once' [ "$(grep -l 'in print_label' "$reports"/core.many.*.txt | wc -l)" -eq 10 ]
check 'nothing half-written is left' [ -z "$(ls "$reports" | grep -v '\.txt$')" ]

# Killed halfway, with all that it started; and where there is no room.
cp "$core" "$stored/core.killed"
stored_as "$stored/core.killed"
check 'killed at any moment: a whole report or none' \
	killed_at_any_moment "$reports/core.killed.txt" env MONITOR_INVOCATION_ID=$run sh "$dir/hook"
check 'killed at any moment: nothing half-written' [ -z "$(ls "$reports" | grep -v '\.txt$')" ]
stored_as "$stored/core.killed"
hook
check 'and again: a report' grep -q 'in print_label' "$reports/core.killed.txt"
rm "$reports/core.killed.txt"
(ulimit -f 0 && MONITOR_INVOCATION_ID=$run sh "$dir/hook" >/dev/null 2>&1)
status=$?
check 'no room is no fault' exits 0
check 'no room: no report, and no part of one' [ -z "$(ls "$reports" | grep killed)" ]

# --- abrt ---
problem=$dir/ccpp-1
mkdir "$problem"
echo /usr/bin/python3.11 >"$problem/executable"
cat /proc/self/maps >"$problem/maps"	# another's: the core has its own list
gzip -c "$core" >"$problem/coredump.xz"	# by content, whatever it is called
sed -n '/^EVENT=/,$p' packaging/hooks/pycore_event.conf | tail -n +2 >"$dir/event"
event() { (cd "$problem" && PATH=$dir/bin:$PATH sh -e "$dir/event") >"$dir/out" 2>"$dir/err"; status=$?; }
event
check 'the abrt event is done' exits 0
check 'its item has the traceback' grep -q 'in print_label' "$problem/python_backtrace"
check 'whoever may read the core may read it' [ "$(stat -c '%a %u %g' "$problem/python_backtrace")" = "$(stat -c '%a %u %g' "$problem/coredump.xz")" ]
check 'abrt: killed at any moment: a whole item or none' \
	killed_at_any_moment "$problem/python_backtrace" env -C "$problem" PATH="$dir/bin:$PATH" sh -e "$dir/event"
check 'abrt: nothing else beside it' [ -z "$(ls "$problem" | grep -vx 'coredump.xz\|executable\|maps\|python_backtrace')" ]
(ulimit -f 0 && event; exit $status)
status=$?
check 'abrt: no room is no fault' exits 0
check 'abrt: no room: no item' [ ! -e "$problem/python_backtrace" ]
echo precious >"$dir/precious"
ln -sf "$dir/precious" "$problem/python_backtrace"
event
check 'abrt: no link is written through' [ "$(cat "$dir/precious")" = precious ]
echo 'no core' >"$problem/coredump.xz"
event
check 'abrt: a bad core is no fault' exits 0
check 'abrt: and leaves no item' [ ! -e "$problem/python_backtrace" ]
rm "$problem/coredump.xz"
event
check 'abrt: nor is a missing one' exits 0
check 'abrt: nor is a pycore that is gone' sh -c "cd '$problem' && PATH=/nowhere:/usr/bin:/bin sh -e '$dir/event' 2>/dev/null"

# --- apport ---
check 'the apport hook' env PATH="$dir/bin:$PATH" python3 - "$core" "$PYCORE" <<'PY'
import gzip, runpy, sys
hook = runpy.run_path("packaging/hooks/apport.py")
globals_ = hook["add_info"].__globals__
globals_["PYCORE"] = sys.argv[2]

class Compressed:
    """problem_report.CompressedFile."""
    def write(self, out):
        with open(sys.argv[1], "rb") as core:
            out.write(core.read())

for value in (Compressed(), open(sys.argv[1], "rb").read()):
    report = {"ProblemType": "Crash", "CoreDump": value}
    hook["add_info"](report, None)
    assert "in print_label" in report["PythonStacktrace"]
    assert set(report) == {"ProblemType", "CoreDump", "PythonStacktrace"}
for report in ({}, {"ProblemType": "Bug"}, {"ProblemType": "Crash", "CoreDump": b"no core"},
               {"ProblemType": "Crash", "CoreDump": b"", "ProcMaps": "/bin/sh"}):
    before = dict(report)
    hook["add_info"](report)
    assert report == before
# No room for the core; killed while it is read: nothing stays.
import os, resource, signal, subprocess, tempfile
os.environ["TMPDIR"] = tempfile.tempdir = tempfile.mkdtemp()
child = os.fork()
if child == 0:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    report = {"ProblemType": "Crash", "CoreDump": Compressed()}
    hook["add_info"](report, None)
    os._exit("PythonStacktrace" in report)
assert os.waitpid(child, 0)[1] == 0
child = os.fork()
if child == 0:
    signal.setitimer(signal.ITIMER_REAL, 0.03)
    hook["add_info"]({"ProblemType": "Crash", "CoreDump": Compressed()}, None)
    os._exit(0)
os.waitpid(child, 0)
assert os.listdir(tempfile.tempdir) == []
os.rmdir(tempfile.tempdir)
globals_["PYCORE"] = "/nowhere/pycore"
report = {"ProblemType": "Crash", "CoreDump": b"x"}
hook["add_info"](report)
assert "PythonStacktrace" not in report
PY

env -u MAKEFLAGS make -s uninstall-hooks PREFIX=/usr/local DESTDIR="$to" >"$dir/out" 2>"$dir/err"
check 'make uninstall-hooks leaves nothing' [ -z "$(find "$to" -type f)" ]
finish

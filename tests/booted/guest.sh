#!/bin/bash
# What tests/booted/run has the booted guest do: real crashes, taken by systemd-coredump, and what the
# hook makes of them.
set -u
passed=0 failed=0
reports=/var/lib/pycore own=88c090267341419f907a6e410893f5ce crash=fc2e22bc6ee647b6b90729ab34a250b1
program=/usr/local/src/pycore/demo.py

pass() { passed=$((passed + 1)); }
check() {
	local name=$1
	shift
	if "$@" >/tmp/out 2>&1; then
		pass
	else
		failed=$((failed + 1))
		echo "FAILED: $name"
		tail -n 20 /tmp/out | sed 's/^/  | /'
	fi
}
# within SECONDS COMMAND...: it succeeds some time.
within() {
	local until=$((SECONDS + $1))
	shift
	while ! "$@"; do
		[ "$SECONDS" -lt "$until" ] || return 1
		sleep 0.2
	done
}
count() { find $reports -name 'core.*.txt' 2>/dev/null | wc -l; }
are() { [ "$(count)" -eq "$1" ]; }
dumps() { journalctl -q -o cat --output-fields=COREDUMP_PID MESSAGE_ID=$crash | wc -l; }
# No instance of either unit is there any more: whatever was to come has come.
is_quiet() {
	[ -z "$(systemctl list-units --no-legend --state=active,activating,deactivating,reloading 'pycore-hook@*' 'systemd-coredump@*')" ]
}
settle() { sleep 1; within 60 is_quiet; }
# crash NAME [OPTION...]: a service of that name that dies of the demo.
crash_service() { systemd-run -q --unit="$1" --wait "${@:2}" python3 $program; }
newest() { ls -t $reports/*.txt | head -n 1; }
last_pid() { journalctl -q -n 1 -o cat --output-fields=COREDUMP_PID MESSAGE_ID=$crash; }
has() { grep -qF -- "$1" "$2"; }
entry() { journalctl -q -n 1 -o cat --output-fields="$1" MESSAGE_ID=$own; }

useradd -m -u 1000 shopper 2>/dev/null
check 'systemd-coredump is the handler' has systemd-coredump /proc/sys/kernel/core_pattern
check 'there is no report yet' are 0

# --- a service crashes ---
crash_service shop
check 'a report' within 60 are 1
settle
report=$(newest)
check 'beside which its core is' [ -e "/var/lib/systemd/coredump/$(basename "$report" .txt)" ]
check 'with the traceback' has 'in print_label' "$report"
check 'for root alone' [ "$(stat -c '%a %u' "$report")" = '600 0' ]
check 'in a directory of root'"'"'s' [ "$(stat -c '%a %u' $reports)" = '700 0' ]
check 'one entry in the journal' [ "$(journalctl -q -o cat MESSAGE_ID=$own --output-fields=COREDUMP_PID | wc -l)" -eq 1 ]
check 'with the version' sh -c "echo '$(entry COREDUMP_PYTHON_VERSION)' | grep -qE '^3\.11\.'"
check 'with the fingerprint' sh -c "echo '$(entry COREDUMP_PYTHON_FINGERPRINT)' | grep -qxE '[0-9a-f]{32}'"
check 'with the report' [ "$(entry COREDUMP_PYTHON_REPORT)" = "$report" ]
check 'with the process' [ "$(entry COREDUMP_PID)" = "$(last_pid)" ]
check 'with the unit' [ "$(entry COREDUMP_UNIT)" = shop.service ]
check 'shown with the messages of the service' sh -c 'journalctl -q -u shop.service | grep -q "in print_label"'
check 'nothing failed' [ -z "$(systemctl list-units --no-legend --state=failed 'pycore-hook@*')" ]

# --- by hand, as coredumpctl does ---
coredumpctl -q debug --debugger=pycore "$(last_pid)" >/tmp/debug 2>/tmp/debug.err
check 'coredumpctl debug --debugger=pycore' has 'in print_label' /tmp/debug
coredumpctl -q debug --debugger=pycore --debugger-arguments='bt --json' "$(last_pid)" >/tmp/debug 2>/tmp/debug.err
check 'coredumpctl debug, with arguments' python3 -c 'import json; assert json.load(open("/tmp/debug"))["threads"]'
coredumpctl -q dump "$(last_pid)" 2>/dev/null | pycore bt - >/tmp/debug 2>/tmp/debug.err
check 'coredumpctl dump | pycore bt -' has 'in print_label' /tmp/debug
for word in last "$(last_pid)" python3; do
	pycore bt "$word" >/tmp/debug 2>/tmp/debug.err
	check "pycore bt $word" has 'in print_label' /tmp/debug
done
check 'pycore list' sh -c "pycore list | grep -q '$(last_pid) .*python3'"

# --- others crash ---
before=$(count)
crash_service bought -p User=shopper
check 'a user'"'"'s process' within 60 are $((before + 1))
check 'has its traceback too' has 'in print_label' "$(newest)"
settle
sh -c 'kill -SEGV $$'
check 'what is not Python is stored' within 60 sh -c 'coredumpctl -q list /usr/bin/dash'
settle
check 'and has no report' are $((before + 1))
check 'and that is no failure' [ -z "$(systemctl list-units --no-legend --state=failed 'pycore-hook@*')" ]

# --- forged ---
runs() { journalctl -q -o cat _PID=1 | grep -c 'pycore-hook@.*Deactivated'; }
before=$(count) ran=$(runs)
core=$(echo /var/lib/systemd/coredump/core.python3.1000.*)
for user in shopper root; do
	rm -f "$reports/$(basename "$core").txt"
	printf '%s\n' MESSAGE_ID=$crash SYSLOG_IDENTIFIER=systemd-coredump "COREDUMP_FILENAME=$core" \
		COREDUMP_PID=1 COREDUMP_EXE=/usr/bin/python3 MESSAGE=forged PRIORITY=2 |
		setpriv --reuid="$(id -u $user)" --regid="$(id -g $user)" --clear-groups logger --journald
done
systemctl start pycore-hook@forged.service
settle
check 'a forged entry is not reacted to' are $((before - 1))
check 'not even looked at' sh -c "[ $(runs) -le $((ran + 1)) ]"
check 'a hook that systemd-coredump did not start does nothing' sh -c 'journalctl -q -u pycore-hook@forged.service | grep -q "nothing done"'

# --- programs that are gone ---
gone=$(readlink -f /usr/bin/python3)
cp "$gone" /opt/python-gone
systemd-run -q --unit=gone --wait -E PYTHONHOME=/usr /opt/python-gone $program
settle
rm /opt/python-gone
check 'a missing program: there is a core' [ "$(coredumpctl -q -1 --json=short list | grep -c python-gone)" -eq 1 ]
coredumpctl -q debug --debugger=pycore /opt/python-gone >/tmp/debug 2>/tmp/debug.err
check 'a missing program: still a traceback' has 'in print_label' /tmp/debug
cp "$gone" /opt/python-deleted
cat >/tmp/deleted.py <<'PY'
import os, runpy
os.unlink("/opt/python-deleted")
runpy.run_path("/usr/local/src/pycore/demo.py", run_name="__main__")
PY
before=$(count)
systemd-run -q --unit=deleted --wait -E PYTHONHOME=/usr /opt/python-deleted /tmp/deleted.py
settle
check 'a deleted program: a report' are $((before + 1))
coredumpctl -q dump "$(last_pid)" 2>/dev/null | pycore bt - >/tmp/debug 2>/tmp/debug.err
check 'a deleted program: a traceback' has 'in print_label' /tmp/debug
cp "/var/lib/systemd/coredump/$(basename "$(newest)" .txt)" /tmp/deleted.core
pycore bt '/opt/python-deleted (deleted)' -c /tmp/deleted.core >/tmp/debug 2>/tmp/debug.err
check 'a deleted program, as coredumpctl names it' has 'in print_label' /tmp/debug

# --- in the journal itself ---
mkdir -p /run/systemd/coredump.conf.d
printf '[Coredump]\nStorage=journal\n' >/run/systemd/coredump.conf.d/journal.conf
before=$(count)
crash_service kept
settle
check 'in the journal itself: a report' within 60 are $((before + 1))
check 'with its traceback' has 'in print_label' "$(newest)"
check 'pycore list tells it' sh -c "pycore list | grep -q '$(last_pid) .*(journal)'"
pycore bt last >/tmp/debug 2>/tmp/debug.err
check 'pycore bt last reads it there' has 'in print_label' /tmp/debug
rm /run/systemd/coredump.conf.d/journal.conf

# --- ten at once ---
before=$(count)
for i in 0 1 2 3 4 5 6 7 8 9; do crash_service "many$i" & done
wait
check 'ten crashes at once' within 300 are $((before + 10))
settle

# --- the hook is killed ---
for i in 1 2 3; do
	crash_service "killed$i"
	within 20 sh -c '[ -n "$(systemctl list-units --no-legend --state=activating "pycore-hook@*")" ]' &&
		systemctl kill -s KILL 'pycore-hook@*'
	settle
done
whole() {
	local f
	for f in $reports/*.txt; do grep -q 'in print_label' "$f" || return 1; done
}
check 'killed: whole reports or none' whole
check 'killed: nothing half-written' [ -z "$(find $reports -type f ! -name '*.txt')" ]
systemctl reset-failed 2>/dev/null

# --- no room ---
mount -t tmpfs -o size=8k,mode=700 tmpfs $reports && head -c 8192 /dev/zero >$reports/full 2>/dev/null
crash_service full
settle
check 'no room: no report' [ -z "$(find $reports -type f ! -name full)" ]
check 'no room: no failure' [ -z "$(systemctl list-units --no-legend --state=failed 'pycore-hook@*')" ]
umount $reports
before=$(count)
crash_service roomy
check 'room again: a report' within 60 are $((before + 1))
settle

# --- kept how long ---
date -s '+20 days' >/dev/null
before=$(count)
crash_service later
check 'much later: a report' within 60 are $((before + 1))
settle
systemd-tmpfiles --clean
check 'retention: the old ones are gone, the new one is there' are 1

# --- taken away again ---
make -s -C /usr/local/src/pycore uninstall-hooks HOOKS=systemd PREFIX=/usr/local >/dev/null 2>&1
systemctl daemon-reload
check 'uninstalled: no unit' sh -c '! systemctl cat pycore-hook@x.service'
dumped=$(dumps)
crash_service unhooked
check 'uninstalled: cores are stored as ever' within 60 sh -c "[ \$(journalctl -q -o cat --output-fields=COREDUMP_PID MESSAGE_ID=$crash | wc -l) -gt $dumped ]"
settle
check 'uninstalled: and that is all' are 1

echo "$passed passed, $failed failed"

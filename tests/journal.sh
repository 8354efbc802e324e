#!/usr/bin/env bash
# What the journal says of cores: a real journal file, which systemd-journal-remote wrote from
# fixtures/journal/make.py, read back through libsystemd.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/expect.sh
unset PYCORE_PLUGINS PYCORE_TRACE

boot=0123456789abcdef0123456789abcdef
root=$dir/root
logs=$root/var/log/journal/$boot
stored=$root/var/lib/systemd/coredump
mkdir -p "$logs" "$stored"
if ! python3 -c 'import ctypes; ctypes.CDLL("libsystemd.so.0")' 2>/dev/null; then
	skip 'there is no libsystemd.so.0: no journal can be read'
	finish
fi
if ! zstd -q -d fixtures/journal/system.journal.zst -o "$logs/system.journal" 2>"$dir/err"; then
	skip 'there is no zstd to unpack the journal with'
	finish
fi
slim=fixtures/cores/3.11-values.core.zst
[ -e "$slim" ] || slim=$(find fixtures/cores -name '3.*.core.zst' | sort | head -n 1)
keep() { cp "$slim" "$stored/core.$1.1000.$boot.$2.$3.zst"; }
keep python3 101 1790000001000000
keep python3 102 1790000002000000
keep python3 101 1790000020000000
keep sleep 300 1790000000500000	# of which the journal has nothing (any more)

zstd -q -d "$slim" -o "$dir/plain" && head -c 100000 "$dir/plain" >"$stored/core.sleep.1000.$boot.301.1790000000400000"
cp "$dir/plain" "$stored/core.sleep.1000.$boot.302.1790000000300000"

listed() {
	run list --json --sysroot "$root" "$@"
	python3 -c 'import json, sys
for core in json.load(open(sys.argv[1]))["cores"]:
	print(core["pid"], core["name"], core["signal_name"], core["state"], core["unit"], sep=",")' "$dir/out" >"$dir/listed"
}
cat >"$dir/expected" <<'LINES'
101,python3,SIGABRT,present,shop.service
108,python3,SIGSEGV,none,shop.service
107,python3,SIGSEGV,none,shop.service
106,python3,SIGSEGV,none,shop.service
105,python3,SIGSEGV,none,shop.service
104,python3,SIGSEGV,journal,shop.service
103,nginx,SIGSEGV,missing,nginx.service
102,python3,SIGSEGV,truncated,shop.service
101,python3,SIGSEGV,present,shop.service
300,sleep,None,present,None
301,sleep,None,truncated,None
302,sleep,None,present,None
LINES
listed
check 'the journal and the directory, newest first, no forged one' diff "$dir/expected" "$dir/listed"
if [ -x /lib/systemd/systemd-journal-remote ]; then
	rm "$logs/system.journal"
	python3 fixtures/journal/make.py "$dir/plain" | /lib/systemd/systemd-journal-remote -o "$logs/system.journal" - 2>/dev/null
	listed
	check 'a journal written just now' diff "$dir/expected" "$dir/listed"
else
	skip 'there is no systemd-journal-remote: the committed journal alone was read'
fi
listed --python
check 'list --python' [ "$(grep -c python3 "$dir/listed")" -eq 8 ]
run list --sysroot "$root"
check 'states are shown' grep -q '/usr/bin/nginx (missing)$' "$dir/out"
check 'and sizes where there are some' grep -qE ' 101 +1000 +SIGABRT +[0-9.]+ [KM]iB  /usr/bin/python3$' "$dir/out"
run info --json --sysroot "$root" 101
check 'of two processes of one number, the newer' out_has 101.1790000020000000
run bt --sysroot "$root" last
check 'last' exits 0
run bt --sysroot "$root" 103
check 'one that was removed' fails_with 3 'no longer there'
run bt --sysroot "$root" nginx
check 'by name too' fails_with 3 'no longer there'
run bt --json "$dir/plain" && cp "$dir/out" "$dir/known"
run bt --json --sysroot "$root" 104
check 'one in the journal itself' python3 -c 'import json, sys
said, known = (json.load(open(path)) for path in sys.argv[1:])
assert said["threads"] == known["threads"] and said["process"] == known["process"]' "$dir/out" "$dir/known"
run report --sysroot "$root" 104
check 'and a report of it' out_has 'Fingerprint'
run bt --unpack-limit 1 --sysroot "$root" 104
check 'within the limits of unpacking' fails_with 3 'unpack-limit'
run bt --sysroot "$root" 105
check 'one that was not kept' fails_with 3 'was not kept'
run bt --sysroot "$root" 107
check 'one that is said to be elsewhere' fails_with 3 'was not kept'
run bt --sysroot "$root" 201
check 'a forged one' fails_with 3 'no such core is kept'
keep python3 $$ 1790000030000000
run bt --json --sysroot "$root" $$
check 'the number of a process that lives now' python3 -c 'import json, sys
assert json.load(open(sys.argv[1]))["process"]["pid"] != int(sys.argv[2])' "$dir/out" $$
rm "$stored"/core.python3.1000.*.$$.*
head -c 5000 "$logs/system.journal" >"$logs/cut" && mv "$logs/cut" "$logs/system.journal"
listed
check 'a damaged journal: the directory' [ "$(wc -l <"$dir/listed")" -eq 6 ]
finish

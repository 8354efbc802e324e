#!/usr/bin/env bash
# Cores as crash pipelines keep them and hand them on: compressed, on descriptors, with attributes.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/expect.sh
unset PYCORE_PLUGINS PYCORE_TRACE

if ! make_core /usr/bin/python3 "$PWD/packaging/demo.py"; then
	skip 'no core can be made here'
	finish
fi
core=$dir/core
run bt "$core"
cp "$dir/out" "$dir/bt"
same() { exits 0 && cmp -s "$dir/bt" "$dir/out"; }

# --- compressed ---
# compress FORMAT: the core, to stdout; by Python where that has it, since it is here anyway.
compress() {
	case $1 in
	zstd) zstd -q -c "$core" ;;
	lz4) lz4 -q -c "$core" ;;
	*) python3 -c 'import sys, shutil, importlib
module = importlib.import_module(sys.argv[1])
with open(sys.argv[2], "rb") as core, module.open(sys.stdout.buffer, "wb", **eval(sys.argv[3])) as out:
	shutil.copyfileobj(core, out)' "$@" ;;
	esac
}
compress_all() {
	command -v zstd >/dev/null && compress zstd >"$dir/core.zstd"
	command -v lz4 >/dev/null && compress lz4 >"$dir/core.lz4"
	compress gzip "$core" '{"compresslevel": 1}' >"$dir/core.gzip"
	compress bz2 "$core" '{"compresslevel": 1}' >"$dir/core.bz2"
	compress lzma "$core" '{"preset": 0}' >"$dir/core.lzma"
}
compress_all
for format in zstd lz4 gzip bz2 lzma; do
	packed=$dir/core.$format
	if [ ! -s "$packed" ]; then
		skip "there is no $format"
		continue
	fi
	touch -r "$core" "$packed"
	run bt "$packed"
	check "$format" same
	mv "$packed" "$dir/name"
	run bt "$dir/name" /usr/bin/python3
	check "$format is known by content, not by name" same
	head -c $(($(stat -c %s "$dir/name") * 8 / 10)) "$dir/name" >"$dir/cut"
	run info "$dir/cut"
	check "$format, cut: what came is kept" exits 1
	check "$format, cut: it is said" grep -q 'compressed core breaks off' "$dir/out"
	mv "$dir/name" "$packed"
done


# --- descriptors ---
run_on() { timeout 60 "$PYCORE" "$@" >"$dir/out" 2>"$dir/err"; status=$?; out=$(<"$dir/out"); err=$(<"$dir/err"); }
run_on bt --core-fd 7 7<"$core"
check '--core-fd, a file' same
run_on bt --core-fd=7 7< <(cat "$core")
check '--core-fd, a pipe' out_has 'in print_label'
run_on bt - < <(cat "$dir/core.gzip")
check 'a compressed core in a pipe' out_has 'in print_label'
run_on bt --core-fd 0 <"$core"
check '--core-fd 0' same
run bt --core-fd 99
check 'a descriptor that is not open' fails_with 2 'not an open descriptor'
run bt --core-fd seven
check 'a descriptor that is none' fails_with 2 'not an open descriptor'
run_on bt --core-fd 7 a b 7<"$core"
check 'a descriptor and two names' fails_with 2 'given twice'

# --- bombs: a few KiB that promise more than anybody has ---
# zstd's frame of unknown size, each block one byte, 128 KiB times (RFC 8878, 3.1.1.2).
python3 - "$dir/zeros" "$dir/elf" <<'PY'
import struct, sys
def bomb(name, first, gib):
	with open(name, "wb") as out:
		out.write(b"\x28\xb5\x2f\xfd\x00\x58")
		if first:
			out.write(struct.pack("<I", len(first) << 3)[:3] + first)
		block = struct.pack("<I", (128 << 10) << 3 | 1 << 1)[:3] + b"\0"
		out.write(block * (8192 * gib))
bomb(sys.argv[1], b"", 1000)
ident = b"\x7fELF\2\1\1" + bytes(9)
bomb(sys.argv[2], ident + struct.pack("<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0), 70)
PY
run bt "$dir/zeros"
check 'a bomb of zeros' fails_with 3 'begins with zeros'
run bt --unpack-limit 1024 "$dir/elf"
check 'a bomb that looks like a core' fails_with 3 'more than 1024 MiB'
run bt --unpack-limit 0 "$dir/elf"
check 'no limit is no limit that can be asked for' exits 2
check 'nothing is left behind' [ -z "$(find /tmp /var/tmp "${TMPDIR:-/tmp}" -maxdepth 1 -name 'pycore-??????' 2>/dev/null)" ]

# --- in a sandbox ---
run bt --sandbox=require "$core"
if exits 3; then
	skip "no whole sandbox here: $err"
else
	check '--sandbox=require' same
	run bt --sandbox "$core" /usr/bin/python3
	check '--sandbox, with the executable' same
	run bt --sandbox=off "$core"
	check '--sandbox=off' same
	for packed in "$dir"/core.*; do
		run bt --sandbox=require "$packed"
		check "a sandbox unpacks ${packed##*.}" same
	done
	run_on bt --sandbox - < <(cat "$core")
	check 'a sandbox reads a pipe' out_has 'in print_label'
	run bt --sandbox "$dir/zeros"
	check 'an error from within is one line' fails_with 3 'begins with zeros'
	run bt --sandbox --unpack-limit 1024 "$dir/elf"
	check 'a bomb in a sandbox' fails_with 3 'more than 1024 MiB'
	run bt --sandbox "$dir/nowhere"
	check 'no such file, before the sandbox' fails_with 3 'no such file'
	run bt --sandbox --color=always "$core"
	check 'colours from a sandbox' grep -q $'\033\[' "$dir/out"
	run bt --sandbox --json --locals=full "$core"
	cp "$dir/out" "$dir/json"
	run bt --json --locals=full "$core"
	check 'the same document' cmp -s "$dir/json" "$dir/out"
	echo precious >"$dir/precious"
	ln -s precious "$dir/trap"
	run bt --sandbox -o "$dir/trap" "$core"
	check '--output from a sandbox' cmp -s "$dir/bt" "$dir/trap"
	check 'it follows no link' [ "$(cat "$dir/precious")" = precious ]
	check 'it is its owner'"'"'s alone' [ "$(stat -c %a "$dir/trap")" = 600 ]
	rm "$dir/trap"
	run bt --sandbox -o "$dir/made" "$dir/zeros"
	check 'no output where there is no report' [ ! -e "$dir/made" ]
	check 'nor the beginning of one' [ -z "$(find "$dir" -name 'made.*')" ]
	check 'killed at any moment: a whole output or none' \
		killed_at_any_moment "$dir/killed" "$PYCORE" bt --sandbox -o "$dir/killed" "$dir/core.gzip"
	check 'killed at any moment: no temporary file' [ -z "$(find "$dir" -name 'killed*')" ]
	run bt --sandbox -o "$core" "$core"
	check 'never over the core' fails_with 2 'is read here'
	[ -c /dev/full ] && run bt --sandbox -o /dev/full "$core" && check 'a full disk' fails_with 4 'No space'
	"$PYCORE" bt --sandbox --json --locals=full "$core" 2>"$dir/err" | true
	status=${PIPESTATUS[0]}
	check 'a reader that leaves is no fault' exits 0
	run slim --sandbox=require "$core" -o "$dir/small"
	check 'slim from a sandbox' exits 0
	run bt "$dir/small"
	check 'a slim core from a sandbox' same
	run list --sandbox=require
	check 'what reads no core needs none' fails_with 2 'reads no core'
	head -c $(($(stat -c %s "$core") / 2)) "$core" >"$dir/cut"
	run bt --sandbox "$dir/cut"
	check 'a damaged core in a sandbox' exits 1
fi

# --- attributes, as systemd-coredump sets them ---
if python3 - "$dir/core.gzip" <<'PY'
import os, sys
for name, value in dict(pid=b"4242", uid=b"1000", signal=b"11", timestamp=b"1790000000000000",
		hostname=b"web\x1b[31m", comm=b"python3", exe=b"/usr/bin/python3.11").items():
	os.setxattr(sys.argv[1], "user.coredump." + name, value)
PY
then
	run info "$dir/core.gzip"
	check 'attributes are shown' out_has '/usr/bin/python3.11, name python3, on web\x1b[31m'
	run info --json "$dir/core.gzip"
	check 'attributes in JSON' python3 -c 'import json, sys
stored = json.load(open(sys.argv[1]))["stored"]
assert (stored["pid"], stored["uid"], stored["signal"], stored["tid"]) == (4242, 1000, 11, None)
assert stored["time"].startswith("2026-09-21T") and stored["executable"] == "/usr/bin/python3.11"' "$dir/out"
else
	skip 'no user attributes on this file system'
fi
run info --json "$core"
check 'no attributes: null' out_has '"stored": null'

# --- notes that are missing, and what stands in for them ---
# without CORE TYPE...: the core, notes of these types made unknown.
without() {
	python3 - "$@" <<'PY'
import struct, sys
core = bytearray(open(sys.argv[1], "rb").read())
dropped = [int(word, 16) for word in sys.argv[2:]]
(table,), (count,) = struct.unpack_from("=Q", core, 32), struct.unpack_from("=H", core, 56)
for i in range(count):
	kind, _, at, _, _, size = struct.unpack_from("=IIQQQQ", core, table + 56 * i)
	end = at + size
	while kind == 4 and at + 12 <= end:
		owner, desc, note = struct.unpack_from("=III", core, at)
		if note in dropped:
			struct.pack_into("=I", core, at + 8, 0x7fffffff)
		at += 12 + (owner + 3 & ~3) + (desc + 3 & ~3)
sys.stdout.buffer.write(core)
PY
}
mv "$core" "$dir/kept"
cat >"$dir/told.py" <<'PY'
import ctypes, shutil
for name in "maps", "auxv":
	with open("/proc/self/" + name, "rb") as source, open(name, "wb") as copy:
		shutil.copyfileobj(source, copy)
ctypes.string_at(16)
PY
make_core /usr/bin/python3 "$dir/told.py"
nt_file=46494c45 nt_auxv=6
without "$core" $nt_file $nt_auxv >"$dir/mute"
without "$core" $nt_file >"$dir/unlisted"
given=(--maps "$dir/maps" --auxv "$dir/auxv")
run bt --native "$core"
cp "$dir/out" "$dir/told"
run bt --native "$dir/mute"
check 'without NT_FILE and NT_AUXV something is lost' [ "$(cmp -s "$dir/told" "$dir/out"; echo $?)" = 1 ]
run bt --native --quiet "$dir/mute" "${given[@]}"
check '--maps and --auxv: nothing is' cmp -s <(grep -v '^note: \|^$' "$dir/told") <(grep -v '^$' "$dir/out")
run bt --native --quiet --sandbox "$dir/mute" "${given[@]}"
check '--maps and --auxv in a sandbox' cmp -s <(grep -v '^note: \|^$' "$dir/told") <(grep -v '^$' "$dir/out")
run bt "$dir/unlisted" --maps "$dir/maps"
check '--maps: it is said' out_has 'lines of the list of mapped files are from'
run slim "$dir/mute" "${given[@]}" -o "$dir/told.slim"
run bt --native --quiet "$dir/told.slim"
check 'a slim core has them as notes' cmp -s <(grep -v '^note: \|^$' "$dir/told") <(grep -v '^$' "$dir/out")
sed 's/^[0-9a-f]*-[0-9a-f]* /1000-2000 /' "$dir/maps" >"$dir/others"
run bt --native "$core" --maps "$dir/others"
check 'the core itself comes first' cmp -s "$dir/told" "$dir/out"
run bt "$dir/unlisted" --maps "$dir/others"
check '--maps of another process' out_has 'not used'
run bt "$dir/unlisted" --maps "$dir/nowhere"
check 'no such --maps' fails_with 3 'no such file'
run bt "$dir/unlisted" --maps "$dir/maps" -o "$dir/maps"
check 'never over --maps' fails_with 2 'is read here'
run list --maps "$dir/maps"
check 'what reads no core takes no --maps' fails_with 2 'takes no core'
mkdir -p "$dir/abrt/var/spool/abrt/ccpp-1"
cp "$dir/unlisted" "$dir/abrt/var/spool/abrt/ccpp-1/coredump"
cp "$dir/maps" "$dir/abrt/var/spool/abrt/ccpp-1/maps"
run bt --sysroot "$dir/abrt" last
check "abrt's own maps" out_has "are from $dir/abrt/var/spool/abrt/ccpp-1/maps"
mv "$dir/kept" "$core"

# --- what crash handlers keep ---
root=$dir/root boot=0123456789abcdef0123456789abcdef
stored=$root/var/lib/systemd/coredump
mkdir -p "$stored" "$root/var/spool/abrt/ccpp-1"
run slim --compress=zstd "$core" -o "$stored/core.python3.1000.$boot.4242.1790000001000000.zst"
echo x >"$stored/core.sh.0.$boot.4243.1790000000000000"
run list --sysroot "$root"
check 'list: newest first' [ "$(awk '{ print $4 }' "$dir/out" | paste -sd' ')" = '4242 4243' ]
run list --python --json --sysroot "$root"
check 'list --python --json' python3 -c 'import json, sys
[core] = json.load(open(sys.argv[1]))["cores"]
assert (core["pid"], core["uid"], core["python"], core["state"]) == (4242, 1000, True, "present")' "$dir/out"
run list --count 1 --sysroot "$root"
check 'list --count' [ "$(wc -l <"$dir/out")" -eq 1 ]
for word in last 4242 python3; do
	run bt --sysroot "$root" "$word"
	check "bt $word" out_has 'in print_label'
done
run bt --sysroot "$root" 4243
check 'bt of one that is no core' exits 3
run bt --sysroot "$root" 4244
check 'bt of one that is not there' fails_with 3 'see pycore list'
run list --sysroot "$dir/stored"
check 'list of no such sysroot' exits 3
mkdir "$dir/bare"
run list --sysroot "$dir/bare"
check 'list of nothing' exits 0
# --- many ---
many=$dir/many
mkdir -p "$many/deeper" && cp "$core" "$many/one" && cp "$core" "$many/deeper/t\"wo" && echo none >"$many/none"
head -c 3000 "$core" >"$many/cut"
ln -s /etc/passwd "$many/link"
cat >"$dir/lines.py" <<'PY'
import json, sys
rows = {row["core"].rpartition("/")[2]: row for row in map(json.loads, open(sys.argv[1], encoding="utf-8"))}
assert sorted(rows) == sorted(sys.argv[2:]), sorted(rows)
for name, row in rows.items():
	good = name in ("one", 't"wo')
	assert row["exit"] == (0 if good else 3) and bool(row["error"]) != good, row
	assert not good or ("in print_label" in row["report"] and row["fingerprint"] == rows["one"]["fingerprint"])
PY
run batch --jobs 3 "$many"
check 'batch: bad cores stop nothing' exits 0
check 'batch: a line for each' python3 "$dir/lines.py" "$dir/out" one 't"wo' none cut
grep -v t.*wo "$dir/out" >"$dir/before"
printf '{"core": "%s/deeper/t' "$many" >>"$dir/before"
run batch --resume "$dir/before" "$many"
check 'batch --resume: only what is not there' [ "$(wc -l <"$dir/out")" -eq 1 ]
check 'batch --resume: what was cut, too' out_has wo
find "$many" -type f -name 'o*' >"$dir/names"
run batch "$dir/names"
check 'batch: a list of names' python3 "$dir/lines.py" "$dir/out" one
run batch "$core"
check 'batch: one core' [ "$(wc -l <"$dir/out")" -eq 1 ]
run batch --group "$many"
check 'batch --group' [ "$(awk '$1 ~ /^[0-9]+$/ { print $1 }' "$dir/out" | paste -sd' ')" = '2 2' ]
check 'batch --group counts what has no report' out_has 'of 2 files no report could be made'
run batch --group --json "$many"
check 'batch --group --json' python3 -c 'import json, sys
document = json.load(open(sys.argv[1]))
assert sorted(g["count"] for g in document["groups"]) == [2, 2] and len(document["cores"]) == 4' "$dir/out"
mkfifo "$dir/never"
echo "$dir/never" >"$dir/names"
run batch --timeout 1 "$dir/names"
check 'batch: a pipe is no core' out_has 'not a regular file'
run batch "$dir/nowhere"
check 'batch of nothing' fails_with 3 'no such file'
run batch
check 'batch without a word' fails_with 2 'which cores?'
mkdir "$dir/lot" && for i in {1..200}; do ln "$core" "$dir/lot/$i"; done
"$PYCORE" batch "$dir/lot" >"$dir/out" 2>"$dir/err" &
pid=$!
sleep 0.3
kill -TERM $pid
wait $pid
status=$?
check 'batch, interrupted: exit code 1' exits 1
check 'batch, interrupted: it is said' err_has '--resume'
check 'batch, interrupted: whole lines' python3 -c 'import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert len(lines) < 200 and all(line["fingerprint"] for line in lines)' "$dir/out"

# --- a hook's memory: of a core of 100 MiB, less than 64 ---
cat >"$dir/large.py" <<'PY'
import ctypes, os
buffers = [bytearray(os.urandom(5 << 18)) for _ in range(64)]
objects = [{"item %d" % i: [i, str(i)]} for i in range(60000)]
ctypes.string_at(16)
PY
# small COMMAND...: it succeeds, and neither it nor what it starts was ever larger.
small() {
	timeout 60 python3 - "$@" >"$dir/out" 2>"$dir/err" <<'PY'
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
sys.exit(mib >= 64 and "%d MiB" % mib)
PY
	status=$? err=$(<"$dir/err")
	[ $status = 0 ]
}
mv "$core" "$dir/kept"
make_core /usr/bin/python3 "$dir/large.py"
check 'that is a large core' [ "$(stat -c %s "$core")" -gt $((100 << 20)) ]
check 'a report of a large core takes little memory' small "$PYCORE" report "$core"
check 'so it does without a sandbox' small "$PYCORE" report --sandbox=off "$core"
if command -v zstd >/dev/null; then
	zstd -q -1 "$core" -o "$dir/large"
	check 'and of a packed one' small "$PYCORE" report "$dir/large"
	rm "$dir/large"
fi
mv "$dir/kept" "$core"

run list "$core"
check 'list takes no core' fails_with 2 'takes no core'
cd "$stored" && echo x >4242 && run bt --sysroot "$root" 4242
check 'a file of that name comes first' fails_with 3 '4242: is not an ELF file'
cd "$OLDPWD" || exit 1
finish

#!/usr/bin/env bash
# The examples of docs/batches.md, as they stand there.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/expect.sh
unset PYCORE_PLUGINS PYCORE_TRACE
root=$PWD

# block NAME: the fenced lines behind <!-- NAME -->.
block() { awk -v name="<!-- $1 -->" '$0 == name { found = 1; next } found && /^```/ { if (inside) exit; inside = 1; next } inside' docs/batches.md; }
mkdir -p "$dir/bin" "$dir/work/cores/deeper"
ln -s "$PYCORE" "$dir/bin/pycore"
export PATH=$dir/bin:$PATH
# Three crashes, one of them twice; and what is no core.
for name in 3.11-values 3.12-calls 3.8-values3; do
	cp "fixtures/cores/$name.core.zst" "$dir/work/cores/$name"
done
cp fixtures/cores/3.12-calls.core.zst "$dir/work/cores/deeper/again"
echo none >"$dir/work/cores/none"
for name in parallel slurm kubernetes python sqlite3 duckdb psql; do
	block $name >"$dir/$name"
	check "docs/batches.md has $name" [ -s "$dir/$name" ]
done
cd "$dir/work" || exit 1

example() { timeout 120 bash -e "$dir/$1" >"$dir/out" 2>"$dir/err"; status=$?; out=$(<"$dir/out") err=$(<"$dir/err"); }
# The three crashes, with one twice, and a line for what is no core.
whole() {
	python3 -c 'import collections, json, sys
rows = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
assert sorted(r["core"] for r in rows) == ["cores/3.11-values", "cores/3.12-calls", "cores/3.8-values3", "cores/deeper/again", "cores/none"], rows
counts = collections.Counter(r["fingerprint"] for r in rows)
assert sorted(counts.values()) == [1, 1, 1, 2] and counts[None] == 1, counts' "$1"
}
run batch cores
check 'batch' whole "$dir/out"
cp "$dir/out" reports.ndjson
run batch --group cores
check 'batch --group' [ "$(awk '$1 ~ /^[0-9]+$/ { print $1 }' "$dir/out" | head -n 1)" = 2 ]
check 'batch --group tells the rate' out_has ' a second'

# On a terminal it tells how far it is; nowhere else.
mkdir lot
for i in {1..200}; do ln cores/3.12-calls lot/$i; done
cat >"$dir/terminal.py" <<'PY'
import os, pty, subprocess, sys
parent, child = pty.openpty()
batch = subprocess.Popen(sys.argv[2:], stdout=open(sys.argv[1], "wb"), stderr=child, stdin=subprocess.DEVNULL)
os.close(child)
shown = b""
while True:
	try:
		some = os.read(parent, 4096)
	except OSError:
		break
	shown += some
	if not some:
		break
batch.wait()
sys.stdout.write(shown.decode())
PY
if python3 -c 'import pty; pty.openpty()' 2>"$dir/err"; then
	timeout 120 python3 "$dir/terminal.py" "$dir/lines" "$PYCORE" batch -j 1 lot >"$dir/out" 2>"$dir/err"
	check 'progress on a terminal' grep -qE 'batch: [0-9]+ of 200 cores, [0-9]+ a second, 0 without a report' "$dir/out"
	check 'which is gone in the end' [ "$(tail -c 3 "$dir/out")" = $'\033[K' ]
	check 'and not among the lines' [ "$(grep -c '^{"core"' "$dir/lines"):$(wc -l <"$dir/lines")" = 200:200 ]
else
	skip "no terminal can be made here: $(tail -n 1 "$dir/err")"
fi
run batch lot
check 'no progress elsewhere' [ -z "$err" ]
rm -r lot

if command -v parallel >/dev/null && parallel --version 2>/dev/null | grep -q GNU; then
	mkdir parallel && cd parallel && cp -r ../cores cores || exit 1
	PARALLEL_HOME=$dir/work HOME=$dir/work example parallel
	check 'GNU parallel' whole reports.ndjson
	cd ..
else
	skip 'there is no GNU parallel'
fi

rm -f reports.*.ndjson
for part in 0 1; do
	SLURM_ARRAY_TASK_ID=$part SLURM_ARRAY_TASK_COUNT=2 SLURM_CPUS_PER_TASK=2 example slurm
	check "the Slurm script, part $part" exits 0
done
cat reports.[01].ndjson >all.ndjson
check 'a Slurm array does every core once' whole all.ndjson
SLURM_ARRAY_TASK_ID=0 SLURM_ARRAY_TASK_COUNT=2 example slurm
check 'and a part again does none again' [ "$(cat reports.[01].ndjson | wc -l)" -eq 5 ]

# The command of the container: what stands behind its "- |".
rm -f reports.[01].ndjson
awk 'found { print } /^ +- \|$/ { found = 1 } /volumeMounts/ { found = 0 }' "$dir/kubernetes" | grep -v volumeMounts >"$dir/pod"
for part in 0 1; do
	JOB_COMPLETION_INDEX=$part PARTS=2 timeout 60 sh -e "$dir/pod" >"$dir/out" 2>"$dir/err"
done
cat reports.[01].ndjson >all.ndjson
check 'an indexed Kubernetes Job does every core once' whole all.ndjson
if python3 -c 'import yaml' 2>/dev/null; then
	check 'the Job is YAML' python3 -c 'import sys, yaml
job = yaml.safe_load(open(sys.argv[1]))
[pod] = job["spec"]["template"]["spec"]["containers"]
assert job["spec"]["completionMode"] == "Indexed" and pod["command"][:2] == ["sh", "-c"]
assert open(sys.argv[2]).read().split() == pod["command"][2].split()' "$dir/kubernetes" "$dir/pod"
else
	skip 'there is no yaml module to read the Job with'
fi

cp all.ndjson reports.ndjson
example python
check 'into SQLite by Python' python3 -c 'import sqlite3
assert sqlite3.connect("reports.db").execute("SELECT count(*), count(DISTINCT fingerprint) FROM reports").fetchone() == (5, 3)'
if command -v sqlite3 >/dev/null; then
	example sqlite3
	check 'into SQLite by its shell' [ "$(sed -n '1s/|.*//p' "$dir/out"):$(wc -l <"$dir/out")" = 2:4 ]
else
	skip 'there is no sqlite3'
fi
if command -v duckdb >/dev/null; then
	example duckdb
	check 'DuckDB' grep -q '2.*SIG' "$dir/out"
else
	skip 'there is no duckdb'
fi
if psql -At -c 'SELECT 1' >/dev/null 2>&1; then
	psql -q -c 'DROP TABLE IF EXISTS reports' 2>/dev/null
	example psql
	check 'PostgreSQL' grep -qE '^ +2 \| [0-9a-f]{32}' "$dir/out"
else
	skip 'no PostgreSQL answers here'
fi
cd "$root" || exit 1
finish

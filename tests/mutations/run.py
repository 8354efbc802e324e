#!/usr/bin/env python3
"""Thousands of damaged copies of each committed core: no crash, no hang.

    make check-mutations                       as make check does
    make check-mutations COPIES=100000         that many, however long it takes
    SECONDS=3600 JOBS=1 tests/mutations/run.py -k 3.12    longer, and only some

Most run under AddressSanitizer and UBSan, inside tests/mutations/mutate.c;
some run through pycore as it is built for use, with its memory limited and
its JSON read.  SEED=7 gives other copies.  Ends with
"N passed, N failed, N skipped".
"""
import argparse
import concurrent.futures
import glob
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
# What was freed stays with AddressSanitizer for a while; 256 MiB of it, unless
# told otherwise, which would be taken for memory of ours.
SANITIZERS = {
    "ASAN_OPTIONS": "exitcode=99:detect_leaks=0:allocator_may_return_null=1:"
                    "quarantine_size_mb=64",
    "UBSAN_OPTIONS": "print_stacktrace=1"}
MEMORY = 256 << 20
TOLD = re.compile(r"(\d+) copies: (\d+) whole answers, (\d+) with losses, "
                  r"(\d+) refusals, (\d+) failures; slowest ([\d.]+) s, "
                  r"most memory (\d+) MiB")
CUTS = [1, 40, 64, 4095, 4096, 8192]


def unpack(core, directory):
    """The core, not compressed."""
    path = os.path.join(directory, os.path.basename(core)[:-len(".zst")])
    subprocess.run(["zstd", "-q", "-d", "-f", core, "-o", path], check=True)
    return path


def sanitized(mutate, core, copies, seconds, seed, directory):
    """(lines that fail, what mutate says at the end)"""
    scratch = core + ".scratch"
    os.mkdir(scratch)
    result = subprocess.run(
        [mutate, "-n", str(copies), "-t", str(seconds), "-s", str(seed), "-o",
         os.environ.get("KEEP", directory), "-w", scratch, core],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=dict(os.environ, **SANITIZERS))
    lines = result.stdout.decode("utf-8", "replace").splitlines()
    if result.returncode == 0:
        return [], lines[-1]
    return lines, lines[-1] if lines else ""


def total(told):
    """What the runs of mutate say, in one line."""
    found = [match.groups() for match in map(TOLD.fullmatch, told) if match]
    if not found:
        return "no copy was tried"
    columns = list(zip(*found))
    sums = [sum(map(int, column)) for column in columns[:5]]
    return ("%d copies in all: %d whole answers, %d with losses, "
            "%d refusals, %d failures; slowest %.2f s, most memory %d MiB"
            % (*sums, max(map(float, columns[5])), max(map(int, columns[6]))))


def limit_memory():
    """In the child."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def plain_run(pycore, path, command):
    """None, or what is wrong with one run of the ordinary build."""
    try:
        result = subprocess.run(
            [pycore, *command, path], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=60,
            preexec_fn=limit_memory)
    except subprocess.TimeoutExpired:
        return "no end after 60 s"
    if result.returncode not in (0, 1, 3):
        return "exit code %d: %s" % (result.returncode, result.stderr[:200])
    if result.returncode == 3:
        if result.stderr.count(b"\n") != 1 or result.stdout:
            return "not one line on stderr: %r" % result.stderr[:200]
        return None
    try:
        document = json.loads(result.stdout.decode("utf-8"))
    except ValueError as error:
        return "JSON: %s" % error
    if result.returncode == 1 and not document["notes"]:
        return "exit code 1, but no note says why"
    return None


def damaged(data, chance):
    """A copy with some words changed, or cut short."""
    kind = chance.randrange(3)
    if kind == 0:
        return data[:chance.randrange(len(data))]
    copy = bytearray(data)
    for _ in range(chance.randrange(1, 40)):
        at = chance.randrange(len(data) // 8 - 1) * 8
        other = chance.randrange(len(data) // 8 - 1) * 8
        copy[at:at + 8] = data[other:other + 8] if chance.randrange(2) else \
            chance.randbytes(8)
    return bytes(copy)


def plain(pycore, core, copies, seed, directory):
    """Runs of the ordinary build; what failed."""
    with open(core, "rb") as stream:
        data = stream.read()
    chance = random.Random(seed)
    path = core + ".copy"
    failed = []
    empty = os.path.join(directory, "empty")
    commands = [["bt", "--json", "--locals", "--sysroot", empty],
                ["info", "--json", "--sysroot", empty],
                ["report", "--json", "--sysroot", empty]]
    bodies = [data[:cut] for cut in CUTS]
    bodies += [damaged(data, chance) for _ in range(copies)]
    for number, body in enumerate(bodies):
        with open(path, "wb") as out:
            out.write(body)
        for command in commands:
            wrong = plain_run(pycore, path, command)
            if wrong:
                failed.append("copy %d, %s: %s" % (number, command[0], wrong))
    return failed, "%d copies" % len(bodies)


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-k", default="", help="only names that contain it")
    options = parser.parse_args()
    pycore = os.environ.get("PYCORE", os.path.join(ROOT, "pycore"))
    mutate = os.path.join(os.environ.get(
        "SANITIZED", os.path.join(ROOT, "build-san")), "mutate")
    seed = int(os.environ.get("SEED", "1"))
    cores = [c for c in sorted(glob.glob(os.path.join(
        ROOT, "fixtures", "cores", "*.core.zst"))) if options.k in c]
    jobs = int(os.environ.get("JOBS", "0")) or os.cpu_count()
    seconds = int(os.environ.get("SECONDS", "135"))
    each = max(1, seconds * jobs // (len(cores) or 1))
    copies = 1000000
    if os.environ.get("COPIES"):
        each = int("SECONDS" in os.environ and each)
        copies = -(-int(os.environ["COPIES"]) // (len(cores) or 1))
    passed = failed = 0
    all_told = []
    if not cores:
        print("SKIP no cores in fixtures/cores")
    start = time.time()
    with tempfile.TemporaryDirectory() as directory, \
            concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        os.mkdir(os.path.join(directory, "empty"))
        pending = []
        for core in cores:
            path = unpack(core, directory)
            name = os.path.basename(path)
            pending.append((name + ", sanitized", pool.submit(
                sanitized, os.path.abspath(mutate), path, copies, each, seed,
                directory)))
            pending.append((name + ", as built", pool.submit(
                plain, os.path.abspath(pycore), path, 20, seed, directory)))
        for name, future in pending:
            lines, told = future.result()
            all_told.append(told)
            if lines:
                failed += 1
                print("FAIL " + name)
                print("\n".join("     " + line for line in lines[:60]))
            else:
                passed += 1
                print("%s: %s" % (name, told), flush=True)
    print("%s; %.0f s" % (total(all_told), time.time() - start))
    print("%d passed, %d failed, %d skipped" % (passed, failed, not cores))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Golden tests: what pycore says of the committed cores, to the letter.

    tests/golden/run.py            compare
    tests/golden/run.py update     write down what it says now
    tests/golden/run.py -k 3.12    only some

fixtures/cores/NAME.core.zst is read alone: an empty sysroot, no file of this
machine.  What is expected lies here: NAME.txt and NAME.json, `bt --locals`,
of those with all of their heap also what heap, gc and object say, and of
crashes what crash, whatis and bt --native do.
Ends with "N passed, N failed, N skipped".
"""
import argparse
import difflib
import glob
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CORES = os.path.join(ROOT, "fixtures", "cores")
FORMS = (("txt", ["bt", "--locals"]), ("json", ["bt", "--locals", "--json"]))
# Of those with all of their heap. The last word is what is asked about.
HEAP_FORMS = (
    ("heap.txt", ["heap", "--summarize"]), ("heap.json", ["heap", "--json"]),
    ("gc.txt", ["gc"]), ("gc.json", ["gc", "--json"]),
    ("why.txt", ["object", "--why", "--referrers", "-",
                 "sys.modules['__main__'].CACHE['session 7'].data"]),
    ("why.json", ["object", "--why", "--json", "-",
                  "sys.modules['__main__'].TEXTS[4].right"]))
# Of those that died in a way of fixtures/crashes.
CRASH_FORMS = (("crash.txt", ["crash"]), ("crash.json", ["crash", "--json"]),
               ("native.txt", ["bt", "--native=all"]),
               ("whatis.json", ["whatis", "--json", "-", "REGISTERS"]))


def registers(pycore, core, empty):
    """Their values."""
    document = json.loads(output(pycore, core, ["crash", "--json"], empty)[1])
    return [one["value"] for one in document["registers"]]


def output(pycore, core, words, empty):
    """(exit code, text) of one run."""
    words, subject = (words[:-2], words[-1:]) if "-" in words else (words, [])
    if subject == ["REGISTERS"]:
        subject = registers(pycore, core, empty)
    result = subprocess.run(
        [pycore, *words, "--sysroot", empty, os.path.basename(core), *subject],
        cwd=CORES, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL, timeout=120,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"})
    text = result.stdout.decode("utf-8", "replace")
    return result.returncode, text, result.stderr.decode("utf-8", "replace")


def compare(path, text):
    """Lines of a difference; none when all is as written down."""
    if not os.path.exists(path):
        return [os.path.basename(path) + " is missing; run update"]
    with open(path, encoding="utf-8") as stream:
        wanted = stream.read()
    if wanted == text:
        return []
    return list(difflib.unified_diff(
        wanted.splitlines(), text.splitlines(), "expected", "got",
        lineterm="", n=1))[:20]


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("mode", nargs="?", choices=["check", "update"],
                        default="check")
    parser.add_argument("-k", default="", help="only names that contain it")
    parser.add_argument("--pycore", default=os.environ.get(
        "PYCORE", os.path.join(ROOT, "pycore")))
    options = parser.parse_args()
    pycore = os.path.abspath(options.pycore)
    passed = failed = skipped = 0
    cores = sorted(glob.glob(os.path.join(CORES, "*.core.zst")))
    with tempfile.TemporaryDirectory() as empty:
        for core in cores:
            name = os.path.basename(core)[:-len(".core.zst")]
            if options.k not in name:
                continue
            more = HEAP_FORMS if name.endswith("-heap") else \
                CRASH_FORMS if name.startswith("crash-") else ()
            for suffix, arguments in FORMS + more:
                path = os.path.join(HERE, "%s.%s" % (name, suffix))
                code, text, err = output(pycore, core, arguments, empty)
                if options.mode == "update" and code == 0:
                    with open(path, "w", encoding="utf-8") as stream:
                        stream.write(text)
                found = compare(path, text)
                if code != 0:
                    found.insert(0, "exit code %d: %s" % (code, err[:300]))
                if found:
                    failed += 1
                    print("FAIL %s.%s" % (name, suffix))
                    print("\n".join("     " + line[:300] for line in found))
                else:
                    passed += 1
    if not cores:
        skipped = 1
        print("SKIP no cores in " + CORES)
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""C frames of fresh cores, from every CPython here.

    tests/native/run.py              everything
    tests/native/run.py -p 3.12 -v   one interpreter

The C stacks must be those that elfutils' eu-stack finds in the same core,
address by address.  Among them the Python frames must
stand where the evaluation loop ran them: each frame that C entered right
behind a loop, each other one behind the frame that called it.

Ends with "N passed, N failed, N skipped".
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests", "live"),
                os.path.join(ROOT, "fixtures")]

import interpreters     # noqa: E402
import make_core        # noqa: E402
import pycorerun        # noqa: E402

PROGRAMS = ("callbacks.py", "generators.py", "threads.py")
ALIASES = {"raise": "gsignal", "__restore_rt": "<signal handler called>"}
SUFFIX = re.compile(r"(@.*|\.(lto_priv|constprop|part|isra|cold|llvm)\b.*)$")


def plain(name):
    """A function's name without what compilers and linkers add."""
    name = SUFFIX.sub("", name or "")
    name = name[5:] if name.startswith("__GI_") else name
    return ALIASES.get(name, name)


def loops(version):
    """What the evaluation loop is called."""
    if version[0] == 2:
        return re.compile(r"^PyEval_EvalFrameEx(\.|$)")
    return re.compile(r"^(_PyEval_EvalFrameDefault(\.|$)|_TAIL_CALL_)")


def check_merge(document, version):
    """Each Python frame where the evaluation loop ran it."""
    found, loop, entries = [], loops(version), 0
    for thread in document["threads"]:
        older = {"kind": "none", "name": None}
        for frame in thread["frames"] + [{"kind": "none"}]:
            is_loop = older["kind"] == "native" and \
                bool(older["name"] and loop.match(older["name"]))
            what = "thread %s: %s after %s" % (
                thread["tid"], frame.get("name"), older["name"])
            if frame["kind"] == "python" and frame["entry"]:
                entries += 1
                # a stripped interpreter has no names for its moved parts
                if not is_loop and (older["kind"] != "native" or
                                    older["name"]):
                    found.append(what + ", which is no loop")
            elif frame["kind"] == "python" and older["kind"] != "python":
                found.append(what + ", which did not call it")
            elif is_loop and frame["kind"] != "python":
                found.append(what + ": a loop without a frame")
            older = frame
        if thread["native_end"]:
            found.append("thread %s: %s" % (thread["tid"],
                                            thread["native_end"]))
    found += [note["text"] for note in document["notes"]
              if "C frame" in note["text"]]
    return found or ([] if entries else ["no entry at all"])


def stacks(document):
    """{tid: [(address, name)]}, innermost first."""
    return {thread["tid"]: [(int(frame["address"], 16), frame["name"])
                            for frame in reversed(thread["frames"])
                            if frame["kind"] == "native"]
            for thread in document["threads"] + document["native_threads"]}


def eu_stack(core, executable):
    """The same from elfutils."""
    result = subprocess.run(["eu-stack", "--core", core, "-e", executable],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    found, tid = {}, None
    for line in result.stdout.decode("utf-8", "replace").splitlines():
        head = re.match(r"TID (\d+):", line)
        frame = re.match(r"#\d+ +0x([0-9a-f]+)(?: - 1)?(?: +(\S+))?", line)
        if head:
            tid = int(head.group(1))
            found[tid] = []
        elif frame and tid:
            found[tid].append((int(frame.group(1), 16), frame.group(2)))
    return found


def compare(mine, theirs):
    """The same addresses, and names where both have one."""
    found = []
    for tid, wanted in theirs.items():
        got = mine.get(tid, [])
        if [a for a, _ in got] != [a for a, _ in wanted]:
            at = next((i for i, (a, b) in enumerate(zip(got, wanted))
                       if a[0] != b[0]), min(len(got), len(wanted)))
            found.append("thread %d: frame %d is %s, expected %s" % (
                tid, at, got[at:at + 1], wanted[at:at + 1]))
            continue
        found += ["thread %d: 0x%x is %s, expected %s" % (tid, a, m, w)
                  for (a, m), (_, w) in zip(got, wanted)
                  if m and w and plain(m) != plain(w)]
    return found or ([] if theirs else ["the other tool shows nothing"])


def check_core(pycore, interpreter, core, directory):
    """List of (what, differences) for one core."""
    options = interpreter.pycore_options(directory)
    result = pycorerun.run(pycore, "bt", "--native=all", "--json", *options,
                           core)
    document = result.json()
    checks = [("exit code", [] if result.code == 0 else [result.code]),
              ("merge", check_merge(document, interpreter.version))]
    if not interpreter.sysroot and shutil.which("eu-stack"):
        checks.append(("eu-stack", compare(
            stacks(document), eu_stack(core, interpreter.executable))))
    return checks


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-p", "--python", action="append")
    parser.add_argument("-k", default="", help="only programs like this")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    pycore = os.path.abspath(os.environ.get("PYCORE",
                                            os.path.join(ROOT, "pycore")))
    passed = failed = skipped = 0
    for interpreter in interpreters.discover(options.python or ("",)):
        for program in PROGRAMS:
            if options.k not in program or interpreter.emulated:
                continue
            name = "%s %s" % (interpreter.name, program)
            directory = tempfile.mkdtemp(prefix="pycore-native-")
            try:
                core = make_core.make_core(interpreter.command, program,
                                           directory, seconds=120)[0]
                checks = check_core(pycore, interpreter, core, directory)
            except make_core.NoCore as error:
                print("SKIP %s: %s" % (name, error))
                skipped += 1
                continue
            finally:
                shutil.rmtree(directory, ignore_errors=True)
            for what, differences in checks:
                passed += not differences
                failed += bool(differences)
                if differences or options.verbose:
                    print("%s %s: %s" % ("FAIL" if differences else "ok  ",
                                         name, what))
                for line in differences[:8]:
                    print("     %s" % (line,))
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""C frames and crashes: fresh cores from every CPython here.

    tests/native/run.py              everything
    tests/native/run.py -p 3.12 -v   one interpreter
    tests/native/run.py -a           every way to crash with each of them

The C stacks must be those that elfutils' eu-stack and gdb find in the same
core, address by address.  Among them the Python frames must
stand where the evaluation loop ran them: each frame that C entered right
behind a loop, each other one behind the frame that called it.

Then each way to crash of fixtures/crashes must get its verdict: all of them
with one interpreter, the telling ones with all others; `pycore whatis` must
say of addresses what the process knew of them; and `pycore modules` must list
what sys.modules held.

Ends with "N passed, N failed, N skipped".
"""
import argparse
import functools
import json
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

import crashes          # noqa: E402
import interpreters     # noqa: E402
import make_core        # noqa: E402
import pycorerun        # noqa: E402

PROGRAMS = ("callbacks.py", "generators.py", "threads.py")
ALIASES = {"raise": "gsignal", "restore_rt": "<signal handler called>"}
SUFFIX = re.compile(r"(@.*|\.(lto_priv|constprop|part|isra|cold|llvm)\b.*)$")


def plain(name):
    """A function's name without what compilers and linkers add."""
    name = SUFFIX.sub("", name or "")
    for prefix in ("__GI_", "__libc_"):
        name = name[len(prefix):] if name.startswith(prefix) else name
    return ALIASES.get(name.lstrip("_"), name.lstrip("_"))


def loops(version):
    """What the evaluation loop is called."""
    if version[0] == 2:
        return re.compile(r"^PyEval_EvalFrameEx(\.|$)")
    return re.compile(r"^(_PyEval_EvalFrameDefault(\.|$)|_TAIL_CALL_)")


@functools.lru_cache(maxsize=None)
def values_of_names(module):
    """{name: {address}} of the symbol tables that a module has here."""
    found = {}
    notes = readelf("-n", module)
    build_id = re.search(r"Build ID: (..)(\w+)", notes)
    files = [module]
    if build_id:
        files.append("/usr/lib/debug/.build-id/%s/%s.debug" %
                     build_id.groups())
    for line in "\n".join(readelf("-Ws", file) for file in files).splitlines():
        symbol = re.match(r" *\d+: ([0-9a-f]+) .* (\S+)$", line)
        if symbol:
            name = symbol.group(2).split("@")[0]
            found.setdefault(name, set()).add(symbol.group(1))
    return found


def readelf(option, path):
    """What readelf prints of a file, if there is one."""
    return subprocess.run(["readelf", option, path], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout.decode(
                              "utf-8", "replace")


def same_function(one, other, module):
    """One name, or two names for one address (glibc's memcpy and memmove)?"""
    if plain(one) == plain(other):
        return True
    values = values_of_names(module) if module else {}
    return bool(values.get(one, set()) & values.get(other, set()))


def check_merge(document, version):
    """Each Python frame where the evaluation loop ran it."""
    found, loop, entries = [], loops(version), 0
    for thread in document["threads"]:
        older = {"kind": "none", "name": None}
        for frame in [frame for frame in thread["frames"]
                      if not frame["inlined"]] + [{"kind": "none"}]:
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
    """{tid: [(address, name, module)]}, innermost first."""
    return {thread["tid"]: [(int(frame["address"], 16), frame["name"],
                             frame["module"])
                            for frame in reversed(thread["frames"])
                            if frame["kind"] == "native" and
                            not frame["inlined"]]
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
        if [frame[0] for frame in got] != [a for a, _ in wanted]:
            at = next((i for i, (a, b) in enumerate(zip(got, wanted))
                       if a[0] != b[0]), min(len(got), len(wanted)))
            found.append("thread %d: frame %d is %s, expected %s" % (
                tid, at, got[at:at + 1], wanted[at:at + 1]))
            continue
        found += ["thread %d: 0x%x is %s, expected %s" % (tid, a, m, w)
                  for (a, m, module), (_, w) in zip(got, wanted)
                  if m and w and not same_function(m, w, module)]
    return found or ([] if theirs else ["the other tool shows nothing"])


GDB = """
import gdb
for thread in gdb.selected_inferior().threads():
    thread.switch()
    frame = gdb.newest_frame()
    while frame is not None and frame.is_valid():
        if frame.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
            print("FRAME", thread.ptid[1], hex(frame.pc()), frame.name())
        frame = frame.older()
"""


def gdb_stacks(core, executable):
    """The same from gdb; None: there is none, or it knows no Python."""
    if not shutil.which("gdb"):
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".py") as script:
        script.write(GDB)
        script.flush()
        result = subprocess.run(
            ["gdb", "-nx", "-batch", "-iex", "set auto-load off",
             "-iex", "set backtrace past-main on", executable,
             "-ex", "core " + core, "-x", script.name],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={"PATH": "/usr/bin:/bin", "HOME": "/"}, timeout=300)
    found = {}
    for line in result.stdout.decode("utf-8", "replace").splitlines():
        if line.startswith("FRAME "):
            _, tid, pc, name = line.split(" ", 3)
            found.setdefault(int(tid), []).append((int(pc, 16), name))
    return found or None


def check_gdb(tally, pycore, name, core, interpreter):
    """The same functions in the same order: by address, and by name where
    gdb's is one that linkers know (it prefers those of the source)."""
    wanted = gdb_stacks(core, interpreter.executable)
    if wanted is None:
        tally.skip(name + ": gdb", "not installed, or without Python")
        return
    known = {}
    mine = stacks(pycorerun.run(pycore, "bt", "--native=all", "--json",
                                core).json())
    for tid, frames in wanted.items():
        # where a thread begins is a matter of taste: gdb may stop earlier
        mine[tid] = mine.get(tid, [])[:len(frames)]
        modules = {a: module for a, _, module in mine.get(tid, [])}
        known[tid] = [
            (a, n if n in (values_of_names(modules[a])
                           if modules.get(a) else {}) else None)
            for a, n in frames]
    tally.add(name, [("gdb", compare(mine, known))])


def check_core(pycore, interpreter, core, directory):
    """List of (what, differences) for one core."""
    options = interpreter.pycore_options(directory)
    result = pycorerun.run(pycore, "bt", "--native=all", "--json", *options,
                           core)
    document = result.json()
    checks = [("exit code", [] if result.code == 0 else [result.code]),
              ("merge", check_merge(document, interpreter.version))]
    if not interpreter.sysroot:
        checks.append(("eu-stack", compare(
            stacks(document), eu_stack(core, interpreter.executable))))
    return checks


class Tally:
    """Counts, and prints what failed."""

    def __init__(self, verbose):
        self.verbose = verbose
        self.passed = self.failed = self.skipped = 0

    def add(self, name, checks):
        """checks: list of (what, differences)."""
        for what, differences in checks:
            self.passed += not differences
            self.failed += bool(differences)
            if differences or self.verbose:
                print("%s %s: %s" % ("FAIL" if differences else "ok  ", name,
                                     what), flush=True)
            for line in differences[:8]:
                print("     %s" % (line,))

    def skip(self, name, why):
        """Not possible here."""
        print("SKIP %s: %s" % (name, why), flush=True)
        self.skipped += 1


def run_stacks(tally, pycore, interpreter, options, every):
    """The C stacks of one interpreter."""
    for program in PROGRAMS:
        if options.k not in program:
            continue
        name = "%s %s" % (interpreter.name, program)
        directory = tempfile.mkdtemp(prefix="pycore-native-")
        try:
            core = make_core.make_core(interpreter.command, program,
                                       directory, seconds=120)[0]
            tally.add(name, check_core(pycore, interpreter, core, directory))
            if every and program == "threads.py" and not interpreter.sysroot:
                check_gdb(tally, pycore, name, core, interpreter)
        except make_core.NoCore as error:
            tally.skip(name, error)
        finally:
            shutil.rmtree(directory, ignore_errors=True)


def run_modules(tally, pycore, interpreter):
    """sys.modules of one interpreter, compared with what it wrote down."""
    name = interpreter.name + " modules"
    directory = tempfile.mkdtemp(prefix="pycore-modules-")
    try:
        core, truth = make_core.make_core(interpreter.command, "modules.py",
                                          directory, seconds=120)
        with open(truth) as stream:
            wanted = json.load(stream)
        options = interpreter.pycore_options(directory)
        document = pycorerun.run(pycore, "modules", "--json", *options,
                                 core).json()
        got = {module["name"]: [module["version"], module["file"]]
               for module in document["python_modules"]}
        tally.add(name, [("sys.modules", [
            "%s: %s, expected %s" % (key, got.get(key), wanted.get(key))
            for key in sorted(set(got) | set(wanted))
            if got.get(key) != wanted.get(key)])])
    except make_core.NoCore as error:
        tally.skip(name, error)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-p", "--python", action="append")
    parser.add_argument("-k", default="", help="only programs or crashes")
    parser.add_argument("-a", "--all", action="store_true")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    pycore = os.path.abspath(os.environ.get("PYCORE",
                                            os.path.join(ROOT, "pycore")))
    tally = Tally(options.verbose)
    here = [one for one in interpreters.discover(options.python or ("",))
            if not one.emulated]
    with tempfile.TemporaryDirectory(prefix="pycore-native-") as directory:
        libraries = crashes.Libraries(directory)
        can_crash = libraries.c and make_core.kernel_writes_cores()
        if not can_crash:
            tally.skip("crashes", "no C compiler, or no cores of the kernel")
        elif not libraries.cpp:
            tally.skip("crashes in C++", "no C++ compiler")
        for number, interpreter in enumerate(here):
            every = options.all or number == 0
            run_stacks(tally, pycore, interpreter, options, every)
            if options.k in "modules":
                run_modules(tally, pycore, interpreter)
            if can_crash and interpreter.facts["ctypes"]:
                crashes.run(tally, pycore, interpreter, libraries, options.k,
                            every)
    print("%d passed, %d failed, %d skipped" % (tally.passed, tally.failed,
                                                tally.skipped))
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())

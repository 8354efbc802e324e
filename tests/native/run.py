#!/usr/bin/env python3
"""C frames and crashes: fresh cores from every CPython here.

    tests/native/run.py              everything
    tests/native/run.py -p 3.12 -v   one interpreter
    tests/native/run.py -a           every way to crash with each of them

The C stacks must be those that elfutils' eu-stack finds in the same core,
address by address.  Among them the Python frames must
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

import interpreters     # noqa: E402
import make_core        # noqa: E402
import pycorerun        # noqa: E402

CRASHES = os.path.join(ROOT, "fixtures", "crashes")
PROGRAMS = ("callbacks.py", "generators.py", "threads.py")
ALIASES = {"raise": "gsignal", "restore_rt": "<signal handler called>"}
# What pycore crash must say, and for which versions the program dies so.
NULL = r"a null pointer( plus an offset)?: %s 0x10 by %s in _crashlib\.so"
VERDICTS = {
    "null_read": NULL % ("read of", "read_next"),
    "null_write": NULL % ("write to", "write_next"),
    "null_call": r"a null function pointer was called, from crash_null_call ",
    "recursion": r"the C stack overflowed: recurse in _crashlib\.so calls ",
    "abort": r"abort\(\) was called, by crash_abort in _crashlib\.so",
    "free": r"the C heap is damaged.*glibc said \"(free\(\)|double free|munmap)",
    "double_free": r"the C heap is damaged.*glibc said \".*double free",
    "assert": r"an assertion failed.*Assertion `answer == 42' failed",
    "smash": r"a buffer on the stack was overrun.*stack smashing detected",
    "fatal": r"Fatal Python error: the fixture gives up .*by crash_fatal ",
    "no_gil": r"Python's API was called without the GIL: .*crash_no_gil|"
              r"Fatal Python error: .*(GIL|no current thread)|"
              r"gave up.*called by _PyMem_Debug",
    "text_pointer": r"overwritten with text: \w+ is \"aaaaaaaa\"",
    "read_only": r"a write to read-only memory of .*/_crashlib\.so, by ",
    "data_jump": r"a function pointer led to 0x\w+, which is no code; called "
                 r"from crash_data_jump ",
    "bus": r"the mapped file .*mapped\.\w+ ends before byte 4100 ",
    "trap": r"crash_trap in _crashlib\.so ran into (ud2|brk)",
    "divide": r"an integer was divided by zero, in divide in _crashlib\.so",
    "python_recursion": r"the C stack overflowed: \d+ Python frames deep, of "
                        r"__repr__\(\) again",
    "killed": r"not a crash of its own: process \d+ sent it SIGQUIT",
    "faulthandler": NULL % ("read of", "read_next"),
    "handling": NULL % ("write to", "write_next"),
}
TELLING = ("null_read", "fatal", "no_gil", "python_recursion", "handling")
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
    files = [module] + ["/usr/lib/debug/.build-id/%s/%s.debug" %
                        build_id.groups()] * bool(build_id)
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


def build_library(directory):
    """fixtures/crashes/crashlib.c; its path, or None without a compiler."""
    path = os.path.join(directory, "_crashlib.so")
    compiler = shutil.which(os.environ.get("CC", "cc")) or shutil.which("gcc")
    if not compiler:
        return None
    subprocess.run([compiler, "-O1", "-g", "-w", "-shared", "-fPIC",
                    "-fstack-protector-all", "-o", path,
                    os.path.join(CRASHES, "crashlib.c")], check=True)
    return path


def dies(kind, interpreter):
    """Does that version die so?  (3.12 counts C calls of its own.)"""
    if kind == "python_recursion":
        return interpreter.version < (3, 12)
    if kind == "faulthandler":
        return interpreter.version >= (3, 3)
    if kind == "no_gil":
        return not interpreter.facts["free_threaded"]
    return True


def die(interpreter, library, program, argument, directory):
    """Run a program of fixtures/crashes; the core's path, or None."""
    for name in (program, "_crashlib.so"):
        source = library if name.endswith("so") else os.path.join(CRASHES,
                                                                  name)
        shutil.copy(source, os.path.join(directory, name))
    subprocess.run([interpreter.command, os.path.join(directory, program),
                    os.path.join(directory, "_crashlib.so"), argument],
                   cwd=directory, stdin=subprocess.DEVNULL, timeout=120,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   env=make_core.ENVIRONMENT,
                   preexec_fn=make_core.allow_cores)
    return next(iter(make_core.cores_below(directory)), None)


def check_crash(pycore, interpreter, library, kind):
    """List of (what, differences), or None where there is no core."""
    directory = tempfile.mkdtemp(prefix="pycore-crash-")
    try:
        core = die(interpreter, library, "crashes.py", kind, directory)
        if not core:
            return None
        options = interpreter.pycore_options(directory)
        result = pycorerun.run(pycore, "crash", "--json", *options, core)
        document = result.json()
        verdicts = [verdict["text"] for verdict in document["verdicts"]]
        found = [] if any(re.search(VERDICTS[kind], text)
                          for text in verdicts) else verdicts or ["none"]
        text = pycorerun.run(pycore, "crash", *options, core)
        missing = [verdict for verdict in verdicts
                   if "Verdict: " + verdict not in text.out]
        exceptions = [e["repr"] for e in document["exceptions"]]
        if kind == "handling" and exceptions != ["KeyError('missing'%s)" % (
                "," if interpreter.version < (3, 7) else "")]:
            found.append("exceptions: %s" % exceptions)
        broken = kind == "smash"        # its stack is overwritten
        if result.code != (1 if broken else 0) or text.code != result.code:
            found.append("exit code %s: %s" % (result.code,
                                               document["notes"]))
        return [("crash " + kind, found), ("text of " + kind, missing)]
    finally:
        shutil.rmtree(directory, ignore_errors=True)


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


def run_stacks(tally, pycore, interpreter, options):
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


def differences(name, got, wanted):
    """Of what whatis says, by the names of its JSON; a list: any of them."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        return [line for key in wanted
                for line in differences("%s: %s" % (name, key), got.get(key),
                                        wanted[key])]
    if isinstance(got, str) and got.startswith("0x"):
        got = int(got, 16)
    if got == wanted or isinstance(wanted, list) and got in wanted:
        return []
    return ["%s is %s, expected %s" % (name, got, wanted)]


def run_whatis(tally, pycore, interpreter, library):
    """What lies where, compared with what the process wrote down."""
    directory = tempfile.mkdtemp(prefix="pycore-whatis-")
    name = interpreter.name + " whatis"
    try:
        truth = os.path.join(directory, "truth.json")
        core = die(interpreter, library, "addresses.py", truth, directory)
        if not core or not os.path.exists(truth):
            tally.skip(name, "no core")
            return
        with open(truth) as stream:
            wanted = json.load(stream)
        options = interpreter.pycore_options(directory)
        result = pycorerun.run(pycore, "whatis", "--json", *options, core,
                               *[str(one["address"]) for one in wanted])
        found = result.json()["addresses"]
        text = pycorerun.run(pycore, "whatis", *options, core, "0x10")
        tally.add(name, [("exit code", [] if result.code == 0 else
                          [result.code, result.err[:300]]),
                         ("text", [] if "nearest" in text.out else
                          [text.out[-300:]])])
        tally.add(name, [(one["name"], differences(
            hex(one["address"]), got,
            {k: v for k, v in one.items() if k not in ("name", "address")}))
            for one, got in zip(wanted, found)])
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def run_crashes(tally, pycore, interpreter, library, kinds):
    """The crashes of one interpreter."""
    for kind in kinds:
        if not dies(kind, interpreter):
            continue
        checks = check_crash(pycore, interpreter, library, kind)
        if checks is None:
            tally.skip("%s %s" % (interpreter.name, kind), "no core")
        else:
            tally.add(interpreter.name, checks)


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
        library = build_library(directory)
        can_crash = library and make_core.kernel_writes_cores()
        if not can_crash:
            tally.skip("crashes", "no C compiler, or no cores of the kernel")
        for number, interpreter in enumerate(here):
            run_stacks(tally, pycore, interpreter, options)
            if options.k in "modules":
                run_modules(tally, pycore, interpreter)
            if not can_crash or not interpreter.facts["ctypes"]:
                continue
            kinds = [kind for kind in VERDICTS if options.k in kind and (
                options.all or number == 0 or kind in TELLING)]
            run_crashes(tally, pycore, interpreter, library, kinds)
            if options.k in "whatis":
                run_whatis(tally, pycore, interpreter, library)
    print("%d passed, %d failed, %d skipped" % (tally.passed, tally.failed,
                                                tally.skipped))
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())

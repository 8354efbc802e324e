"""Ways to crash, and what pycore must say of them: see run.py."""
import json
import os
import re
import shutil
import subprocess
import tempfile

import make_core
import pycorerun

HERE = os.path.dirname(os.path.abspath(__file__))
CRASHES = os.path.join(os.path.dirname(os.path.dirname(HERE)), "fixtures",
                       "crashes")
SCREEN = 58     # some Python frames are worth more than 50
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
    "deep": r"the C stack overflowed: \d+ Python frames deep, of deep\(\)",
    "overflow": r"a buffer on the heap was overrun: Fatal Python error: bad "
                r"trailing pad byte .*in a call by crash_overflow in _crashl",
    # older glibcs notice it later
    "heap_overflow": r"the C heap is damaged, .*overrun.*glibc said \"[^\"]+"
                     r"\", in a call by (crash_heap_overflow in _crashlib\.so|"
                     r"[\w.]+ in python)",
    "use_after_free": r"used after it was freed: \w+ points to freed memory.*"
                      r"0xd[bd]d[bd]d[bd]d[bd]d[bd]d[bd]d[bd]d[bd], the fill ",
    "negative_refcount": r"a reference was dropped too often: .*negative ref "
                         r"count \(in a call by crash_negative_refcount in ",
    "stale": r"memory was used after it was freed: \w+ points to freed memory"
             r": a block of \d+ bytes \(malloc\), out of which .*second_value",
    "no_memory": r"out of memory, it seems: .*ENOMEM",
    "memory_error": r"out of memory: a call of Python's API had failed before"
                    r".*MemoryError",
    "unchecked": r"a call of Python's API had failed before, and nobody "
                 r"looked: .*AttributeError",
    "cpp_derived": r"a C\+\+ exception was not caught: shop::empty_cart: \"the "
                   r"cart of nobody is empty\", thrown by shop::pay",
    "cpp_standard": r"not caught: std::out_of_range: \"no amount\", thrown by ",
    "cpp_bad_alloc": r"out of memory: a C\+\+ exception .*: std::bad_alloc, ",
    "cpp_text": r"not caught: char const\*: \"a plain text\", thrown by shop::",
    "cpp_terminate": r"std::terminate\(\) was called, by shop::pay\(long\) in ",
    "threads": r"abort\(\) was called, by crash_threads in _crashlib\.so",
}
# With every interpreter; the others with one, or with all of them on demand.
TELLING = ("null_read", "fatal", "no_gil", "python_recursion", "unchecked",
           "overflow", "use_after_free", "negative_refcount")
ENVIRONMENTS = {"overflow": {"PYTHONMALLOC": "debug"},
                "use_after_free": {"PYTHONMALLOC": "debug"}}
# Of these a slim core alone must say the same.
SLIM = ("null_read", "use_after_free", "overflow", "cpp_derived", "threads")


class Libraries:
    """What crashes.py loads, built here; None without a compiler."""

    def __init__(self, directory):
        cc = os.environ.get("CC", "cc")
        self.c = build(directory, "_crashlib.so", "crashlib.c",
                       (cc, "gcc"), ["-fstack-protector-all"])
        self.cpp = build(directory, "_crashcpp.so", "crashcpp.cc",
                         ("c++", "g++"), [])

    def of(self, kind):
        """The one for that way to crash."""
        return self.cpp if kind.startswith("cpp_") else self.c


def build(directory, name, source, compilers, options):
    """A shared library; its path, or None."""
    path = os.path.join(directory, name)
    compiler = next(filter(None, map(shutil.which, compilers)), None)
    if not compiler:
        return None
    subprocess.run([compiler, "-O1", "-g", "-w", "-shared", "-fPIC", *options,
                    "-o", path, os.path.join(CRASHES, source)], check=True)
    return path


def dies(kind, interpreter):
    """Does that version die so?"""
    version, facts = interpreter.version, interpreter.facts
    if kind == "python_recursion":      # 3.12 counts C calls of its own
        return version < (3, 12)
    if kind == "deep":                  # 3.11 has them on a stack of its own
        return version < (3, 11)
    if kind == "faulthandler":
        return version >= (3, 3)
    if kind == "no_gil":
        return not facts["free_threaded"]
    if kind in ("overflow", "use_after_free"):      # PYTHONMALLOC
        return version >= (3, 6) and not facts["free_threaded"] or \
            facts["debug"] and version < (3,)
    if kind == "negative_refcount":     # 3.14 links free objects through it
        return facts["debug"] and version < (3, 14) and \
            not facts["free_threaded"]
    if kind == "memory_error":  # where it fails, that PyList_New() frees what it did not yet fill
        return not (facts["debug"] and facts["free_threaded"])
    return True


def die(interpreter, library, program, argument, directory,
        environment=None):
    """Run a program of fixtures/crashes; the core's path, or None."""
    shutil.copy(os.path.join(CRASHES, program), directory)
    shutil.copy(library, directory)
    here = os.path.join(directory, os.path.basename(library))
    try:
        subprocess.run([interpreter.command, os.path.join(directory, program),
                        here, argument],
                       cwd=directory, stdin=subprocess.DEVNULL, timeout=120,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       env=dict(make_core.ENVIRONMENT, **(environment or {})),
                       preexec_fn=make_core.allow_cores)
    except subprocess.TimeoutExpired:
        return None
    return next(iter(make_core.cores_below(directory)), None)


def check_call(document, kind, text):
    """The Python call that led into C, and its arguments."""
    found, call = [], document["call"]
    if kind not in ("null_read", "unchecked"):
        return []
    if not call or not call["function"] or call["symbol"] != "crash_" + kind:
        return ["call: %s" % call]
    arguments = [one["repr"] for one in call["arguments"]]
    if call["arguments_from"] == "stack":
        if arguments != (["['the subject']"] if kind == "unchecked" else []):
            found.append("arguments: %s" % arguments)
    elif not any("_crashlib.so" in one for one in arguments):
        found.append("variables: %s" % arguments)
    if "Called by Python: crash_%s" % kind not in text:
        found.append("text has no call")
    return found


def check_threads(pycore, options, core):
    """Those that Python does not know."""
    document = pycorerun.run(pycore, "bt", "--native", "--json", *options,
                             core).json()
    names = [[frame["name"] for frame in thread["frames"]]
             for thread in document["native_threads"]]
    found = [] if len(names) == 20 else ["%d native threads" % len(names)]
    return found + [one for one in names if "wait_forever" not in one][:3]


def without_notes(text):
    """Those tell which files were there."""
    return re.sub(r"(?m)^note: .*\n?", "", text).strip()


def check_slim(pycore, options, core, directory):
    """C frames and the crash report of a slim core that is alone."""
    small, empty = (os.path.join(directory, name)
                    for name in ("slim", "nothing"))
    os.makedirs(empty, exist_ok=True)
    found = []
    result = pycorerun.run(pycore, "slim", *options, "-o", small, core)
    if result.code != 0:
        return ["slim: exit code %s: %s" % (result.code, result.err[:300])]
    for command in (["crash"], ["bt", "--native=all"]):
        wanted, got = (without_notes(pycorerun.run(
            pycore, *command, *more).out).splitlines() for more in (
                [*options, core], ["--sysroot", empty, small]))
        found += ["%s: %r, expected %r" % (command, b, a)
                  for a, b in zip(wanted, got) if a != b][:3]
        if len(wanted) != len(got):
            found.append("%s: %d lines, expected %d" % (
                command, len(got), len(wanted)))
    return found


def checks_of(pycore, interpreter, kind, core, directory):
    """List of (what, differences)."""
    options = interpreter.pycore_options(directory)
    result = pycorerun.run(pycore, "crash", "--json", *options, core)
    document = result.json()
    verdicts = [verdict["text"] for verdict in document["verdicts"]]
    found = [] if any(re.search(VERDICTS[kind], text)
                      for text in verdicts) else verdicts or ["none"]
    text = pycorerun.run(pycore, "crash", *options, core)
    missing = [verdict for verdict in verdicts
               if "Verdict: " + verdict not in text.out]
    lines = without_notes(text.out).count("\n") + 1
    if lines > SCREEN:
        missing.append("%d lines" % lines)
    exceptions = [e["repr"] for e in document["exceptions"]]
    if kind == "handling" and exceptions != ["KeyError('missing'%s)" % (
            "," if interpreter.version < (3, 7) else "")]:
        found.append("exceptions: %s" % exceptions)
    broken = kind == "smash"        # its stack is overwritten
    if result.code != (1 if broken else 0) or text.code != result.code:
        found.append("exit code %s: %s" % (result.code, document["notes"]))
    found += check_call(document, kind, text.out)
    if kind == "threads":
        found += check_threads(pycore, options, core)
    return [("crash " + kind, found), ("text of " + kind, missing)]


def check_crash(pycore, interpreter, library, kind):
    """List of (what, differences), or None where there is no core."""
    directory = tempfile.mkdtemp(prefix="pycore-crash-")
    try:
        core = die(interpreter, library, "crashes.py", kind, directory,
                   ENVIRONMENTS.get(kind))
        if not core:
            return None
        checks = checks_of(pycore, interpreter, kind, core, directory)
        if kind in SLIM:
            checks.append(("slim " + kind, check_slim(
                pycore, interpreter.pycore_options(directory), core,
                directory)))
        return checks
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


def run(tally, pycore, interpreter, libraries, k, every):
    """The crashes of one interpreter, and whatis."""
    for kind in VERDICTS:
        if k not in kind or not (every or kind in TELLING) or \
                not dies(kind, interpreter) or not libraries.of(kind):
            continue
        checks = check_crash(pycore, interpreter, libraries.of(kind), kind)
        if checks is None:
            tally.skip("%s %s" % (interpreter.name, kind), "no core")
        else:
            tally.add(interpreter.name, checks)
    if k in "whatis":
        run_whatis(tally, pycore, interpreter, libraries.c)

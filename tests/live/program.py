"""A program dies; pycore is asked in every form about its core."""
import json
import os

import compare
import make_core
import pycorerun


class Skip(Exception):
    """Why a case cannot be tried here."""


def load(path):
    """The truth that a program left."""
    with open(path, encoding="utf-8") as document:
        return json.load(document)


def core_of(*args, **options):
    """make_core, where no core is a reason to skip only without means."""
    try:
        return make_core.make_core(*args, **options)
    except make_core.NoMeans as error:
        raise Skip(str(error))


class Program:
    """A program dies; pycore is asked in every form about its core."""

    def __init__(self, program, since=(2, 7), how="abort", name=None,
                 arguments=(), environment=None, others=0, quick=False,
                 until=None, native_only=False):
        self.program, self.since, self.until = program + ".py", since, until
        self.how, self.arguments = how, arguments
        self.environment, self.others = environment, others
        self.quick, self.native_only = quick, native_only
        self.name = name or program.replace("_", "-")

    def interpreters(self, found, quick):
        """Those that can run it."""
        for one in found:
            if one.version < self.since or \
                    (self.until and one.version >= self.until):
                continue
            if quick and not self.quick and \
                    not one.name.startswith("system"):
                continue
            yield one

    def make(self, interpreter, base):
        """(core, truth document)"""
        if not interpreter.facts["ctypes"]:
            raise Skip("this Python has no ctypes")
        if interpreter.emulated and (self.how == "gcore" or self.native_only):
            raise Skip("not under an emulator")
        for _ in range(3):
            core, truth = core_of(
                interpreter.command, self.program, base, self.how,
                self.arguments, environment=self.environment,
                seconds=300 if interpreter.emulated else 60)
            if os.path.exists(truth):
                break       # else this Python died of its own accord
            os.unlink(core)
        return core, load(truth)

    def run(self, interpreter, base, binary):
        """All comparisons."""
        core, truth = self.make(interpreter, base)
        return full_check(binary, core, truth,
                          interpreter.pycore_options(base), self.others)


def full_check(binary, core, truth, options=(), others=0, codes=(0,),
               sources=True):
    """JSON, text and locals of a core against the truth.

    Without sources, only the lines of the text that need no file count.
    """
    plain = pycorerun.run(binary, "bt", "--json", core, *options)
    results = [("exit", pycorerun.success(plain, *codes))]
    try:
        document = plain.json()
    except ValueError as error:
        return results + [("json", [str(error)])]
    results.append(("process", compare.process(truth, document)))
    results.append(("frames", compare.threads(truth, document, others)))
    results.append(("gil", compare.holder(truth, document)))
    text = pycorerun.run(binary, "bt", core, *options)
    results.append(("text", pycorerun.success(text, *codes) or
                    compare.text_blocks(truth, text.out, sources)))
    full = pycorerun.run(binary, "bt", "--json", "--locals", core, *options)
    try:
        results.append(("locals", pycorerun.success(full, *codes) or
                        compare.all_locals(truth, full.json())))
    except ValueError as error:
        results.append(("locals", [str(error)]))
    with_locals = pycorerun.run(binary, "bt", "--locals=full", core, *options)
    results.append(("escapes", pycorerun.success(with_locals, *codes) or
                    unescaped(with_locals.out)))
    return results


def unescaped(text):
    """Characters that must not reach a terminal as they are."""
    bad = sorted({c for c in text if c != "\n" and (
        c < " " or "\x7f" <= c <= "\x9f" or c in "\u200e\u200f" or
        "\u202a" <= c <= "\u202e" or "\u2066" <= c <= "\u2069" or
        "\ud800" <= c <= "\udfff")})
    return ["raw in the text: %s" % ascii(bad)] if bad else []


class Handling(Program):
    """The exception being handled is told."""

    def run(self, interpreter, base, binary):
        core, truth = self.make(interpreter, base)
        options = interpreter.pycore_options(base)
        results = full_check(binary, core, truth, options)
        wanted = [t["handling"] for t in truth["threads"] if t["crashed"]][0]
        text = pycorerun.run(binary, "bt", core, *options)
        results.append(("handling", [] if wanted in text.out else
                        [wanted + " is not in the text"]))
        return results


def waiters(truth, document, known):
    """`spin` waits for the GIL, others that move may; known: from 3.7."""
    states = {t["name"]: t.get("gil") for t in document["threads"]}
    good = ("waits",) if known else ("waits", None)
    found = []
    if states["spin"] not in good:
        found.append("spin does not wait for the GIL")
    return found + ["%s waits for the GIL" % item["name"]
                    for item in truth["threads"] if not item["moving"] and
                    states.get(item["name"]) == "waits"]


class Threads(Program):
    """Daemons, waiters and finished threads are told apart."""

    def run(self, interpreter, base, binary):
        core, truth = self.make(interpreter, base)
        options = interpreter.pycore_options(base)
        results = full_check(binary, core, truth, options)
        document = pycorerun.run(binary, "bt", "--json", core,
                                 *options).json()
        by_tid = {t["tid"]: t for t in document["threads"]}
        found = []
        for item in truth["threads"]:
            got = by_tid.get(item["tid"], {})
            if item["daemon"] is not None and item["daemon"] != \
                    got.get("daemon"):
                found.append(compare.differ(
                    "%s.daemon" % item["name"], item["daemon"],
                    got.get("daemon")))
        results.append(("daemon", found))
        if not truth["free_threaded"]:
            known = interpreter.version >= (3, 7)
            waiting = waiters(truth, document, known)
            if waiting:
                # On a busy machine a thread may die on its way from giving
                # the GIL away to waiting for it.
                again = os.path.join(base, "again")
                os.mkdir(again)
                core, truth = self.make(interpreter, again)
                document = pycorerun.run(binary, "bt", "--json", core,
                                         *options).json()
                waiting = waiters(truth, document, known)
            results.append(("waits for the GIL", waiting))
        one = truth["threads"][-1]
        text = pycorerun.run(binary, "bt", "--thread", str(one["tid"]), core,
                             *options)
        blocks = compare.blocks(text.out)
        results.append(("--thread", [] if list(blocks) == [one["tid"]] else
                        [compare.differ("blocks", [one["tid"]],
                                        list(blocks))]))
        return results


class Subinterpreter(Program):
    """A thread state of another interpreter, on the same OS thread."""

    def run(self, interpreter, base, binary):
        core, truth = self.make(interpreter, base)
        got = pycorerun.run(binary, "bt", "--json", "--locals", core,
                            *interpreter.pycore_options(base))
        document = got.json()
        sub = [t for t in document["threads"]
               if str(t["interpreter"]) not in ("0", "0x0", "None")]
        main = [t for t in document["threads"] if t not in sub]
        names = [[f["name"] for f in t["frames"]] for t in sub]
        found = []
        if not names or names[0] != ["<module>", "inside"]:
            found.append(compare.differ("frames in the subinterpreter",
                                        [["<module>", "inside"]], names))
        else:
            value = sub[0]["frames"][1]["locals"][0]
            if (value["name"], value["repr"]) != ("value", "'sub'"):
                found.append(compare.differ("its argument", "value='sub'",
                                            value))
        names = [[f["name"] for f in t["frames"]] for t in main]
        if ["<module>", "run"] not in names:
            found.append(compare.differ("frames of the main interpreter",
                                        [["<module>", "run"]], names))
        return [("exit", pycorerun.success(got)), ("interpreters", found)]


class NoFrames(Program):
    """Where the crash happened there is no Python: that is said."""

    def run(self, interpreter, base, binary):
        core, truth = self.make(interpreter, base)
        options = interpreter.pycore_options(base)
        got = pycorerun.run(binary, "bt", "--json", core, *options)
        text = pycorerun.run(binary, "bt", core, *options)
        results = [("exit", pycorerun.success(got, 0, 1))]
        said = "no python" in text.out.lower()
        results.append(("text", [] if said else [
            "the text does not say that there is no Python frame: " +
            text.out[-300:]]))
        names = [[f["name"] for f in t["frames"] or []]
                 for t in got.json()["threads"]]
        wanted = [["<module>", "main"]] if self.name == "native-thread" \
            else []
        names = [n for n in names if n]
        results.append(("frames", [] if names == wanted else [
            compare.differ("frames", wanted, names)]))
        return results


class Endless(Program):
    """More frames than anyone wants to read: still quick and folded."""

    def run(self, interpreter, base, binary):
        core, truth = self.make(interpreter, base)
        results = full_check(binary, core, truth,
                             interpreter.pycore_options(base))
        text = pycorerun.run(binary, "bt", "--limit", "5", core)
        lines = [line for block in compare.blocks(text.out).values()
                 for line in block if line.startswith("  File ")]
        results.append(("--limit", [] if len(lines) == 5 else [
            compare.differ("File lines with --limit 5", 5, len(lines))]))
        return results


ALL = [
    Program("calls", quick=True),
    Handling("handlers"),
    Program("generators"),
    Program("delegation", since=(3, 6)),
    Program("coroutines", since=(3, 6)),
    Program("recursion"),
    Endless("recursion", name="recursion-900", arguments=("900",)),
    Program("callbacks"),
    Program("importing"),
    Threads("threads"),
    Threads("threads", name="threads-worker-dies", arguments=("worker",)),
    Program("unicode_names", since=(3, 6)),
    Program("values", quick=True),
    Program("values3", since=(3, 8)),
    Subinterpreter("subinterpreter", since=(3, 6)),
    NoFrames("shutdown"),
    NoFrames("native_thread"),
    Program("calls", how="segv", name="die-segv"),
    Program("calls", how="segv-nogil", name="die-segv-nogil"),
    Program("calls", how="fpe", name="die-fpe", native_only=True),
    Program("calls", how="bus", name="die-bus", since=(3, 6),
            native_only=True),
    Program("calls", how="fatal", name="die-fatal"),
    Program("calls", how="kill", name="die-kill", native_only=True),
    Program("calls", how="gcore", name="gcore"),
    Program("calls", how="segv", name="die-faulthandler", since=(3, 6),
            environment={"PYTHONFAULTHANDLER": "1"}),
]

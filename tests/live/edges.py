"""References: those of the core against gc.get_referents(), over the heap."""
import collections
import os
import subprocess

import dump
import program
import pycorerun

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))

# C types that pycore knows no layout of: what it finds by looking at their
# words (and says to be inferred) may be less or more than their tp_traverse
# visits. Modules: of their C state.
INFERRED = {
    "module", "PyCapsule", "pyexpat.xmlparser", "_pickle.Pickler",
    "_pickle.Unpickler", "cPickle.Pickler", "cPickle.Unpickler",
    "cProfile.Profile", "zoneinfo.ZoneInfo", "sqlite3.Connection",
    "sqlite3.Node", "sqlite3.Cache", "xml.etree.ElementTree.XMLParser",
    "ssl.SSLContext", "ctypes.CField", "cython_function_or_method",
    "numpy.ufunc", "numpy.ma.core.MaskedArray", "numpy.ma.core.MaskedConstant",
}
SHOWN = 3       # differences per type


def truth_of(path):
    """{address: (type, Counter of addresses)}"""
    found = {}
    with open(path) as lines:
        for line in lines:
            head, _, tail = line.partition(":")
            address, _, kind = head.partition(" ")
            kind = kind.split(".", 1)[1] if kind.startswith(
                ("builtins.", "__builtin__.")) else kind
            found[address] = kind, collections.Counter(tail.split())
    return found


def tool():
    """The program that asks pycore's library for edges."""
    build = os.path.join(ROOT, os.environ.get("BUILD", "build"))
    path = os.path.join(build, "live", "edges_of")
    if not os.access(path, os.X_OK):
        raise program.Skip("%s is not there; make check-live makes it" % path)
    return path


def edges_of(program_path, core, interpreter, base, addresses):
    """{address: (state, Counter, {address: name})} from the core."""
    command = [program_path, core, interpreter.executable]
    if interpreter.sysroot:
        command += [interpreter.sysroot, base]
    got = subprocess.run(command, input="\n".join(addresses) + "\n",
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         universal_newlines=True, timeout=300)
    if got.returncode:
        raise ValueError("edges_of: exit code %d: %s" % (got.returncode,
                                                         got.stderr[:300]))
    found = {}
    for line in got.stdout.splitlines():
        head, _, tail = line.partition(":")
        pairs = [pair.partition("/")[::2] for pair in tail.split()]
        found[head.split(" ", 1)[0]] = (
            head.rsplit(" ", 1)[1], collections.Counter(p[0] for p in pairs),
            dict(pairs))
    return found


def differences(truth, found):
    """One line for each object that differs, at most SHOWN of a type."""
    told, counts = [], collections.Counter()
    for address, (kind, wanted) in truth.items():
        state, got, names = found.get(address, ("missing", {}, {}))
        if state == "whole" and got == wanted or kind in INFERRED:
            continue
        # A static type is shorter than tp_basicsize says: the last one of the
        # program's data ends where the memory does, and cannot be loaded.
        if state == "none" and kind == "type" and not wanted:
            continue
        counts[kind] += 1
        if counts[kind] > SHOWN:
            continue
        missing = list((wanted - collections.Counter(got)).elements())
        extra = list((collections.Counter(got) - wanted).elements())
        told.append("%s 0x%s (%s): missing %s, invented %s" % (
            kind, address, state,
            ["%s 0x%s" % (truth.get(m, ("?",))[0], m) for m in missing[:3]],
            ["%s %s 0x%s" % (names[e], truth.get(e, ("?",))[0], e)
             for e in extra[:3]]))
    return told


# Of each kind one is asked about with its ways from a root, or without.
FOLLOWED = (
    "__main__.Plain", "__main__.Slotted", "__main__.WithList",
    "__main__.WithDict", "__main__.Meta", "list", "dict", "set", "function",
    "generator", "cell")
PROBED = (
    "__main__.Empty", "__main__.SlottedChild", "__main__.WithSlotsOfDict",
    "__main__.WithTuple", "__main__.WithSet", "__main__.WithInt",
    "__main__.WithStr", "__main__.WithDeque", "__main__.WithOrdered",
    "tuple", "frozenset", "collections.deque", "collections.OrderedDict",
    "unicode|str", "bytes|str", "bytearray", "memoryview", "array.array",
    "coroutine", "async_generator", "instancemethod|method",
    "weakref|weakref.ReferenceType", "weakproxy|weakref.ProxyType", "type",
    "__main__.Structure", "ctypes.c_int", "__main__.c_char_p_Array_2",
    "traceback", "frame")


def sample(truth, kinds):
    """One address of each kind (any of its names), and those that miss."""
    found, some, missing = {}, [], []
    for address, (kind, wanted) in truth.items():
        # A static type refers to nothing that can be told.
        if wanted or kind != "type":
            found.setdefault(kind, address)
    for names in kinds:
        some += [found[k] for k in names.split("|") if k in found][:1]
        missing += [names] * (not any(k in found for k in names.split("|")))
    return some, missing


def link_differences(got, truth, address):
    """What it refers to, and what refers to it."""
    links = [link["address"][2:] for link in got["referents"]
             if link["traversed"]]
    told = [] if collections.Counter(links) == truth[address][1] else [
        "0x%s: referents %s, want %s" % (address, links,
                                         list(truth[address][1]))]
    wanted = {a for a, (kind, refs) in truth.items()
              if address in refs and kind not in INFERRED}
    links = {link["address"][2:] for link in got["referrers"]
             if link["traversed"]} & {
                 a for a, (kind, _) in truth.items() if kind not in INFERRED}
    if links != wanted:
        told.append("0x%s (%s): referrers missing %s, invented %s" % (
            address, truth[address][0], sorted(wanted - links)[:5],
            sorted(links - wanted)[:5]))
    return told


def object_differences(ask, truth, address):
    """pycore object's answers about one object."""
    got = ask("--referents", "--referrers", "--why", "0x" + address)
    told = link_differences(got, truth, address)
    if not got["why"]:
        told.append("0x%s (%s): nothing keeps it alive" % (
            address, truth[address][0]))
    for way in got["why"]:
        path = way["path"]
        if path.startswith(("sys.modules[", "thread ")) and \
                " key " not in path and "..." not in path and \
                " element" not in path and "->" not in path and \
                ".raised" not in path and ".handled" not in path:
            again = ask(path)["object"]["address"]
            if again != "0x" + address:
                told.append("%s leads to %s, not to 0x%s" % (
                    path, again, address))
    return told


def asker(binary, core, options):
    """A function that asks `pycore object` ... about the core."""
    def ask(*arguments):
        """The document."""
        got = pycorerun.run(binary, "object", "--json", *arguments[:-1],
                            *options, core, arguments[-1])
        if got.code not in (0, 1):
            raise ValueError("object %s: exit code %s: %s" % (
                arguments, got.code, got.err[:300]))
        return got.json()
    return ask


class Edges(program.Program):
    """Every object of the heap: none missing, none invented."""

    def make(self, interpreter, base):
        if not interpreter.facts["ctypes"]:
            raise program.Skip("this Python has no ctypes")
        if interpreter.emulated:
            raise program.Skip("not under an emulator")
        return program.core_of(interpreter.command, self.program, base)

    def run(self, interpreter, base, binary):
        asked = tool()
        core, path = self.make(interpreter, base)
        truth = truth_of(path)
        found = edges_of(asked, core, interpreter, base, list(truth))
        few = [] if len(truth) > 20000 else ["only %d objects" % len(truth)]
        results = [("objects", few), ("edges", differences(truth, found))]
        ask = asker(binary, core, interpreter.pycore_options(base))
        some, told = sample(truth, FOLLOWED)
        for address in some:
            told += object_differences(ask, truth, address)
        results.append(("object", told))
        more, missing = sample(truth, PROBED)
        told = [m for m in missing if interpreter.version >= (3, 6) or
                m not in ("coroutine", "async_generator")]
        for address in more:
            told += link_differences(ask("--referents", "--referrers",
                                         "0x" + address), truth, address)
        results.append(("probes", told))
        one = "0x" + some[0]
        answers = [ask("--referrers", "--why", "--jobs", jobs, one)
                   for jobs in ("1", "2", "5")]
        results.append(("jobs", [] if answers[1:] == answers[:-1] else
                        ["the answer depends on --jobs"]))
        path, told = dump.written(binary, core, base,
                                  interpreter.pycore_options(base))
        return results + [("dump", told or dump.compare_refs(
            dump.Dump(path), truth, INFERRED))]


ALL = [Edges("edges", quick=True)]

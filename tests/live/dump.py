"""heap --dump, read back as meliae's loader reads it."""
import collections
import json
import os
import re
import subprocess

import program
import pycorerun

# Without simplejson the loader takes a line apart by its shape: keys in this
# order, these spaces, a type without quotes or backslashes.
LINE = re.compile(
    r'\{"address": (\d+), "type": "([^"\\]*)", "size": (\d+)'
    r'(?:, "name": "([^"\\]*)")?(?:, "len": (\d+))?'
    r'(?:, "value": (?:-?\d+|"(?:[ !#-.0-\[\]-~]|\\["\\/]|'
    r'\\u[0-9a-f]{4})*"))?, "refs": \[((?:\d+(?:, \d+)*)?)\]\}\n')
UNKNOWN = "<unknown>"


class Dump:
    """The lines of a dump: objects by address."""

    def __init__(self, path):
        self.objects, self.told = {}, []
        with open(path, encoding="ascii") as lines:
            for line in lines:
                self.read(line)
        for address, one in self.objects.items():
            missing = [r for r in one["refs"] if r not in self.objects]
            if missing:
                self.told.append("0x%x refers to 0x%x, which has no line" % (
                    address, missing[0]))

    def read(self, line):
        """One line."""
        shape = LINE.fullmatch(line)
        if not shape:
            self.told.append("not a line of meliae's: %r" % line[:300])
            return
        one = json.loads(line)
        refs = [int(ref) for ref in shape.group(6).split(", ") if ref]
        if (one["address"], one["refs"]) != (int(shape.group(1)), refs):
            self.told.append("read in two ways: %r" % line[:300])
        if one["address"] in self.objects:
            self.told.append("0x%x has two lines" % one["address"])
        self.objects[one["address"]] = one


def compare_census(dump, heap, objects):
    """The lines of the heap's own objects are those that heap counts."""
    listed = {int(o["address"], 16): (o["type"], o["bytes"]) for o in objects}
    told = list(dump.told)
    for address, (kind, size) in listed.items():
        one = dump.objects.get(address)
        got = one and (one["type"], one["size"])
        if got != (kind, size):
            told.append("0x%x: %s, not %s" % (address, got, (kind, size)))
    if len(listed) != heap["objects"]:
        told.append("%d listed, %d counted" % (len(listed), heap["objects"]))
    return told


def compare_refs(dump, truth, inferred):
    """What gc.get_referents() says of each object; names of attributes and
    keys beside them."""
    told, counts = list(dump.told), collections.Counter()
    for address, (kind, wanted) in truth.items():
        one = dump.objects.get(int(address, 16))
        if kind in inferred or not one:
            continue
        got = collections.Counter("%x" % ref for ref in one["refs"])
        wanted = collections.Counter(wanted)
        extra = [e for e in (got - wanted)
                 if dump.objects[int(e, 16)]["type"] not in KEYS]
        counts[kind] += bool(wanted - got or extra)
        if (wanted - got or extra) and counts[kind] < 4:
            told.append("%s 0x%s: missing %s, invented %s" % (
                kind, address, list(wanted - got)[:3], extra[:3]))
    return told


# Keys that tp_traverse does not visit are str, or in 3.5+ those of the dict
# of a type's subclasses, ints.
KEYS = ("str", "__main__.MyStr", "__main__.WithStr")


def collapse(dump):
    """As the loader does: an instance of two references, its dict and its
    type, takes the dict's; a module of one. How many there are."""
    count = 0
    for one in dump.objects.values():
        kinds = [dump.objects[r]["type"] for r in one["refs"]]
        if one["type"] in ("str", "dict", "tuple", "list", "type", "function"):
            continue
        if kinds == ["dict", "type"] or (
                one["type"] == "module" and kinds == ["dict"]):
            count += 1
    return count


def written(binary, core, base, options, name="map.json"):
    """The path of a dump, and what is wrong with writing it."""
    path = os.path.join(base, name)
    run = pycorerun.run(binary, "heap", "--dump", path, core, *options)
    told = pycorerun.success(run)
    left = [n for n in os.listdir(base) if n.startswith(name + ".")]
    return path, told + ["%s is left" % n for n in left]


class Forms(program.Program):
    """The same lines to a file, packed, and to standard output; meliae, where
    it is installed, reads them."""

    READ = """
import sys
from meliae import loader
om = loader.load(sys.argv[1], show_prog=False)
om.compute_parents()
summary = om.summarize()
om.remove_expensive_references()
print(summary.total_count, sum(len(o.parents) > 0 for o in
                               om.objs.itervalues()))
"""

    def run(self, interpreter, base, binary):
        core, _ = self.make(interpreter, base)
        options = interpreter.pycore_options(base)
        path, told = written(binary, core, base, options)
        with open(path, "rb") as stream:
            text = stream.read()
        results = [("file", told + Dump(path).told)]
        out = pycorerun.run(binary, "heap", "--dump", "-", core, *options)
        results.append(("stdout", pycorerun.success(out) + (
            [] if out.raw == text else ["it is not what the file holds"])))
        for name, unpack in ("map.json.gz", "gzip"), ("map.json.zst", "zstd"):
            path, told = written(binary, core, base, options, name)
            got = subprocess.run([unpack, "-dc", path],
                                 stdout=subprocess.PIPE).stdout
            results.append((name, told + (
                [] if got == text else ["it is not what the file holds"])))
        results.append(("slim", self.slim(binary, core, base, options)))
        return results + self.meliae(interpreter, base, text)

    @staticmethod
    def slim(binary, core, base, options):
        """slim --heap: the same answers from the small core alone."""
        small, empty = os.path.join(base, "small"), os.path.join(base, "empty")
        os.mkdir(empty)
        made = pycorerun.run(binary, "slim", "--heap", core, "-o", small,
                             *options)
        told = pycorerun.success(made)
        for words in (["heap", "--json"], ["heap", "--dump", "-"],
                      ["gc", "--list"]):
            one = pycorerun.run(binary, *words, core, *options)
            other = pycorerun.run(binary, *words, small, "--sysroot", empty)
            if one.out != other.out:
                told.append("%s says otherwise: %s" % (" ".join(words),
                                                       other.err[:300]))
        return told

    def meliae(self, interpreter, base, text):
        """Its own loader, if this Python has it (PYCORE_MELIAE: where)."""
        command = [interpreter.command, "-W", "ignore", "-c", self.READ,
                   os.path.join(base, "map.json")]
        there = dict(os.environ, PYTHONPATH=os.environ.get(
            "PYCORE_MELIAE", ""))
        probe = subprocess.run(
            [interpreter.command, "-W", "ignore", "-c",
             "import meliae.loader"], env=there, stderr=subprocess.DEVNULL)
        if probe.returncode:
            print("SKIP %s meliae's loader: it is not installed" %
                  interpreter.name, flush=True)
            return []
        got = subprocess.run(command, env=there, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, universal_newlines=True)
        count, parents = (got.stdout.split() + ["0", "0"])[:2]
        lines = text.count(b"\n")
        good = got.returncode == 0 and int(count) > lines // 2 and \
            int(parents) > lines // 4
        return [("meliae", [] if good else ["%d lines, %s %s: %s" % (
            lines, count, parents, got.stderr[-300:])])]


ALL = [Forms("calls", name="dump", quick=True)]

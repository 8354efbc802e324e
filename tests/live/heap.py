"""Every object of the heap: pycore's count against the process's own.

The program forks; the child leaves the core, the parent, whose heap is the
same, writes down what gc.get_objects() holds, object by object, and what the
program holds that the collector does not track.
"""
import collections
import csv
import os

import dump
import program
import pycorerun

FEW = ("system", "pyenv3.6", "pyenv3.12")       # for what needs few versions


class Truth:
    """What the parent wrote: address -> (size, type); all addresses."""

    def __init__(self, path):
        self.tracked, self.held, self.alive = {}, {}, set()
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                kind, address, *rest = line.rstrip("\n").split(" ", 3)
                if kind == "alive":
                    self.alive.add(int(address, 16))
                    continue
                where = self.tracked if kind == "tracked" else self.held
                where[int(address, 16)] = (int(rest[0]), rest[1])


def differences(found, wanted, what):
    """At most a line for each type."""
    missing = collections.Counter(wanted[a][1] for a in wanted
                                  if a not in found)
    extra = collections.Counter(found[a][1] for a in found if a not in wanted)
    wrong = ["0x%x is %s, not %s" % (a, found[a], wanted[a])
             for a in sorted(found) if a in wanted and found[a] != wanted[a]]
    return ["%s: %d %s missing" % (what, n, t) for t, n in
            missing.items()] + ["%s: %d %s too many" % (what, n, t)
                                for t, n in extra.items()] + wrong


def compare_objects(truth, objects):
    """Object by object."""
    all_of_them = {int(o["address"], 16): (o["bytes"], o["type"])
                   for o in objects}
    found = differences(
        {int(o["address"], 16): (o["bytes"], o["type"]) for o in objects
         if o["gc_tracked"] and not o["frozen"]}, truth.tracked, "tracked")
    found += differences({a: all_of_them[a] for a in truth.held
                          if a in all_of_them}, truth.held, "held")
    addresses = [int(o["address"], 16) for o in objects]
    if addresses != sorted(set(addresses)):
        found.append("not in order, or not once each")
    return found


def compare_census(truth, heap):
    """Type by type."""
    wanted, found = collections.defaultdict(lambda: [0, 0]), {}
    for size, kind in truth.tracked.values():
        wanted[kind][0] += 1
        wanted[kind][1] += size
    for row in heap["types"]:
        if row["gc_tracked"]:
            found[row["type"]] = [row["gc_tracked"], row["gc_bytes"]]
    result = ["%s: %s, not %s" % (kind, found.get(kind), wanted.get(kind))
              for kind in sorted(set(wanted) | set(found))
              if found.get(kind) != wanted.get(kind)]
    for key in ("count", "bytes", "gc_tracked", "gc_bytes"):
        total = heap["objects" if key == "count" else key]
        if sum(row[key] for row in heap["types"]) != total:
            result.append("%s does not add up to %d" % (key, total))
    if heap["gc_tracked"] != len(truth.tracked):
        result.append("gc_tracked %d, not %d" % (heap["gc_tracked"],
                                                 len(truth.tracked)))
    counts = collections.Counter(k for _, k in truth.held.values())
    counts.update(k for _, k in truth.tracked.values())
    rows = {row["type"]: row for row in heap["types"]}
    return result + ["%s: %d of at least %d" % (k, rows[k]["count"], n)
                     for k, n in counts.items()
                     if k in rows and rows[k]["count"] < n]


def compare_alive(truth, objects):
    """All objects there are, where the process knew: not its static ones,
    nor the list that it made of them."""
    found = {int(o["address"], 16): o["type"] for o in objects}
    missing = len([a for a in truth.alive if a not in found])
    extra = collections.Counter(found[a] for a in found
                                if a not in truth.alive)
    if not truth.alive:
        return []
    return (["%d that are alive missing" % missing] if missing > 1 else []) + [
        "%d %s that are not alive" % (n, t) for t, n in extra.items()
        if t not in ("moduledef", "type") and (t, n) != ("module", 1)]


def compare_csv(heap, text):
    """The same rows, and nothing else."""
    rows = list(csv.DictReader(text.splitlines()))
    wanted = [{k: "" if v is None else str(v)
               for k, v in row.items()} for row in heap["types"]]
    return [] if rows == wanted else ["--csv is not what --json says"]


def compare_shapes(heap, shaped, objects):
    """The program made 100 with a third attribute; shapes add up."""
    kinds = {o["address"]: o["type"] for o in objects}
    found = ["%s is %s" % (row["type"], kinds.get(row["example"]))
             for row in shaped["types"] if row["example"] and
             not row["type"].startswith(kinds.get(row["example"], "?") + " {")]
    count = [row["count"] for row in shaped["types"]
             if row["type"].startswith("__main__.Plain {") and
             sorted(row["type"][16:-1].split(", ")) == ["a", "b", "me"]]
    if count != [100]:
        found.append("%s of 100 Plain {a, b, me}" % count)
    for key in ("objects", "bytes", "gc_tracked"):
        if heap[key] != shaped[key]:
            found.append("%s is %d, not %d" % (key, shaped[key], heap[key]))
    return found


class Census(program.Program):
    """heap --json and heap --list against the truth."""

    def __init__(self, name, environment=None, arguments=(), only=(),
                 since=(2, 7)):
        super().__init__("heap_census", name=name, environment=environment,
                         arguments=arguments, quick=not only, since=since)
        self.only = only

    def interpreters(self, found, quick):
        for one in super().interpreters(found, quick):
            if not self.only or one.name.startswith(self.only):
                yield one

    def make(self, interpreter, base):
        if not interpreter.facts["ctypes"]:
            raise program.Skip("this Python has no ctypes")
        core, truth = program.core_of(
            interpreter.command, self.program, base, self.how,
            self.arguments, environment=self.environment,
            seconds=300 if interpreter.emulated else 60)
        if not os.path.exists(truth):
            raise program.Skip("the program wrote no truth")
        return core, Truth(truth)

    def ask(self, binary, core, options):
        """(results so far, the heap as it is counted, its objects as they are
        listed); without these two where pycore did not answer."""
        census = pycorerun.run(binary, "heap", "--json", core, *options)
        listed = pycorerun.run(binary, "heap", "--list", "--json", core,
                               *options)
        told = pycorerun.success(census) + pycorerun.success(listed)
        if told:
            return [("exit", told)], None, None
        return [("exit", [])], census.json()["heap"], listed.json()["objects"]

    def run(self, interpreter, base, binary):
        core, truth = self.make(interpreter, base)
        options = interpreter.pycore_options(base)
        results, heap, objects = self.ask(binary, core, options)
        if not heap:
            return results
        results.append(("census", compare_census(truth, heap)))
        results.append(("objects", compare_objects(truth, objects)))
        results.append(("alive", compare_alive(truth, objects)))
        if len(objects) != heap["objects"]:
            results.append(("list", ["%d listed, %d counted" % (
                len(objects), heap["objects"])]))
        results.append(("csv", compare_csv(heap, pycorerun.run(
            binary, "heap", "--csv", core, *options).out)))
        shaped = pycorerun.run(binary, "heap", "--json", "--by", "shape",
                               core, *options)
        results.append(("shapes", pycorerun.success(shaped) or compare_shapes(
            heap, shaped.json()["heap"], objects)))
        path, told = dump.written(binary, core, base, options)
        results.append(("dump", told or dump.compare_census(
            dump.Dump(path), heap, objects)))
        for words in (), ("--by", "shape"):
            texts = {pycorerun.run(binary, "heap", *words, "--jobs", jobs,
                                   core, *options).out
                     for jobs in ("1", "2", "5")}
            results.append(("jobs", [] if len(texts) == 1 else
                            ["the answer %s depends on --jobs" %
                             " ".join(words)]))
        return results


ALL = [
    Census("heap"),
    Census("heap-malloc", {"PYTHONMALLOC": "malloc"}, only=FEW),
    Census("heap-debug", {"PYTHONMALLOC": "debug"}, only=FEW),
    # a core of 64 MiB of reserve instead of 1 GiB (KiB)
    Census("heap-mimalloc", {"PYTHONMALLOC": "mimalloc",
                             "MIMALLOC_ARENA_RESERVE": "65536"},
           since=(3, 13), only=("pyenv3.13", "sid3.14")),
    Census("heap-frozen", arguments=("freeze",), only=("pyenv3.12",)),
]

"""pycore gc's cycles against what the collector itself finds."""
import collections

import program
import pycorerun


def truth_of(path):
    """({address: type}, {name: address})"""
    garbage, known = {}, {}
    with open(path) as lines:
        for line in lines:
            word, rest = line.rstrip("\n").split(" ", 1)
            if word == "garbage":
                address, kind = rest.split(" ", 1)
                garbage[int(address, 16)] = kind
            else:
                name, address = rest.rsplit(" ", 1)
                known.setdefault(name, []).append(int(address, 16))
    return garbage, known


# Free-threaded builds do not count all references to these: pycore takes them
# for alive, and all that they hold.
DEFERRED = {"function", "type", "module", "method", "Made", "MadeToo", "code"}


def compare(truth, known, document, deferred):
    """The same objects, and each known cycle among them."""
    one = document["unreachable"]
    found = {int(m["address"], 16): m for m in one["members"]}
    freed = known["freed by a finalizer"]
    missing = collections.Counter(k for a, k in truth.items()
                                  if a not in found)
    told = ["%d %s are not told" % (n, k) for k, n in missing.items()
            if not deferred]
    extra = collections.Counter(m["type"] for a, m in found.items()
                                if a not in truth and a not in freed)
    told += ["%d %s are alive" % (n, k) for k, n in extra.items()]
    if deferred and len(found) < len(truth) // 2:
        told.append("%d of %d told" % (len(found), len(truth)))
    for name, addresses in known.items():
        lost = [a for a in addresses if a in truth and a not in found]
        if lost and not deferred:
            told.append("%s: 0x%x is not told" % (name, lost[0]))
    return told


def compare_sums(document, is_old):
    """Sums, groups, what has finalizers."""
    one = document["unreachable"]
    members, groups = one["members"], one["groups"]
    told = []

    def same(what, wanted, got):
        if wanted != got:
            told.append("%s: %s, not %s" % (what, got, wanted))

    same("objects", len(members), one["objects"])
    same("bytes", sum(m["bytes"] for m in members), one["bytes"])
    same("cycles", sum(g["cycles"] for g in groups), one["cycle_count"])
    same("in cycles", sum(m["in_cycle"] for m in members),
         sum(g["objects"] for g in groups))
    same("finalizers", sum(m["finalizer"] for m in members),
         one["finalizers"])
    finalized = [m for m in members if m["type"] == "__main__.Finalized"]
    same("__del__", [True], [m["finalizer"] for m in finalized])
    same("__del__ of old", [is_old], [m["uncollectable"] for m in finalized])
    rings = [g for g in groups if g["types"].startswith("3 __main__.Node") or
             g["types"].endswith("3 __main__.Node") or
             g["types"] == "3 __main__.Node, 3 dict" or
             g["types"] == "3 dict, 3 __main__.Node"]
    if not any(g["cycles"] >= 51 for g in rings):
        told.append("no group of 51 rings of three: %s" % [
            (g["cycles"], g["types"]) for g in groups][:10])
    for group in rings:
        if not group["path"].startswith("__main__.Node.") or \
                not group["path"].endswith(" -> __main__.Node"):
            told.append("a ring is told as %s" % group["path"])
    return told


class Garbage(program.Program):
    """The same set of objects."""

    def run(self, interpreter, base, binary):
        if not interpreter.facts["ctypes"]:
            raise program.Skip("this Python has no ctypes")
        if interpreter.emulated:
            raise program.Skip("not under an emulator")
        core, path = program.core_of(interpreter.command, self.program, base)
        garbage, known = truth_of(path)
        options = interpreter.pycore_options(base)
        got = pycorerun.run(binary, "gc", "--list", "--json", core, *options)
        results = [("exit", pycorerun.success(got) or pycorerun.success(
            pycorerun.run(binary, "gc", core, *options)))]
        if results[0][1]:
            return results
        document = got.json()
        results.append(("objects", compare(
            garbage, known, document, interpreter.facts["free_threaded"])))
        results.append(("sums", compare_sums(
            document, interpreter.version < (3, 4))))
        one = pycorerun.run(binary, "gc", "--jobs", "1", core, *options)
        two = pycorerun.run(binary, "gc", "--jobs", "3", core, *options)
        results.append(("jobs", [] if one.out == two.out else
                        ["the answer depends on --jobs"]))
        return results


ALL = [Garbage("gc_garbage", quick=True)]

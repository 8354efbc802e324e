"""pycore gc against what the gc module says."""
import compare
import program
import pycorerun

NEAR = 12       # objects and allocations that forking and dying take


def near(name, wanted, got):
    """Counts that the calls themselves move a little."""
    return [] if got is not None and abs(wanted - got) <= NEAR else [
        compare.differ(name, wanted, got)]


class Collector(program.Program):
    """Enabled, thresholds, counts, sizes, garbage, callbacks."""

    def make(self, interpreter, base):
        if not interpreter.facts["ctypes"]:
            raise program.Skip("this Python has no ctypes")
        if interpreter.emulated:
            raise program.Skip("not under an emulator")
        core, path = program.core_of(interpreter.command, self.program, base,
                                     arguments=self.arguments)
        return core, program.load(path)

    def run(self, interpreter, base, binary):
        core, truth = self.make(interpreter, base)
        got = pycorerun.run(binary, "gc", "--json", core,
                            *interpreter.pycore_options(base))
        text = pycorerun.run(binary, "gc", core,
                             *interpreter.pycore_options(base))
        one = got.json()["collectors"][0]
        told = []
        if one["enabled"] != truth["enabled"] and (
                one["enabled"] is not None or interpreter.version >= (3, 7)):
            told.append(compare.differ("enabled", truth["enabled"],
                                       one["enabled"]))
        for name in ("frozen", "callbacks"):
            mine = one["frozen" if name == "frozen" else "callback_count"]
            if truth[name] is not None and mine != truth[name]:
                told.append(compare.differ(name, truth[name], mine))
        members = [[m["address"], m["type"].rpartition(".")[2]]
                   for m in one["garbage"]]
        if members != truth["garbage"]:
            told.append(compare.differ("garbage", truth["garbage"], members))
        if one["collecting"]:
            told.append("a collection is said to run")
        told += near("objects", truth["objects"], one["objects"])
        told += self.generations(interpreter, truth, one["generations"])
        return [("exit", pycorerun.success(got) or pycorerun.success(text)),
                ("state", told)]

    @staticmethod
    def generations(interpreter, truth, rows):
        """Thresholds, counts and, where there are lists, sizes."""
        told = []
        # 3.14.0 - 3.14.4 collect by increments: old spaces, one threshold.
        by_increments = (3, 14) <= interpreter.version < (3, 14, 5)
        free_threaded = interpreter.facts["free_threaded"]
        for n, row in enumerate(rows[:1] if by_increments else rows):
            if row["threshold"] != truth["threshold"][n]:
                told.append(compare.differ("threshold %d" % n,
                                           truth["threshold"][n],
                                           row["threshold"]))
            if not free_threaded:
                told += near("count %d" % n, truth["count"][n], row["count"])
            if truth["generations"] and not free_threaded:
                told += near("size %d" % n, truth["generations"][n],
                             row["objects"])
        return told or ([] if len(rows) == 3 else ["%d rows" % len(rows)])


ALL = [
    Collector("gc_state", quick=True),
    Collector("gc_state", name="gc-disabled", arguments=("disabled",)),
]

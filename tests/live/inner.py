"""An interpreter within the process: its heap, counted and followed."""
import os

import edges
import heap
import program


class Inner(heap.Census):
    """Objects and references of both interpreters, object by object."""

    def __init__(self, name, arguments=(), since=(3, 6)):
        super().__init__(name, arguments=arguments, since=since)
        self.program = "heap_interpreters.py"

    def make(self, interpreter, base):
        if interpreter.emulated:
            raise program.Skip("not under an emulator")
        core, truth = super().make(interpreter, base)
        path = os.path.join(base, "truth.json")
        references = edges.truth_of(path + ".edges")
        with open(path + ".probes") as lines:
            probes = [one for one in lines.read().split() if one in references]
        return core, truth, references, probes

    def run(self, interpreter, base, binary):
        core, truth, references, probes = self.make(interpreter, base)
        options = interpreter.pycore_options(base)
        results, counted, objects = self.ask(binary, core, options)
        if not counted:
            return results
        found = edges.edges_of(edges.tool(), core, interpreter, base,
                               list(references))
        ask = edges.asker(binary, core, options)
        told = [] if len(probes) > 8 else ["only %d probes" % len(probes)]
        for address in probes:
            told += edges.object_differences(ask, references, address)
        return results + [
            ("census", heap.compare_census(truth, counted)),
            ("objects", heap.compare_objects(truth, objects)),
            ("edges", edges.differences(references, found)),
            ("object", told)]


ALL = [
    Inner("interpreters"),
    Inner("interpreters-isolated", arguments=("isolated",), since=(3, 12)),
]

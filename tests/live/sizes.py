"""Sizes: what pycore makes of them against sys.getsizeof(), object by object.

One of everything that an interpreter can build, and all that its collector
knows, before the fork: the child is the core, the parent the truth.
"""
import os
import subprocess

import program

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
LEAST = 1500    # values of its own that the program builds in any version


def values_in(path):
    """How many objects the program built to be measured."""
    with open(path) as lines:
        return sum(1 for line in lines if " value" in line)


class Sizes(program.Program):
    """Every size is known and right, but for those that nobody can know."""

    def run(self, interpreter, base, binary):
        build = os.path.join(ROOT, os.environ.get("BUILD", "build"))
        tool = os.path.join(build, "live", "sizes")
        if not os.access(tool, os.X_OK):
            raise program.Skip("%s is not there; make check-live makes it" %
                               tool)
        if not interpreter.facts["ctypes"]:
            raise program.Skip("this Python has no ctypes")
        if interpreter.emulated:
            raise program.Skip("not under an emulator")
        core, path = program.core_of(interpreter.command, self.program, base)
        with open(path + ".sizes") as truth:
            got = subprocess.run(
                [tool, core, interpreter.sysroot or "", base], stdin=truth,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                universal_newlines=True, timeout=300)
        built = values_in(path + ".sizes")
        return [
            ("values", [] if built >= LEAST else ["only %d" % built]),
            ("sizes", got.stdout.splitlines() if got.returncode else []),
        ]


ALL = [Sizes("sizes", quick=True)]

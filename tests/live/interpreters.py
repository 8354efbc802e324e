"""Every CPython on this machine.

The system's, pyenv's, and those that PYCORE_PYTHONS names: either a list of
executables separated by ':', or a file with lines

    NAME<TAB>COMMAND<TAB>SYSROOT<TAB>EXECUTABLE

where COMMAND runs the interpreter (it may be a wrapper, for a chroot or an
emulator), SYSROOT is where the paths that it sees lie here, and EXECUTABLE is
the program file as seen here; the last two may be missing.
"""
import glob
import json
import os
import re
import subprocess

PROBE = """
import sys, json, sysconfig
try:
    import ctypes
    has_ctypes = True
except ImportError:
    has_ctypes = False
gil = getattr(sys, "_is_gil_enabled", lambda: True)()
print(json.dumps({
    "version": list(sys.version_info[:3]), "release": sys.version.split()[0],
    "debug": hasattr(sys, "gettotalrefcount"), "free_threaded": not gil,
    "implementation": getattr(getattr(sys, "implementation", None), "name",
                              "cpython"),
    "executable": sys.executable, "ctypes": has_ctypes,
    "machine": __import__("os").uname()[4]}))
"""


class Interpreter:
    """One CPython, and how to see its files."""

    def __init__(self, name, command, sysroot=None, executable=None):
        self.name, self.command = name, command
        self.sysroot = None if sysroot in (None, "", "/") else sysroot
        self.executable = executable
        self.facts = None

    def probe(self):
        """Ask it what it is; False: it does not run here."""
        try:
            result = subprocess.run(
                [self.command, "-c", PROBE], stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                timeout=60, cwd="/")
            self.facts = json.loads(result.stdout.decode())
        except (OSError, ValueError, subprocess.SubprocessError):
            return False
        seen = self.facts["executable"]
        if self.sysroot and os.path.exists(seen) and \
                seen.startswith(self.sysroot + "/"):
            self.sysroot = None     # an emulator: its paths are ours
        if not self.executable:
            self.executable = (self.sysroot or "") + seen
        return self.facts["implementation"] == "cpython"

    @property
    def version(self):
        """(3, 12, 1)"""
        return tuple(self.facts["version"])

    @property
    def emulated(self):
        """Does it run under an emulator?"""
        return self.facts["machine"] != os.uname().machine

    def pycore_options(self, directory):
        """What lets pycore see the files that the process saw."""
        if not self.sysroot:
            return []
        return ["--sysroot", self.sysroot, "--search", directory]


def listed(text):
    """The interpreters that PYCORE_PYTHONS names."""
    if not os.path.isfile(text) or os.access(text, os.X_OK):
        return [Interpreter(os.path.basename(path), path)
                for path in text.split(":") if path]
    found = []
    with open(text) as lines:
        for line in lines:
            parts = line.rstrip("\n").split("\t")
            if len(parts) >= 2 and not line.startswith("#"):
                found.append(Interpreter(*parts[:4]))
    return found


def discover(wanted=("",)):
    """All that run and whose name matches one of `wanted`, each once.

    PYCORE_ONLY, a regular expression, leaves out the others.
    """
    only = os.environ.get("PYCORE_ONLY", "")
    candidates = []
    for path in sorted(glob.glob("/usr/bin/python[23].*") +
                       glob.glob("/usr/local/bin/python[23].*")):
        tail = os.path.basename(path)[len("python"):]
        if tail.replace(".", "").rstrip("dt").isdigit():
            candidates.append(Interpreter("system" + tail, path))
    root = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
    for path in sorted(glob.glob(root + "/versions/*/bin/python[23].*")):
        tail = os.path.basename(path)[len("python"):]
        if tail.replace(".", "").rstrip("dt").isdigit():
            candidates.append(Interpreter("pyenv" + tail, path))
    candidates += listed(os.environ.get("PYCORE_PYTHONS", ""))
    found, seen = [], set()
    for one in candidates:
        if any(re.search(w, one.name) for w in wanted) and \
                re.search(only, one.name) and one.probe():
            real = os.path.realpath(one.executable)
            if real not in seen:
                seen.add(real)
                found.append(one)
    return sorted(found, key=lambda i: (i.emulated, i.version, i.name))

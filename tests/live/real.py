"""Real programs of Debian's, where they are installed: the census of each."""
import os
import subprocess

import dump
import edges
import heap
import program
import pycorerun


PROBED = {      # of each one, besides what every program has
    "numpy": ("numpy.ndarray", "numpy.float64"),
    "django": ("django.http.response.HttpResponse",
               "django.core.handlers.wsgi.WSGIRequest"),
    "flask": ("flask.wrappers.Response", "flask.config.ConfigAttribute"),
    "gunicorn": ("gunicorn.config.Config", "gunicorn.workers.sync.SyncWorker"),
}


class Real(heap.Census):
    """heap against what the collector and getsizeof() say."""

    def __init__(self, name):
        super().__init__("real-" + name, arguments=(name,), only=("",))
        self.program = "real.py"
        self.name_of_package = name

    def interpreters(self, found, quick):
        """One for which it is installed, if there is any."""
        for one in found:
            there = dict(os.environ, PYTHONPATH=os.environ.get(
                "PYCORE_REAL", ""))
            if one.version < (3, 8) or one.emulated or one.sysroot:
                continue
            if subprocess.run([one.command, "-c", "import " +
                               self.name_of_package], env=there,
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode == 0:
                return [one]
        return [None]

    def edges(self, interpreter, base, binary):
        """Every reference of the program's heap, and of some objects what
        pycore object says."""
        core, path = program.core_of(
            interpreter.command, self.program, base, self.how,
            self.arguments + ("edges",), environment=self.environment,
            seconds=120)
        truth = edges.truth_of(path)
        found = edges.edges_of(edges.tool(), core, interpreter, base,
                               list(truth))
        ask = edges.asker(binary, core, interpreter.pycore_options(base))
        some, told = edges.sample(truth, PROBED[self.name_of_package] +
                                  ("dict", "list", "function", "type"))
        for address in some:
            told += edges.link_differences(
                ask("--referents", "--referrers", "0x" + address), truth,
                address)
        return [("edges", edges.differences(truth, found)), ("probes", told)]

    def run(self, interpreter, base, binary):
        if not interpreter:
            raise program.Skip("no Python here has %s (Debian: python3-%s)" % (
                self.name_of_package, self.name_of_package))
        self.environment = {"PYTHONPATH": os.environ.get("PYCORE_REAL", "")}
        core, truth = self.make(interpreter, base)
        options = interpreter.pycore_options(base)
        census = pycorerun.run(binary, "heap", "--json", core, *options)
        listed = pycorerun.run(binary, "heap", "--list", "--json", core,
                               *options)
        path, told = dump.written(binary, core, base, options)
        results = [("exit", pycorerun.success(census) + told +
                    pycorerun.success(listed))]
        if results[0][1]:
            return results
        objects = listed.json()["objects"]
        counted = census.json()["heap"]
        return results + self.edges(interpreter, os.path.join(base, "edges"),
                                    binary) + [
            ("census", heap.compare_census(truth, counted)),
            ("objects", heap.compare_objects(truth, objects)),
            ("dump", dump.compare_census(dump.Dump(path), counted, objects))]


ALL = [Real(name) for name in ("django", "flask", "numpy", "gunicorn")]

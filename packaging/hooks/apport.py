"""apport: the Python tracebacks of a crash, as PythonStacktrace.

A general hook (/usr/share/apport/general-hooks/pycore.py).  apport replaces the
names of users and machines in keys that end in Stacktrace.  No variables are in
it.
"""
import os
import subprocess
import tempfile

PYCORE = "pycore"
SECONDS = 60


def write_core(value, out):
    """A core as apport holds it: compressed, in a file, or plain bytes."""
    if hasattr(value, "write"):
        value.write(out)
    elif hasattr(value, "gzipvalue"):
        out.write(value.get_value())
    else:
        out.write(value)


def add_info(report, ui=None):
    """Called by apport; whatever goes wrong, the report stays as it is."""
    if report.get("ProblemType") != "Crash" or not report.get("CoreDump"):
        return
    if "python" not in report.get("ProcMaps", "python"):
        return
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
    with tempfile.TemporaryDirectory(prefix="pycore-apport.") as directory:
        path = os.path.join(directory, "core")
        try:
            with open(path, "wb") as out:
                write_core(report["CoreDump"], out)
            result = subprocess.run([PYCORE, "report", "--quiet", path],
                                    stdin=subprocess.DEVNULL,
                                    stdout=subprocess.PIPE,
                                    stderr=subprocess.DEVNULL,
                                    env=environment, timeout=SECONDS)
        except (OSError, subprocess.SubprocessError, ValueError):
            return
    if result.returncode in (0, 1) and result.stdout:
        report["PythonStacktrace"] = result.stdout.decode("utf-8", "replace")

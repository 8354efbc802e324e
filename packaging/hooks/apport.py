"""apport: the Python tracebacks of a crash, as PythonStacktrace.

A general hook (/usr/share/apport/general-hooks/pycore.py).  apport replaces the
names of users and machines in keys that end in Stacktrace.  No variables are in
it.
"""
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
    try:
        # Without a name: nothing of it stays, whatever becomes of us.
        with tempfile.TemporaryFile() as core:
            write_core(report["CoreDump"], core)
            core.seek(0)
            result = subprocess.run([PYCORE, "report", "--quiet", "-"],
                                    stdin=core, stdout=subprocess.PIPE,
                                    stderr=subprocess.DEVNULL,
                                    env=environment, timeout=SECONDS)
    except (OSError, subprocess.SubprocessError, ValueError):
        return
    if result.returncode in (0, 1) and result.stdout:
        report["PythonStacktrace"] = result.stdout.decode("utf-8", "replace")

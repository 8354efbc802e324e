"""Run pycore as a user would, and check what every run must keep to."""
import json
import os
import subprocess

SECONDS = 120


class Result:
    """Exit code and output of one run."""

    def __init__(self, code, out, err):
        self.code, self.raw, self.err = code, out, err
        self.out = out.decode("utf-8", "surrogateescape")

    def json(self):
        """The document; raises ValueError with a telling text."""
        try:
            return json.loads(self.out)
        except ValueError as error:
            raise ValueError("no JSON (%s), exit code %s, stderr: %s" % (
                error, self.code, self.err[:300]))


def run(binary, *args, stdin=None, env=None, cwd="/"):
    """One run of pycore; a hang is told as exit code None."""
    full = {"PATH": "/usr/bin:/bin", "HOME": "/", "LANG": "C.UTF-8"}
    full.update({k: v for k, v in os.environ.items()
                 if k in ("ASAN_OPTIONS", "UBSAN_OPTIONS")})
    full.update(env or {})
    try:
        result = subprocess.run(
            [binary, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            stdin=stdin or subprocess.DEVNULL, timeout=SECONDS, env=full,
            cwd=cwd)
    except subprocess.TimeoutExpired:
        return Result(None, b"", "no end after %d s" % SECONDS)
    return Result(result.returncode, result.stdout,
                  result.stderr.decode("utf-8", "replace"))


def failure(result, *codes):
    """Differences from a clean failure: the code, one line that says why."""
    found = []
    if result.code not in codes:
        found.append("exit code %s, expected %s; stderr: %s" % (
            result.code, " or ".join(map(str, codes)), result.err[:300]))
    lines = result.err.splitlines()
    if len(lines) != 1:
        found.append("stderr has %d lines, expected one: %r" % (
            len(lines), result.err[:300]))
    elif len(lines[0]) < 15:
        found.append("stderr says too little: %r" % lines[0])
    if result.raw:
        found.append("stdout is not empty: %r" % result.raw[:100])
    return found


def success(result, *codes):
    """Differences from a run that gave an answer."""
    codes = codes or (0,)
    if result.code in codes:
        return []
    return ["exit code %s, expected %s; stderr: %s" % (
        result.code, " or ".join(map(str, codes)), result.err[:500])]


def survived(result):
    """Whatever the input: an answer or a clean refusal, never a crash."""
    if result.code in (0, 1):
        return []
    if result.code == 3:
        return failure(result, 3)
    return ["exit code %s; stderr: %s" % (result.code, result.err[:500])]

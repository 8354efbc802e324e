#!/usr/bin/env python3
"""Every format of `pycore report` on every committed core, by its readers' rules.

The rules are those of satyr, FAF, Sentry's relay, OTLP and apport, as their
sources check them; docs/reports.md names them.  Then fingerprints: of real
crashes that are the same, and that are not.
"""
import datetime
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "fixtures"))

import make_core    # noqa: E402

PYCORE = os.path.abspath(os.environ.get("PYCORE",
                                        os.path.join(ROOT, "pycore")))
HEX32 = re.compile("^[0-9a-f]{32}$")
ADDRESS = re.compile("^0x[0-9a-f]+$")


def report(core, form, *options):
    """(exit code, bytes) of a report."""
    result = subprocess.run([PYCORE, "report", "--format", form, core,
                             *options], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, timeout=60)
    assert not result.stderr, result.stderr
    return result.returncode, result.stdout


def satyr_frames(frames):
    """python_frame.c and FAF's problemtypes/python.py."""
    assert frames
    for frame in frames:
        assert isinstance(frame["file_line"], int) and frame["file_line"] >= 0
        assert ("file_name" in frame) != ("special_file" in frame)
        assert ("function_name" in frame) != ("special_function" in frame)
        for value in frame.values():
            assert value == 0 or value


def check_satyr_python(text, bt):
    """Innermost first; the crash as an exception."""
    document = json.loads(text)
    assert re.match(r"^[a-zA-Z0-9_\.]{1,256}$", document["exception_name"])
    satyr_frames(document["stacktrace"])
    crashed = ([t for t in bt["threads"] if t["crashed"]] or
               bt["threads"])[0]
    python = [f for f in crashed["frames"] if f["kind"] != "native"]
    assert len(document["stacktrace"]) == len(python)
    assert document["stacktrace"][0]["file_line"] == (python[-1]["line"] or 0)


def check_satyr_core(text, bt):
    """core_stacktrace.c: numbers in decimal, one thread crashed."""
    document = json.loads(text)
    assert document["signal"] == (bt["process"]["signal"] or
                                  {"number": 0})["number"]
    threads = document["stacktrace"]
    assert [t.get("crash_thread") for t in threads].count(True) == 1
    for thread in threads:
        assert thread["frames"]
        for frame in thread["frames"]:
            assert 0 <= frame["build_id_offset"] <= frame["address"] < 2 ** 64
            assert re.match("^([0-9a-f]{2})+$", frame.get("build_id", "00"))


def check_ureport(text, bt):
    """FAF's ureport.py."""
    document = json.loads(text)
    assert document["ureport_version"] == 2
    assert set(document["reporter"]) == {"name", "version"}
    assert {"name", "version", "architecture"} <= set(document["os"])
    problem = document["problem"]
    assert problem["type"] == "python" and problem["serial"] == 1
    assert re.match(r"^[a-zA-Z0-9\-\._]+$", problem["component"])
    assert {type(v) for v in problem["user"].values()} == {bool}
    satyr_frames(problem["stacktrace"])
    assert document["packages"] == []


def check_sentry(text, bt):
    """An envelope with one event: relay-event-schema's types."""
    head, item, rest = text.split(b"\n", 2)
    item = json.loads(item)
    assert item["type"] == "event" and rest[item["length"]:] == b"\n"
    event = json.loads(rest[:item["length"]])
    assert event["event_id"] == json.loads(head)["event_id"]
    assert HEX32.match(event["event_id"]) and event["level"] == "fatal"
    *earlier, exception = event["exception"]["values"]
    for other in earlier:
        assert other["type"] and other["mechanism"]["parent_id"] == \
            exception["mechanism"]["exception_id"]
    assert exception["mechanism"]["type"]
    assert exception["mechanism"]["handled"] is False
    assert exception["thread_id"] == event["threads"]["values"][0]["id"]
    assert len(event["threads"]["values"]) == len(bt["threads"]) + \
        sum(bool(t["frames"]) for t in bt["native_threads"])
    stacks = [exception] + event["threads"]["values"][1:]
    for stack in stacks:
        for frame in stack["stacktrace"]["frames"]:
            if frame["platform"] == "native":
                assert ADDRESS.match(frame["instruction_addr"])
                assert frame["function"]
                continue
            assert frame["platform"] == "python"
            assert frame["function"] and frame["filename"]
            assert frame.get("lineno", 1) > 0 and frame.get("colno", 1) > 0
    for image in event["debug_meta"]["images"]:
        assert image["type"] == "elf" and ADDRESS.match(image["image_addr"])
        fields = image["debug_id"].split("-")
        assert [len(f) for f in fields] == [8, 4, 4, 4, 12]
        code = image["code_id"]
        assert bytes.fromhex(fields[0])[::-1].hex() == code[:8]
        assert fields[4] == code[20:32].ljust(12, "0")


def attributes(listed):
    """OTLP's list of keys and typed values as a dict."""
    result = {}
    for attribute in listed:
        [(kind, value)] = attribute["value"].items()
        assert kind in ("stringValue", "intValue") and isinstance(value, str)
        assert attribute["key"] not in result
        result[attribute["key"]] = value
    return result


def check_otel(text, bt):
    """OTLP/JSON, one line of a file that the Collector reads."""
    [resource] = json.loads(text)["resourceLogs"]
    named = attributes(resource["resource"]["attributes"])
    assert named["process.runtime.name"] == "cpython"
    assert named["process.pid"] == str(bt["process"]["pid"])
    [scope] = resource["scopeLogs"]
    [record] = scope["logRecords"]
    assert record["severityNumber"] == 21
    assert record["body"]["stringValue"]
    named = attributes(record["attributes"])
    assert named["exception.stacktrace"].startswith("Traceback (most recent")
    assert named["exception.type"] and named["exception.message"]


def check_apport(text, bt):
    """problem_report.py: keys, and lines that go on behind one space."""
    keys = {}
    for line in text.decode().splitlines():
        if line.startswith(" "):
            keys[last] += line[1:] + "\n"   # noqa: F821
            continue
        last, colon, value = line.partition(":")
        assert re.match("^[A-Za-z0-9._-]+$", last) and colon
        assert last not in keys
        keys[last] = value.strip()
    assert keys["ProblemType"] == "Crash" and keys["ExecutablePath"]
    if "Date" in keys:
        datetime.datetime.strptime(keys["Date"], "%a %b %d %H:%M:%S %Y")
    assert keys["PythonStacktrace"].count("Traceback (most recent") == \
        len(bt["threads"])


def check_json(text, bt):
    """bt's own document, and more."""
    document = json.loads(text)
    assert HEX32.match(document.pop("fingerprint")["hash"])
    assert document.pop("title")
    assert document["pycore"]["command"] == "report"
    for key in set(bt) - {"pycore", "notes"}:
        assert document[key] == bt[key], key


def check_text(text, bt):
    """Each thread's traceback, in Python's own form."""
    lines = text.decode().splitlines()
    assert lines.count("Traceback (most recent call last):") == \
        len(bt["threads"])
    frames = sum(f["kind"] != "native" for t in bt["threads"]
                 for f in t["frames"])
    frame = re.compile(r'^  File "[^"\n]*", line \d+, in \S')
    folded = re.findall(r"Previous line repeated (\d+) more", text.decode())
    assert sum(bool(frame.match(line)) for line in lines) + \
        sum(map(int, folded)) == frames
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", text)


def check_markdown(text, bt):
    """Fences come in pairs, and hold tracebacks and nothing else."""
    parts = text.decode().split("```\n")
    assert len(parts) == 2 * len(bt["threads"]) + 1
    for part in parts[1::2]:
        assert part.startswith("Traceback (most recent call last):\n")
    for part in parts[0::2]:
        assert "<" not in re.sub("</?(details|summary)>", "", part)


CHECKS = {"json": check_json, "text": check_text,
          "markdown": check_markdown, "gitlab": check_markdown,
          "apport": check_apport, "satyr-python": check_satyr_python,
          "satyr-core": check_satyr_core, "ureport": check_ureport,
          "sentry": check_sentry, "otel": check_otel}

PROGRAM = """
import ctypes, os, sys
%s
class Shop:
    def sell(self, depth):
        if depth:
            return self.sell(depth - 1)
        %s
        return %s

def main():
    Shop().sell(%d)

main()
"""
READ = "ctypes.string_at(0)"
KILL = "os.abort()"


def fingerprint(directory, name, *values):
    """Of a real crash of such a program, at its own place."""
    place = os.path.join(directory, name)
    os.mkdir(place)
    with open(os.path.join(place, "shop.py"), "w") as out:
        out.write(PROGRAM % values)
    subprocess.run(["/usr/bin/python3", os.path.join(place, "shop.py")],
                   cwd=place, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL,
                   preexec_fn=make_core.allow_cores)
    [core] = [f for f in os.listdir(place) if f.startswith("core")]
    return json.loads(report(os.path.join(place, core),
                             "json")[1])["fingerprint"]["hash"]


def check_fingerprints(tally):
    """The same crash elsewhere, and others."""
    with tempfile.TemporaryDirectory(prefix="pycore-test.") as directory:
        one = fingerprint(directory, "one", "", "x = 1", READ, 3)
        for name, values in (("elsewhere", ("", "x = 1", READ, 3)),
                             ("lines-shifted", ("#\n#\n#", "x = 1", READ, 3)),
                             ("within-too", ("", "x = 1\n\n", READ, 3)),
                             ("deeper", ("", "x = 1", READ, 300))):
            tally("the same crash " + name,
                  fingerprint(directory, name, *values) == one)
        for name, values in (("other-signal", ("", "x = 1", KILL, 3)),
                             ("other-function",
                              ("", "x = 1", "(lambda: %s)()" % READ, 3))):
            tally("another crash, " + name,
                  fingerprint(directory, name, *values) != one)


def main():
    """All of it."""
    counts = [0, 0]

    def tally(name, good, why=""):
        counts[not good] += 1
        if not good:
            print("FAILED: %s %s" % (name, why))

    for packed in sorted(glob.glob(os.path.join(ROOT, "fixtures", "cores",
                                                "*.core.zst"))):
        name = os.path.basename(packed)
        result = subprocess.run([PYCORE, "bt", "--json", packed],
                                stdout=subprocess.PIPE, timeout=60)
        bt = json.loads(result.stdout)
        if not bt["threads"]:
            continue
        for form, check in CHECKS.items():
            try:
                code, text = report(packed, form)
                assert code == result.returncode, (code, result.returncode)
                check(text, bt)
                tally(name, True)
            except (AssertionError, KeyError, ValueError) as error:
                tally("%s %s" % (name, form), False, repr(error))
    skipped = 0
    if make_core.kernel_writes_cores() and os.path.exists("/usr/bin/python3"):
        check_fingerprints(tally)
    else:
        skipped = 6
        print("skipped: no cores can be made here")
    print("%d passed, %d failed, %d skipped" % (*counts, skipped))
    return 1 if counts[1] else 0


if __name__ == "__main__":
    sys.exit(main())

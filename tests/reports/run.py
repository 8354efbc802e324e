#!/usr/bin/env python3
"""Every format of `pycore report` on every committed core, by its readers' rules.

The rules are those of satyr, FAF, Sentry's relay, OTLP and apport, as their
sources check them; docs/reports.md names them.  Then fingerprints: of real
crashes that are the same, and that are not.
"""
import ctypes
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


def text(value, most=0):
    """A JSON string that is there, of at most so many characters."""
    return isinstance(value, str) and value and (not most or
                                                 len(value) <= most)


def is_number(value, least=0, most=2 ** 64 - 1):
    """A JSON integer within bounds; true and false are none."""
    return type(value) is int and least <= value <= most


def satyr_frames(frames):
    """python_frame.c: sr_python_frame_from_json()."""
    assert frames
    for frame in frames:
        assert is_number(frame.get("file_line", 0), 0, 2 ** 32 - 1)
        assert ("file_name" in frame) != ("special_file" in frame)
        assert ("function_name" in frame) != ("special_function" in frame)
        for key in set(frame) - {"file_line"}:
            assert key in ("file_name", "special_file", "function_name",
                           "special_function", "line_contents")
            assert text(frame[key])
        for key in ("special_file", "special_function"):
            assert "<" not in frame.get(key, "")
        assert not re.match("/home/(?!anonymized)", frame.get("file_name", ""))


def check_satyr_python(text, bt):
    """Innermost first; the crash as an exception."""
    document = json.loads(text)
    assert set(document) == {"exception_name", "stacktrace"}
    assert re.match(r"^[a-zA-Z0-9_\.]{1,256}$", document["exception_name"])
    satyr_frames(document["stacktrace"])
    crashed = ([t for t in bt["threads"] if t["crashed"]] or
               bt["threads"])[0]
    python = [f for f in crashed["frames"] if f["kind"] != "native"]
    assert len(document["stacktrace"]) == len(python)
    assert document["stacktrace"][0].get("file_line") == python[-1]["line"]


def core_threads(threads):
    """core_stacktrace.c, core_thread.c, core_frame.c; and what FAF's
    problemtypes/core.py adds: one thread crashed, no thread is empty."""
    assert [t.get("crash_thread") for t in threads].count(True) == 1
    for thread in threads:
        assert set(thread) <= {"crash_thread", "frames"} and thread["frames"]
        for frame in thread["frames"]:
            assert set(frame) <= {"address", "build_id", "build_id_offset",
                                  "function_name", "file_name"}
            assert is_number(frame["address"])
            assert is_number(frame["build_id_offset"], 0, frame["address"])
            assert re.match("^([0-9a-f]{2}){1,32}$",
                            frame.get("build_id", "00"))
            assert text(frame.get("file_name", "-"), 512)
            assert text(frame.get("function_name", "-"), 32768)


def check_satyr_core(text, bt):
    """Numbers in decimal."""
    document = json.loads(text)
    assert set(document) <= {"signal", "executable", "stacktrace"}
    assert is_number(document["signal"], 0, 65535)
    assert document["signal"] == (bt["process"]["signal"] or
                                  {"number": 0})["number"]
    core_threads(document["stacktrace"])


def faf_frames(frames):
    """problemtypes/python.py: every frame has a file_name, a line counts
    from 1, a function's name begins as an ASCII name does."""
    assert frames
    for frame in frames:
        assert text(frame["file_name"], 512)
        assert is_number(frame.get("file_line", 1), 1)
        name = frame.get("function_name", frame.get("special_function"))
        assert text(name, 32768)


def check_ureport(body, bt):
    """FAF's ureport.py, and the plugins' own rules."""
    document = json.loads(body)
    assert set(document) == {"ureport_version", "reason", "reporter", "os",
                             "problem", "packages", "auth"}
    assert document["ureport_version"] == 2 and text(document["reason"], 512)
    assert re.match("^[a-zA-Z0-9 ]{1,64}$", document["reporter"]["name"])
    assert re.match(r"^[a-zA-Z0-9_.\- ]{1,64}$",
                    document["reporter"]["version"])
    assert re.match("^[a-z0-9._-]{1,32}$", document["os"]["name"])
    assert re.match(r"^[a-zA-Z0-9_.\-+~]{1,32}$", document["os"]["version"])
    assert re.match("^[a-zA-Z0-9_]{1,8}$", document["os"]["architecture"])
    problem = document["problem"]
    assert problem["serial"] == 1
    assert re.match(r"^[a-zA-Z0-9\-._]{1,256}$", problem["component"])
    assert set(problem["user"]) == {"root", "local"}
    assert {type(v) for v in problem["user"].values()} == {bool}
    if problem["type"] == "python":
        assert re.match(r"^[a-zA-Z0-9_.]{1,256}$", problem["exception_name"])
        faf_frames(problem["stacktrace"])
    else:
        assert problem["type"] == "core" and text(problem["executable"], 512)
        assert is_number(problem["signal"], 0, 65535)
        core_threads(problem["stacktrace"])
    assert document["packages"] == [] and document["auth"] == {}


def check_sentry(text, bt):
    """An envelope with one event: relay-event-schema's types."""
    head, item, rest = text.split(b"\n", 2)
    item = json.loads(item)
    assert item["type"] == "event" and rest[item["length"]:] == b"\n"
    event = json.loads(rest[:item["length"]])
    assert event["event_id"] == json.loads(head)["event_id"]
    assert len(rest) < 1 << 20
    typed(event, SENTRY)
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
    typed(json.loads(text), OTEL)
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


def members(value, path=""):
    """(path, value) of everything in a document; [] stands for any index."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from members(inner, "%s.%s" % (path, key))
    elif isinstance(value, list):
        for inner in value:
            yield from members(inner, path + "[]")
    else:
        yield path, value


def typed(document, rules):
    """Each member is one that a rule knows, and of its type."""
    for path, value in members(document):
        for pattern, rule in rules:
            if re.fullmatch(pattern, path):
                good = rule(value)
                break
        else:
            good = False
        assert good, (path, value)


def is_text(value):
    """A string; empty ones are left out by who writes them."""
    return isinstance(value, str)


def is_address(value):
    """What relay's Addr takes as a string."""
    return isinstance(value, str) and ADDRESS.match(value)


def is_bool(value):
    """true or false."""
    return isinstance(value, bool)


def one_of(*values):
    """An enumeration."""
    return values.__contains__


# relay-event-schema's protocol/*.rs; and the limits that relay's
# event normalization cuts at.
FRAME = r"\.(exception|threads)\.values\[\]\.stacktrace\.frames\[\]\."
SENTRY = [
    (r"\.event_id", HEX32.match),
    (r"\.level", one_of("fatal")),
    (r"\.platform", one_of("python")),
    (r"\.timestamp", is_number),
    (r"\.logger", lambda v: is_text(v) and len(v) <= 64),
    (r"\.transaction", lambda v: is_text(v) and 0 < len(v) <= 200),
    (r"\.server_name|\.release|\.environment", is_text),
    (r"\.fingerprint\[\]", text),
    (r"\.sdk\.(name|version)", text),
    (r"\.tags\..*", lambda v: is_text(v) and len(v) <= 200),
    (r"\.contexts\.(device|os|runtime|app)\.\w+", is_text),
    (r"\.modules\..*", is_text),
    (r"\.extra\..*", lambda v: True),
    (r"\.exception\.values\[\]\.(type|value|module)", is_text),
    (r"\.exception\.values\[\]\.thread_id", is_number),
    (r"\.exception\.values\[\]\.mechanism\.type",
     lambda v: text(v, 128)),
    (r"\.exception\.values\[\]\.mechanism\.source", is_text),
    (r"\.exception\.values\[\]\.mechanism\.(exception_id|parent_id)",
     is_number),
    (r"\.exception\.values\[\]\.mechanism\.(handled|synthetic)", is_bool),
    (r"\.exception\.values\[\]\.mechanism\.meta\.signal\.(number|code)",
     lambda v: type(v) is int),
    (r"\.exception\.values\[\]\.mechanism\.meta\.signal\.(code_)?name", text),
    (r"\.exception\.values\[\]\.mechanism\.data\..*", lambda v: True),
    (r"\.threads\.values\[\]\.id", is_number),
    (r"\.threads\.values\[\]\.name", lambda v: v is None or is_text(v)),
    (r"\.threads\.values\[\]\.(crashed|current|main)", is_bool),
    (r"\.threads\.values\[\]\.state", is_text),
    (FRAME + "(abs_path|filename|function|module|package|context_line|"
             "raw_function)", is_text),
    (FRAME + "(pre|post)_context" + r"\[\]", is_text),
    (FRAME + "platform", one_of("python", "native")),
    (FRAME + "(lineno|colno)", lambda v: is_number(v, 1)),
    (FRAME + "in_app", is_bool),
    (FRAME + "(instruction_addr|image_addr|symbol_addr)", is_address),
    (FRAME + r"vars\..*", lambda v: True),
    (r"\.debug_meta\.images\[\]\.type", one_of("elf")),
    (r"\.debug_meta\.images\[\]\.(code_file|arch)", text),
    (r"\.debug_meta\.images\[\]\.code_id",
     re.compile("([0-9a-f]{2})+").fullmatch),
    (r"\.debug_meta\.images\[\]\.debug_id",
     re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch),
    (r"\.debug_meta\.images\[\]\.image_addr", is_address),
    (r"\.debug_meta\.images\[\]\.image_size", is_number),
]

# opentelemetry-proto's logs/v1 and common/v1, in proto3's JSON: 64-bit
# integers are strings, enumerations are numbers.
DIGITS = re.compile("[0-9]{1,19}").fullmatch
VALUE = r"(\.arrayValue\.values\[\])?"
OTEL = [
    (r"\.resourceLogs\[\](\.scopeLogs\[\])?\.schemaUrl", is_text),
    (r".*\.attributes\[\]\.key", text),
    (r".*\.attributes\[\]\.value" + VALUE + r"\.stringValue", is_text),
    (r".*\.attributes\[\]\.value" + VALUE + r"\.intValue", DIGITS),
    (r".*\.attributes\[\]\.value" + VALUE + r"\.boolValue", is_bool),
    (r"\.resourceLogs\[\]\.scopeLogs\[\]\.scope\.(name|version)", text),
    (r".*\.logRecords\[\]\.(observedT|t)imeUnixNano", DIGITS),
    (r".*\.logRecords\[\]\.severityNumber", lambda v: is_number(v, 1, 24)),
    (r".*\.logRecords\[\]\.(severityText|eventName)", text),
    (r".*\.logRecords\[\]\.body\.stringValue", text),
]


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


def fixed_addresses():
    """In the child: nothing is where it was in other runs."""
    make_core.allow_cores()
    ctypes.CDLL(None).personality(0x0040000)    # ADDR_NO_RANDOMIZE


def fingerprint(directory, name, values, script="shop.py", program=PROGRAM,
                prepare=make_core.allow_cores):
    """Of a real crash of such a program, at its own place."""
    place = os.path.join(directory, name)
    os.mkdir(place)
    with open(os.path.join(place, script), "w") as out:
        out.write(program % values)
    subprocess.run(["/usr/bin/python3", os.path.join(place, script)],
                   cwd=place, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, preexec_fn=prepare)
    [core] = [f for f in os.listdir(place) if f.startswith("core")]
    return json.loads(report(os.path.join(place, core),
                             "json")[1])["fingerprint"]["hash"]


def check_fingerprints(tally):
    """The same crash elsewhere, and others."""
    values = ("", "x = 1", READ, 3)
    with tempfile.TemporaryDirectory(prefix="pycore-test.") as directory:
        one = fingerprint(directory, "one", values)
        for name, changed in (("elsewhere", values),
                              ("lines-shifted", ("#\n#\n#", "x = 1", READ, 3)),
                              ("within-too", ("", "x = 1\n\n", READ, 3)),
                              ("deeper", ("", "x = 1", READ, 300))):
            tally("the same crash " + name,
                  fingerprint(directory, name, changed) == one)
        tally("the same crash at other addresses",
              fingerprint(directory, "addresses", values,
                          prepare=fixed_addresses) == one)
        for name, changed in (("other-signal", ("", "x = 1", KILL, 3)),
                              ("other-function",
                               ("", "x = 1", "(lambda: %s)()" % READ, 3))):
            tally("another crash, " + name,
                  fingerprint(directory, name, changed) != one)
        tally("another crash, of another file",
              fingerprint(directory, "file", values, script="bank.py") != one)
        tally("another crash, of another class",
              fingerprint(directory, "class", values,
                          program=PROGRAM.replace("Shop", "Bank")) != one)
        tally("another crash, called by another",
              fingerprint(directory, "caller", values,
                          program=PROGRAM.replace("main", "test")) != one)


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
        skipped = 10
        print("skipped: no cores can be made here")
    print("%d passed, %d failed, %d skipped" % (*counts, skipped))
    return 1 if counts[1] else 0


if __name__ == "__main__":
    sys.exit(main())

"""Compare what pycore says of a core with what the process itself knew.

Each function returns a list of differences, as lines; an empty list is
success.  `truth` is the document of fixtures/programs/truth.py.
"""
import re

POSITION = ("line", "end_line", "column", "end_column")
HEADER = re.compile(r"^Thread (\d+)")


def short(value, size=300):
    """A value for a message."""
    text = ascii(value)
    return text if len(text) <= size else text[:size] + "..."


def differ(what, expected, got):
    """One difference."""
    return "%s: expected %s, got %s" % (what, short(expected), short(got))


def process(truth, document):
    """The parts of the document that are not threads."""
    found = []

    def check(what, expected, got):
        if expected != got:
            found.append(differ(what, expected, got))

    head = document.get("pycore") or {}
    check("pycore.format", 1, head.get("format"))
    check("pycore.command", "bt", head.get("command"))
    if not isinstance(document.get("notes"), list):
        found.append("notes: not a list")
    proc = document.get("process") or {}
    python = proc.get("python") or {}
    check("process.pid", truth["pid"], proc.get("pid"))
    check("process.python.implementation", "cpython",
          python.get("implementation"))
    check("process.python.version", truth["release"].rstrip("+"),
          str(python.get("version")).rstrip("+"))
    check("process.python.debug", truth["debug"], python.get("debug"))
    check("process.python.free_threaded", truth["free_threaded"],
          python.get("free_threaded"))
    check("process.truncated", False, proc.get("truncated"))
    argv = proc.get("argv") or []
    if truth["argv"]:
        check("process.argv", truth["argv"], argv[-len(truth["argv"]):])
    if truth["how"] != "gcore":
        number = (proc.get("signal") or {}).get("number")
        check("process.signal.number", truth["signal"], number)
    return found


def frame(truth, got, where, has_positions):
    """One frame; without its locals."""
    keys = ["file", "line", "name"]
    if has_positions:
        keys += ["end_line", "column", "end_column", "qualname"]
    found = [differ("%s.%s" % (where, key), truth[key], got.get(key))
             for key in keys if truth[key] != got.get(key)]
    if got.get("kind") != "python":
        found.append(differ(where + ".kind", "python", got.get("kind")))
    return found


def thread(truth, got, has_positions):
    """One thread; without locals."""
    where = "thread %s" % (truth["name"] or truth["tid"])
    found = []
    for key in ("name", "crashed"):
        if truth[key] != got.get(key):
            found.append(differ("%s.%s" % (where, key), truth[key],
                                got.get(key)))
    if truth["crashed"] and truth["handling"] != got.get("handling"):
        found.append(differ(where + ".handling", truth["handling"],
                            got.get("handling")))
    pthread = got.get("pthread")
    if isinstance(pthread, str):
        pthread = int(pthread, 16)
    if pthread != truth["ident"]:
        found.append(differ(where + ".pthread", truth["ident"], pthread))
    frames = [f for f in got.get("frames") or [] if f["kind"] == "python"]
    wanted = truth["frames"]
    if truth["moving"]:     # only the frames that stand still
        count = moving_depth(wanted)
        wanted, frames = wanted[:count], frames[:count]
        for item in wanted[-1:]:
            for key in POSITION:
                item[key] = frames[-1].get(key) if frames else None
    names = [f["name"] for f in wanted]
    got_names = [f.get("name") for f in frames]
    if names != got_names:
        found.append(differ(where + " frames", names, got_names))
        return found
    for number, (one, other) in enumerate(zip(wanted, frames)):
        at = "%s frame %d (%s)" % (where, number, one["name"])
        found += frame(one, other, at, has_positions)
    return found


def moving_depth(frames):
    """How many of a moving thread's frames certainly stay: up to ours."""
    for number, one in enumerate(frames):
        if one["file"].endswith("threads.py"):
            return number + 1
    return 1


def threads(truth, document, others=0):
    """All threads; `others` more may be there than Python told of."""
    has_positions = tuple(truth["version_info"]) >= (3, 11)
    found = []
    by_tid = {}
    for item in document.get("threads") or []:
        by_tid.setdefault(item.get("tid"), []).append(item)
    for item in truth["threads"]:
        candidates = by_tid.pop(item["tid"], [])
        if not candidates:
            found.append("thread %s (tid %s): missing; there are %s" % (
                item["name"], item["tid"], sorted(map(str, by_tid))))
            continue
        found += thread(item, candidates[-1], has_positions)
    extra = sum(len(rest) for rest in by_tid.values())
    if extra != others:
        found.append(differ("threads that Python did not know", others,
                            extra))
    listed = document.get("threads") or []
    if any(t["crashed"] for t in truth["threads"]) and listed and \
            not listed[0].get("crashed"):
        found.append("the crashed thread does not come first")
    return found


def holder(truth, document):
    """Who holds the GIL: the dying thread when it died in Python's hands."""
    if truth["free_threaded"]:
        return []
    holders = [t.get("tid") for t in document["threads"]
               if t.get("holds_gil")]
    crashed = [t["tid"] for t in truth["threads"] if t["crashed"]]
    if truth["how"] in ("segv-nogil", "gcore"):
        return [differ("holds_gil", [], holders)] \
            if set(holders) & set(crashed) else []
    return [] if holders == crashed else \
        [differ("holds_gil", crashed, holders)]


def one_local(truth, got, where):
    """One variable."""
    found = [differ("%s.%s" % (where, key), truth[key], got.get(key))
             for key in ("kind", "type", "address")
             if truth[key] != got.get(key)]
    if not truth["repr"]:
        return found
    text = got.get("repr")
    if got.get("cut"):
        stem = (text or "").rstrip(".\u2026")
        good = len(stem) >= 900 and any(
            r.startswith(stem) for r in truth["repr"])
        if not good:
            good = any(len(r) > 1000 and r[:900] == stem[:900]
                       for r in truth["repr"])
    else:
        good = text in truth["repr"]
    if not good:
        found.append(differ(where + ".repr", truth["repr"], text))
    return found


def frame_locals(truth, got, where, ordered):
    """The variables of a frame, their order too."""
    if truth["locals"] is None:
        return []
    # a comprehension's own variable may have a name like ".0"
    wanted = [v for v in truth["locals"] if not v["name"].startswith(".")]
    listed = [v for v in got.get("locals") or []
              if not str(v.get("name")).startswith(".")]
    names = [v["name"] for v in wanted]
    got_names = [v.get("name") for v in listed]
    if (names != got_names) if ordered else \
            (sorted(names) != sorted(map(str, got_names))):
        return [differ(where + " locals", names, got_names)]
    by_name = {v["name"]: v for v in listed}
    found = []
    for value in wanted:
        found += one_local(value, by_name[value["name"]],
                           "%s local %s" % (where, value["name"]))
    return found


def all_locals(truth, document):
    """Every variable of every frame of every thread that stands still."""
    version = tuple(truth["version_info"])
    found = []
    by_tid = {t.get("tid"): t for t in document["threads"]}
    for item in truth["threads"]:
        got = by_tid.get(item["tid"])
        if item["moving"] or not got:
            continue
        frames = [f for f in got["frames"] if f["kind"] == "python"]
        if len(frames) != len(item["frames"]):
            found.append("thread %s: other frames" % item["name"])
            continue
        for one, other in zip(item["frames"], frames):
            where = "%s/%s" % (item["name"], one["name"])
            # before 3.6 a namespace has no order
            ordered = version >= (3, 6) or not one["namespace"]
            found += frame_locals(one, other, where, ordered)
    return found


def blocks(text):
    """{tid: traceback lines} of pycore's text; notes are left out."""
    found, tid, inside = {}, None, False
    for line in text.splitlines():
        header = HEADER.match(line)
        if header:
            tid, inside = int(header.group(1)), False
            found.setdefault(tid, [])
        elif line.startswith("Traceback (most recent call last):"):
            inside = True
        elif inside and line.startswith("  "):
            found[tid].append(line)
        else:
            inside = False
    return found


def text_blocks(truth, text, sources=True):
    """The text of each thread against this Python's own traceback."""
    found = []
    shown = blocks(text)
    for item in truth["threads"]:
        if item["moving"]:
            continue
        got, wanted = shown.get(item["tid"]), item["text"]
        if got is None:
            found.append("thread %s: not in the text" % item["tid"])
            continue
        if not sources:
            wanted, got = ([line for line in lines if line[2:3] in "F["]
                           for lines in (wanted, got))
        for number, (one, other) in enumerate(zip(wanted, got)):
            if one.rstrip() != other.rstrip():
                found.append("thread %s, traceback line %d:\n"
                             "      expected %s\n      got      %s" % (
                                 item["name"], number + 1, one, other))
                break
        else:
            if len(wanted) != len(got):
                found.append(differ("thread %s: traceback lines" %
                                    item["name"], len(wanted), len(got)))
    return found

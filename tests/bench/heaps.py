"""Rows of tests/bench/run about heaps, and their peers: chap, meliae."""
import collections
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys

MELIAE_OBJECTS = 10 ** 6

Figure = collections.namedtuple("Figure", "cpu wall memory")

# Data as fixtures/programs/heap.py makes it, and meliae's own scan. Nothing of
# ctypes: meliae dies of its types.
SCAN = """
import sys, time
from meliae import scanner
class Record(object):
    def __init__(self, number):
        self.number = number
        self.name = "record %d" % number
data = [[n, str(n), (n, n + 0.5), {"id": n}, Record(n)]
        for n in range(int(sys.argv[1]) // 8)]
begin = time.process_time()
scanner.dump_all_objects(sys.argv[2])
print(time.process_time() - begin)
"""


def census(table, one_run, pycore, name, core, objects, runs):
    """heap --summarize against reading the core, in turn."""
    mine = [pycore, "heap", core]
    one_run(mine, "/dev/null")
    pairs = [(one_run(mine, "/dev/null"), one_run(["sh", "-c", "cat %s | "
              "wc -c" % shlex.quote(core)], "/dev/null"))
             for _ in range(runs)]
    cpu, wall, _ = (statistics.median(column) for column in
                    zip(*[a for a, _ in pairs]))
    read = statistics.median(b[0] for _, b in pairs)
    own = one_run(mine, "/dev/null", "--own")[2] / 1024
    table.row(name + ": heap", Figure(cpu / 1e3, wall / 1e3, own),
              memory=max(16, 2 * objects / 2 ** 20))
    table.ratio(name + ": heap / cat | wc -c", cpu / read,
                max(3, 40e-3 * objects / read), False)
    alone = statistics.median(
        one_run([*mine, "--jobs", "1"], "/dev/null")[1] for _ in range(runs))
    print("%-44s %9.2f times" % (name + ": heap, 1 thread / all",
                                 alone / wall))


def references(table, one_run, pycore, name, core, objects, runs):
    """All references walked once, and the ways to an object: wall clock."""
    threads = json.loads(subprocess.run(
        [pycore, "bt", "--json", core], stdout=subprocess.PIPE,
        check=True).stdout.decode())["threads"]
    path = "thread %d.frame 1.local data[%d][4].name" % (
        [t["tid"] for t in threads if t["crashed"]][0], objects // 8 - 1)
    for option, goal, each in ("--referrers", 2, 8), ("--why", 5, 60):
        command = [pycore, "object", option, core, path]
        results = [one_run(command, "/dev/null")
                   for _ in range(runs + 1)][1:]
        cpu, wall, _ = (statistics.median(column) for column in zip(*results))
        own = one_run(command, "/dev/null", "--own")[2] / 1024
        table.row("%s: object %s" % (name, option), Figure(
            cpu / 1e3, wall / 1e3, own),
            memory=max(16, each * objects / 2 ** 20))
        table.ratio("%s: object %s, s" % (name, option), wall / 1e6, goal,
                    False)


def dump(table, one_run, pycore, name, core, objects):
    """heap --dump: MB a second, and our own memory."""
    path = core + ".json"
    command = [pycore, "heap", "--dump", path, core]
    cpu = sorted(one_run(command, "/dev/null")[0] for _ in range(3))[1]
    own = one_run(command, "/dev/null", "--own")[2] * 1024
    size = os.path.getsize(path)
    os.unlink(path)
    table.ratio("%s: heap --dump, MB a CPU second" % name, size / cpu, 150,
                True)
    print("%-44s %9.1f bytes an object, of its own" % (
        name + ": heap --dump", own / objects))


def chap(table, one_run, pycore, name, core):
    """chap's `summarize used` on the same core, where it is installed."""
    if not shutil.which("chap"):
        print("%s: chap is not installed" % name)
        return
    words = ["sh", "-c", "echo summarize used | timeout 600 chap " +
             shlex.quote(core)]
    theirs = one_run(words, "/dev/null")
    mine = one_run([pycore, "heap", core], "/dev/null")
    table.ratio(name + ": chap summarize / heap", theirs[0] / mine[0], 1, True)


def meliae(table, one_run, pycore, core_of):
    """meliae's scan of a live process against --dump of its core."""
    there = os.environ.get("PYCORE_MELIAE", "")
    python = os.environ.get("PYCORE_MELIAE_PYTHON", sys.executable)
    environment = dict(os.environ, PYTHONPATH=there)
    if subprocess.run([python, "-W", "ignore", "-c", "import meliae.scanner"],
                      env=environment, stderr=subprocess.DEVNULL).returncode:
        print("meliae is not installed (PYCORE_MELIAE, PYCORE_MELIAE_PYTHON)")
        return
    core = core_of("meliae", "heap.py", MELIAE_OBJECTS, 4, 6)
    path = core + ".json"
    scan = subprocess.run(
        [python, "-W", "ignore", "-c", SCAN, str(MELIAE_OBJECTS), path],
        env=environment, stdout=subprocess.PIPE)
    if scan.returncode:
        print("meliae's scan died: exit code %d" % scan.returncode)
        return
    theirs = float(scan.stdout)
    mine = statistics.median(
        one_run([pycore, "heap", "--dump", path, core], "/dev/null")[0]
        for _ in range(3)) / 1e6
    os.unlink(path)
    table.ratio("1e6 objects: meliae's scan / heap --dump", theirs / mine, 1,
                True)

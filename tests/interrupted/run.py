#!/usr/bin/env python3
"""Each command that writes a file, ended at any moment, or without room.

A signal is sent at system calls from the first to the last.  Whatever comes:
under the output's name is the whole output or what was there before, and no
other file is left, neither beside it nor among the temporary ones.

SIGKILL alone may leave a second name: where a file system has no files
without a name, and between two calls where an old output is replaced.  So
these are tried with what can be caught.
"""
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PYCORE = os.path.abspath(os.environ.get("PYCORE",
                                        os.path.join(ROOT, "pycore")))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
INTERRUPT = os.path.join(BUILD, "interrupted", "interrupt")
POINTS = int(os.environ.get("POINTS", "24"))
CORES = os.path.join(ROOT, "fixtures", "cores")
OLD = b"what was there before\n"


class Place:
    """A directory with a core, one for the output, one for what is
    temporary."""

    def __init__(self, directory):
        self.core = os.path.join(directory, "core")
        self.packed = os.path.join(CORES, "3.12-calls.core.zst")
        self.out = os.path.join(directory, "out")
        self.tmp = os.path.join(directory, "tmp")
        self.name = os.path.join(self.out, "written")
        self.many = os.path.join(directory, "many")
        for made in (self.out, self.tmp, self.many):
            os.mkdir(made)
        for i in range(3):
            shutil.copy(self.packed, os.path.join(self.many, str(i)))
        self.environment = dict(os.environ, TMPDIR=self.tmp)
        for name in ("PYCORE_PLUGINS", "PYCORE_TRACE"):
            self.environment.pop(name, None)

    def clear(self, old=None):
        """Empty but for an old output."""
        for made in (self.out, self.tmp):
            for name in os.listdir(made):
                os.unlink(os.path.join(made, name))
        if old is not None:
            with open(self.name, "wb") as out:
                out.write(old)

    def written(self):
        """What is under the output's name; None: nothing."""
        try:
            with open(self.name, "rb") as out:
                return out.read()
        except FileNotFoundError:
            return None

    def left(self):
        """Names that should not be there."""
        return ([n for n in os.listdir(self.out) if n != "written"] +
                os.listdir(self.tmp))


def commands(place):
    """Name, words, whether its lines may be fewer."""
    return [
        ("report", ["report", place.packed, "-o", place.name], False),
        ("bt", ["bt", "--json", "--sandbox=off", place.packed, "-o",
                place.name], False),
        ("slim", ["slim", place.packed, "-o", place.name], False),
        ("dump", ["heap", "--dump", place.name, "--jobs", "1", place.packed],
         False),
        ("list", ["list", "--json", "--sysroot", place.many, "-o",
                  place.name], False),
        ("batch", ["batch", "-j", "2", place.many, "-o", place.name], True),
    ]


def whole_lines(text, reference):
    """Of batch: each line whole, no more than there should be."""
    lines = text.decode().splitlines()
    cores = [json.loads(line)["core"] for line in lines]
    known = [json.loads(line)["core"]
             for line in reference.decode().splitlines()]
    return text[-1:] in (b"", b"\n") and set(cores) <= set(known)


def interrupt(place, at, number, words, **more):
    """(stops, status as of wait) of a run that gets that signal there."""
    result = subprocess.run([INTERRUPT, str(at), str(int(number)), PYCORE,
                             *words], stdout=subprocess.PIPE,
                            env=dict(place.environment, **more), timeout=120)
    stops, status = map(int, result.stdout.split())
    return stops, status


def judge(place, old, reference, fewer):
    """None, or what is wrong with what is there now."""
    written = place.written()
    if place.left():
        return "left behind: %s" % place.left()
    if written in (old, reference):
        return None
    if fewer and written is not None and whole_lines(written, reference):
        return None
    return "%s bytes written of %d" % (written and len(written),
                                       len(reference))


def ends(place, tally, name, words, fewer):
    """One command, ended at points of its run."""
    place.clear()
    stops, status = interrupt(place, 0, 0, words)
    reference = place.written()
    if status not in (0, 1 << 8) or reference is None:
        tally(name + ", not interrupted", "status %#x" % status)
        return
    chance = random.Random(name)
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
        wrong = None
        for point in range(POINTS):
            at = 1 + (stops - 1) * point // POINTS + chance.randrange(
                max(1, stops // POINTS))
            # The last calls are where the name is given.
            if point % 3 == 2:
                at = max(1, stops - chance.randrange(120))
            old = OLD if point % 2 and number != signal.SIGKILL else None
            place.clear(old)
            _, status = interrupt(place, at, number, words)
            wrong = wrong or judge(place, old, reference, fewer)
            if wrong:
                wrong += " (at %d of %d, status %#x)" % (at, stops, status)
                break
        tally("%s, %s at any moment" % (name, number.name), wrong)
    name_it(place, tally, name, words, fewer, reference)


def name_it(place, tally, name, words, fewer, reference):
    """Where a file must have a name from the beginning."""
    preload = os.path.join(BUILD, "interrupted", "nameless.so")
    place.clear()
    stops, _ = interrupt(place, 0, 0, words, LD_PRELOAD=preload)
    chance = random.Random(name + "!")
    for number in (signal.SIGTERM, signal.SIGINT):
        wrong = None
        for point in range(POINTS // 2):
            at = 1 + stops * point * 2 // POINTS + chance.randrange(9)
            place.clear()
            interrupt(place, at, number, words, LD_PRELOAD=preload)
            wrong = wrong or judge(place, None, reference, fewer)
        tally("%s, %s, always with a name" % (name, number.name), wrong)


def small_files():
    """In the child: nothing longer than a page."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


def no_room(place, tally, name, words, core):
    """The output's file may not grow."""
    words = [core if word == place.packed else word for word in words]
    for old in (None, OLD):
        place.clear(old)
        result = subprocess.run([PYCORE, *words], stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, timeout=60,
                                env=place.environment, preexec_fn=small_files)
        written = place.written()
        wrong = None
        if place.left():
            wrong = "left behind: %s" % place.left()
        elif result.returncode not in (0, 1, 3, 4):
            wrong = "exit code %d" % result.returncode
        elif result.returncode > 1 and (
                written != old or result.stderr.count(b"\n") != 1):
            wrong = "%r, and %r on stderr" % (written, result.stderr)
        elif result.returncode <= 1 and (written is None or
                                         len(written) > 4096):
            wrong = "exit code 0, %r written" % written
        tally("%s, no room%s" % (name, ", over an old one" if old else ""),
              wrong)


def no_reader(tally, core):
    """What reads the report is gone, or takes nothing."""
    for command in ("bt", "info", "report", "heap", "modules", "gc", "crash",
                    "list", "batch"):
        words = [command] if command == "list" else [command, core]
        reader, writer = os.pipe()
        os.close(reader)
        result = subprocess.run([PYCORE, *words], stdout=writer,
                                stderr=subprocess.PIPE, timeout=60)
        os.close(writer)
        tally("%s, whose reader is gone" % command,
              None if result.returncode in (0, 1) and not result.stderr else
              "exit code %d, %r" % (result.returncode, result.stderr))
        if not os.path.exists("/dev/full") or command == "list":
            continue
        with open("/dev/full", "wb") as full:
            result = subprocess.run([PYCORE, *words], stdout=full,
                                    stderr=subprocess.PIPE, timeout=60)
        tally("%s to a full disk" % command,
              None if result.returncode == 4 and
              result.stderr.count(b"\n") == 1 else
              "exit code %d, %r" % (result.returncode, result.stderr))


def main():
    """All of it."""
    counts = [0, 0]

    def tally(name, wrong):
        counts[bool(wrong)] += 1
        if wrong:
            print("FAILED: %s: %s" % (name, wrong))

    skipped = 0
    with tempfile.TemporaryDirectory(prefix="pycore-test.") as directory:
        place = Place(directory)
        subprocess.run(["zstd", "-q", "-d", place.packed, "-o", place.core],
                       check=True)
        try:
            interrupt(place, 0, 0, ["--version"])
            traced = True
        except ValueError:
            traced = False
            skipped += 1
            print("skipped: no process can be traced here")
        for name, words, fewer in commands(place):
            if traced:
                ends(place, tally, name, words, fewer)
            if name != "list":
                no_room(place, tally, name, words, place.core)
        no_reader(tally, place.core)
    print("%d passed, %d failed, %d skipped" % (*counts, skipped))
    return 1 if counts[1] else 0


if __name__ == "__main__":
    sys.exit(main())

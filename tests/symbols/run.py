#!/usr/bin/env python3
"""Where names, source lines and inlined calls come from, and what is left without the files.

    tests/symbols/run.py [-v]

One process dies in fixtures/symbols/symlib.c.  Then its files are stripped,
moved, replaced by another build, deleted, damaged: the Python frames stay the
same, each C frame keeps its address, and what is said of it is what the right
file says, or nothing.

Ends with "N passed, N failed, N skipped".
"""
import argparse
import ctypes
import http.server
import json
import lzma
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests", "live"),
                os.path.join(ROOT, "fixtures")]

import interpreters     # noqa: E402
import make_core        # noqa: E402
import pycorerun        # noqa: E402

FIXTURES = os.path.join(ROOT, "fixtures", "symbols")
SOURCE = os.path.join(FIXTURES, "symlib.c")
# Innermost first: name, as linkers know it, what its line says, inlined.
FRAMES = [
    ("at_last", None, "return *p + 1;", True),
    ("hidden", None, "return at_last(p) + 2;", False),
    ("shop::Basket<long>::total(int volatile*)",
     "_ZN4shop6BasketIlE5totalEPVi", "return hidden(p) + 3;", False),
    ("basket::total", "_ZN6basket5total17h05af221e174051e9E",
     "return cpp_total(p) + 4;", False),
    ("basket::sum", "_RNvC6basket3sum", "return rust_old(p) + 5;", False),
    ("sym_crash", None, "return rust_new((volatile int *)address) + 6;",
     False),
]
PHYSICAL = [frame for frame in FRAMES if not frame[3]]
CODE = """
import os
def inner():
    os.abort()
def outer():
    inner()
%s
outer()
"""
SECTIONS = (".symtab", ".strtab", ".dynsym", ".dynstr", ".gnu.hash",
            ".dynamic", ".eh_frame", ".eh_frame_hdr", ".debug_frame",
            ".debug_line", ".debug_info", ".debug_abbrev", ".debug_str",
            ".debug_aranges", ".gnu_debugdata", ".gnu_debuglink",
            ".note.package", "program headers", "section headers")


def find_compiler():
    """The C compiler, or None."""
    return shutil.which(os.environ.get("CC", "cc")) or shutil.which("gcc")


def build(path, *flags):
    """symlib.c as a library."""
    subprocess.run([find_compiler(), "-O1", "-g", "-w", "-shared", "-fPIC",
                    "-Wl,--build-id", *flags, "-o", path, SOURCE], check=True)


def strip(path, *flags):
    """Everything that running it does not need."""
    subprocess.run(["strip", "--strip-all", *flags, path], check=True)


def die(library, directory, function="sym_crash"):
    """A core of Python in one of symlib.c's functions, or None."""
    os.makedirs(directory)
    program = os.path.join(directory, "dies.py")
    shutil.copy(os.path.join(FIXTURES, "dies.py"), program)
    return core_of([os.path.realpath(sys.executable), program, library,
                    function], directory)


def core_of(command, directory, **environment):
    """The core of a process that dies, or None."""
    environment = dict(make_core.ENVIRONMENT, **environment)
    if make_core.kernel_writes_cores():
        subprocess.run(command, cwd=directory, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       env=environment, timeout=120,
                       preexec_fn=make_core.allow_cores)
    elif make_core.gdb_available():
        make_core.core_by_gdb(command, directory, environment, 120)
    return next(iter(make_core.cores_below(directory)), None)


def line_of(text):
    """Where the source says so."""
    with open(SOURCE) as stream:
        return next(number for number, line in enumerate(stream, 1)
                    if text in line)


class Sections:
    """Where an ELF file keeps what: 64-bit, little-endian."""

    def __init__(self, data):
        self.places = {}
        shoff, = struct.unpack_from("<Q", data, 40)
        phoff, = struct.unpack_from("<Q", data, 32)
        phnum, = struct.unpack_from("<H", data, 56)
        count, names = struct.unpack_from("<HH", data, 60)
        self.places["section headers"] = (shoff, count * 64)
        self.places["program headers"] = (phoff, phnum * 56)
        table, = struct.unpack_from("<Q", data, shoff + names * 64 + 24)
        for i in range(count):
            name, kind = struct.unpack_from("<II", data, shoff + i * 64)
            offset, size = struct.unpack_from("<QQ", data,
                                              shoff + i * 64 + 24)
            text = data[table + name:data.index(b"\0", table + name)]
            if kind != 8:       # SHT_NOBITS
                self.places[text.decode()] = (offset, size)


def build_id(path):
    """In hexadecimal."""
    with open(path, "rb") as stream:
        data = stream.read()
    offset, size = Sections(data).places[".note.gnu.build-id"]
    return data[offset + 16:offset + size].hex()


class Servers(http.server.BaseHTTPRequestHandler):
    """Some of what a debuginfod server does."""
    files, asked = {}, []

    def do_GET(self):
        """A file, by build-id and kind."""
        self.asked.append(self.path)
        path = self.files.get(self.path)
        if not path:
            self.send_error(404)
            return
        with open(path, "rb") as stream:
            data = stream.read()
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Nothing."""


class Suite:
    """One core, and what becomes of its files."""

    def __init__(self, base, binary, verbose):
        self.base, self.binary, self.verbose = base, binary, verbose
        self.passed = self.failed = self.skipped = 0
        self.library = os.path.join(base, "lib", "libsym.so")
        self.kept = os.path.join(base, "kept", "libsym.so")
        for path in (self.library, self.kept):
            os.makedirs(os.path.dirname(path))
        build(self.kept)
        shutil.copy(self.kept, self.library)
        self.core = die(self.library, os.path.join(base, "core"))
        self.truth = None

    # --- keeping count ---

    def check(self, what, differences):
        """One check."""
        self.passed += not differences
        self.failed += bool(differences)
        if differences or self.verbose:
            print("%s %s" % ("FAIL" if differences else "ok  ", what),
                  flush=True)
        for line in differences[:8]:
            print("     %s" % (line,))

    def skip(self, what, why):
        """Not possible here."""
        print("SKIP %s: %s" % (what, why), flush=True)
        self.skipped += 1

    # --- asking ---

    def run(self, command, *options, core=None, env=None, binary=None):
        """A run's document."""
        result = pycorerun.run(binary or self.binary, command, "--json",
                               *options, core or self.core, env=env)
        if result.code not in (0, 1):
            raise ValueError("%s: exit code %s: %s" % (command, result.code,
                                                       result.err[:300]))
        return result.json()

    def native(self, *options, **more):
        """Of bt --native=all: the crashed thread's frames, innermost first."""
        document = self.run("bt", "--native=all", "--lines=all", *options,
                            **more)
        return list(reversed(document["threads"][0]["frames"])), document

    def of_library(self, frames):
        """Those of symlib."""
        return [frame for frame in frames if frame["kind"] == "native" and
                (frame["module"] or "").startswith(self.library)]

    # --- what must hold ---

    def same_python(self, what, *options, **more):
        """The Python frames, whatever became of the files."""
        def python(frames):
            return [(f["file"], f["line"], f["name"]) for f in frames
                    if f["kind"] == "python"]
        frames, document = self.native(*options, **more)
        plain = self.run("bt", *options, **more)["threads"][0]["frames"]
        wanted = python(self.truth)
        self.check(what + ": Python frames", [] if python(frames) == wanted
                   and python(reversed(plain)) == wanted and wanted
                   else [python(frames), wanted])
        return frames, document

    def same_addresses(self, what, frames):
        """Each C frame where it was."""
        def native(list_):
            return [f["address"] for f in list_
                    if f["kind"] == "native" and not f["inlined"]]
        self.check(what + ": C frames", [] if native(frames) ==
                   native(self.truth) else [native(frames),
                                            native(self.truth)])

    def named(self, what, frames, wanted, lines):
        """symlib's frames: (name, linkage name, line's text, inlined)."""
        got = [(f["name"], f["linkage_name"], f["line"], f["inlined"],
                os.path.basename(f["file"] or ""))
               for f in self.of_library(frames)]
        wanted = [(name, linkage, line_of(text) if lines else None, inlined,
                   "symlib.c" if lines else "")
                  for name, linkage, text, inlined in wanted]
        self.check(what + ": names" + " and lines" * lines,
                   ["%s, expected %s" % pair for pair in zip(
                       got + [None] * len(wanted),
                       wanted + [None] * len(got)) if pair[0] != pair[1]])

    def noted(self, what, document, pattern):
        """A note says so; None: none speaks of symlib."""
        texts = [note["text"] for note in document["notes"]]
        if pattern is None:
            texts = [text for text in texts if "libsym" in text]
            self.check(what + ": no note", texts)
        else:
            self.check(what + ": note", [] if any(
                re.search(pattern, text) for text in texts) else texts)

    # --- the files ---

    def place(self, source=None, strip_it=False, *flags):
        """What stands where the process had its library."""
        if os.path.exists(self.library):
            os.unlink(self.library)
        if source:
            shutil.copy(source, self.library)
        if strip_it:
            strip(self.library, *flags)

    def whole(self):
        """Everything in place."""
        self.truth, document = self.native()
        self.named("whole", self.truth, FRAMES, True)
        self.noted("whole", document, None)
        self.same_python("whole")
        frames = self.run("crash", "--lines=all")["stack"]["frames"]
        self.named("crash", list(reversed(frames)), FRAMES, True)
        frames = self.run("bt", "--native=all", "--lines=off")["threads"][0]
        self.named("--lines=off", list(reversed(frames["frames"])), PHYSICAL,
                   False)
        modules = self.run("info")["modules"]
        package = [json.loads(m["package"]) for m in modules
                   if m["path"] == self.library and m["package"]]
        self.check("info: .note.package", [] if package and
                   package[0]["name"] == "symlib" and
                   package[0]["version"] == "1.2-3" else [package])

    def stripped(self):
        """Only what is exported has a name."""
        self.place(self.kept, True)
        frames, _ = self.same_python("stripped")
        self.same_addresses("stripped", frames)
        self.named("stripped", frames, [
            (None, None) + frame[2:] if frame[0] == "hidden" else frame
            for frame in PHYSICAL], False)

    def debug_files(self):
        """Stripped, and its debug file found in one of the ways."""
        debug = os.path.join(self.base, "libsym.debug")
        subprocess.run(["objcopy", "--only-keep-debug", self.kept, debug],
                       check=True)
        identity = build_id(self.kept)
        tree = os.path.join(self.base, "tree", "far", "below", ".build-id",
                            identity[:2])
        os.makedirs(tree)
        shutil.copy(debug, os.path.join(tree, identity[2:] + ".debug"))
        self.named("--search: build-id tree", self.native(
            "--search", os.path.join(self.base, "tree"))[0], FRAMES, True)
        subprocess.run(["objcopy", "--add-gnu-debuglink=" + debug,
                        self.library], check=True)
        os.makedirs(os.path.join(self.base, "links"))
        for place in ("lib/libsym.debug", "lib/.debug/libsym.debug",
                      "links/some/where/libsym.debug"):
            path = os.path.join(self.base, place)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            shutil.copy(debug, path)
            self.named(".gnu_debuglink: " + place, self.native(
                "--search", os.path.join(self.base, "links"))[0], FRAMES,
                True)
            os.unlink(path)
        other = os.path.join(self.base, "lib", "libsym.debug")
        build(other, "-DOTHER")
        frames = self.native()[0]
        self.named(".gnu_debuglink to another build", frames, [
            (None, None) + frame[2:] if frame[0] == "hidden" else frame
            for frame in PHYSICAL], False)
        os.unlink(other)
        self.place(self.kept)

    def mini(self):
        """MiniDebugInfo names what is static."""
        self.place(self.kept)
        packed = os.path.join(self.base, "mini.xz")
        table = os.path.join(self.base, "mini")
        shutil.copy(self.kept, table)
        subprocess.run(["strip", "--strip-debug", table], check=True)
        with open(table, "rb") as stream, open(packed, "wb") as out:
            out.write(lzma.compress(stream.read()))
        self.place(self.kept, True)
        subprocess.run(["objcopy", "--add-section", ".gnu_debugdata=" +
                        packed, self.library], check=True)
        shutil.copy(self.library, os.path.join(self.base, "with_mini.so"))
        self.named(".gnu_debugdata", self.native()[0], PHYSICAL, False)

    def dwz(self):
        """What debug files share lies in one of their own."""
        if not shutil.which("dwz"):
            self.skip(".gnu_debugaltlink", "dwz is not installed")
            return
        directory = os.path.join(self.base, "dwz")
        shared = os.path.join(directory, "shared", "symlib.dwz")
        os.makedirs(os.path.dirname(shared))
        mine, other = (os.path.join(directory, name)
                       for name in ("libsym.so", "other.so"))
        shutil.copy(self.kept, mine)
        build(other, "-DOTHER")
        done = subprocess.run(
            ["dwz", "-m", shared, "-M", "/usr/lib/debug/.dwz/symlib.dwz",
             mine, other], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        if done.returncode or not os.path.exists(shared):
            self.skip(".gnu_debugaltlink", "dwz cannot read what %s makes" %
                      find_compiler())
            return
        self.place(mine)
        self.named(".gnu_debugaltlink", self.native(
            "--search", os.path.dirname(shared))[0], FRAMES, True)
        frames = self.of_library(self.native()[0])
        self.check(".gnu_debugaltlink to nothing: lines", [
            frame for frame in frames if not frame["line"]])
        self.place(self.kept)

    def moved(self):
        """Everything below a sysroot, nothing in its place."""
        root = os.path.join(self.base, "root")
        for module in self.run("info")["modules"]:
            if module["path"].startswith("/") and \
                    os.path.exists(module["path"]):
                path = root + module["path"]
                os.makedirs(os.path.dirname(path), exist_ok=True)
                shutil.copy(module["path"], path)
        shutil.copy(self.kept, root + self.library)
        self.place()
        options = ["--sysroot", root]
        frames, document = self.same_python("sysroot", *options)
        self.same_addresses("sysroot", frames)
        self.named("sysroot", frames, FRAMES, True)
        self.noted("sysroot", document, None)
        found = os.path.join(self.base, "heap", "of", "files")
        os.makedirs(found)
        shutil.copy(self.kept, found)
        frames, _ = self.same_python("--search", "--search",
                                     os.path.dirname(found))
        self.named("--search", frames, FRAMES, True)
        for module in self.run("info", *options)["modules"]:
            if os.path.exists(root + module["path"]):
                strip(root + module["path"])
        frames, _ = self.same_python("all stripped", *options)
        self.same_addresses("all stripped", frames)

    def another_container(self):
        """/proc/PID/root of a process that lives."""
        self.place(self.kept)
        frames = self.native("--sysroot", "/proc/%d/root" % os.getpid())[0]
        self.named("/proc/PID/root", frames, FRAMES, True)

    def replaced(self):
        """Another build is said, and not used."""
        other = os.path.join(self.base, "other.so")
        build(other, "-DOTHER")
        self.place(other)
        frames, document = self.same_python("another build")
        self.noted("another build", document,
                   r"another build.*libsym\.so|libsym\.so.*another build")
        names = {frame["name"] for frame in self.of_library(frames)}
        self.check("another build: no names of it", [
            name for name in names if name and name not in
            [frame[0] for frame in FRAMES]])
        files = [frame["file"] for frame in self.of_library(frames)
                 if frame["file"]]
        self.check("another build: no lines of it", files)
        link = os.path.join(self.base, "link", self.library[1:])
        os.makedirs(os.path.dirname(link))
        os.symlink(self.kept, link)
        frames, document = self.native("--sysroot",
                                       os.path.join(self.base, "link"))
        self.check("a link out of the sysroot is not followed", [
            frame["file"] for frame in self.of_library(frames)
            if frame["file"]])
        self.place(self.kept)

    def gone(self):
        """No library; then no file at all."""
        self.place()
        frames, document = self.same_python("deleted")
        self.noted("deleted", document, r"not on this machine.*libsym")
        self.check("deleted: no names are invented", [
            frame for frame in self.of_library(frames) if frame["file"]])
        empty = os.path.join(self.base, "empty")
        os.mkdir(empty)
        _, document = self.same_python("no files", "--sysroot", empty)
        self.noted("no files", document, r"are not on this machine")
        self.place(self.kept)

    def deleted_while_mapped(self):
        """The core itself says "(deleted)"."""
        kept, self.library = self.library, os.path.join(
            self.base, "upgraded", "libsym.so")
        os.makedirs(os.path.dirname(self.library))
        shutil.copy(self.kept, self.library)
        core = die(self.library, os.path.join(self.base, "deleted"))
        os.unlink(self.library)
        frames = self.native("--search", os.path.dirname(self.kept),
                             core=core or "no core")[0]
        self.named("(deleted), and --search", frames, FRAMES, True)
        self.library = kept

    def debuginfod(self):
        """Files of a server, where one is named, and nowhere else."""
        try:
            ctypes.CDLL("libdebuginfod.so.1")
        except OSError as error:
            self.skip("debuginfod", error)
            return
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Servers)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        debug = os.path.join(self.base, "libsym.debug")
        identity = build_id(self.kept)
        stripped = os.path.join(self.base, "stripped.so")
        shutil.copy(self.kept, stripped)
        strip(stripped)
        Servers.files = {"/buildid/%s/debuginfo" % identity: debug,
                         "/buildid/%s/executable" % identity: stripped}
        env = {"DEBUGINFOD_URLS": "http://127.0.0.1:%d" %
               server.server_address[1],
               "DEBUGINFOD_CACHE_PATH": os.path.join(self.base, "cache")}
        self.place()
        for what, options, more in (
                ("--no-debuginfod", ["--no-debuginfod"], env),
                ("no server named", [], {}),
                ("in a sandbox", ["--sandbox"], env)):
            frames = self.native(*options, env=more)[0]
            self.check("debuginfod: %s: not asked" % what,
                       Servers.asked + [frame["file"] for frame in
                                        self.of_library(frames)
                                        if frame["file"]])
        pycorerun.run(self.binary, "report", self.core, env=env)
        self.check("debuginfod: report: not asked", list(Servers.asked))
        self.named("debuginfod", self.native(env=env)[0], FRAMES, True)
        server.shutdown()
        env["DEBUGINFOD_CACHE_PATH"] += "2"
        env["DEBUGINFOD_URLS"] = "http://127.0.0.1:9"
        _, document = self.same_python("a dead server", env=env)
        self.noted("a dead server", document, r"^debuginfod: ")
        self.place(self.kept)

    # --- unwinding ---

    def gdb_frames(self, core):
        """gdb's names of symlib's frames, innermost first."""
        result = subprocess.run(
            ["gdb", "-q", "-nx", "-batch", "-ex", "set print address off",
             "-ex", "set print frame-arguments none", "-ex", "bt",
             os.path.realpath(sys.executable), core],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL, env=make_core.ENVIRONMENT)
        text = result.stdout.decode("utf-8", "replace")
        # it shows the innermost frame once more, before the others
        return re.findall(r"^#\d+ +(\S+) \(.*\) at \S*symlib\.c:",
                          text[max(text.rfind("\n#0 "), 0):], re.M)

    def unwound(self):
        """By .debug_frame, and by nothing but frame pointers; gdb agrees."""
        for what, flags, by in (
                (".debug_frame", ["-fno-asynchronous-unwind-tables",
                                  "-fno-exceptions"], "cfi"),
                ("frame pointers", ["-g0", "-fno-omit-frame-pointer",
                                    "-fno-asynchronous-unwind-tables",
                                    "-fno-exceptions"], "frame pointer")):
            directory = os.path.join(self.base, what)
            kept, self.library = self.library, os.path.join(directory,
                                                            "libsym.so")
            os.makedirs(directory)
            build(self.library, *flags)
            if by != "cfi":
                strip(self.library)
            core = die(self.library, os.path.join(directory, "core"))
            frames = self.native(core=core or "no core")[0]
            mine = self.of_library(frames)
            ways = {frame["found_by"] for frame in mine
                    if not frame["inlined"]} - {"registers"}
            self.check(what + ": found by", [] if ways == {by} else [ways])
            outer = [frame for frame in frames if frame["kind"] == "native"]
            self.check(what + ": down to where it began", [] if any(
                "start" in (frame["name"] or "") for frame in outer[-3:])
                else [outer[-1:]])
            if by == "cfi":
                self.named(what, frames, FRAMES, True)
                self.compare_gdb(what, core, mine)
            self.library = kept
        self.compare_gdb("whole", self.core, self.of_library(self.truth))

    def signal_and_vdso(self):
        """Through a signal handler, and out of the kernel's own code."""
        for function, names in (
                ("sym_in_handler", ["on_signal", "sym_in_handler"]),
                ("sym_in_vdso", ["sym_in_vdso"])):
            core = die(self.library, os.path.join(self.base, function),
                       function)
            whole = self.native(core=core or "no core")[0]
            frames = [frame for frame in whole
                      if frame["kind"] == "native" and not frame["inlined"]]
            got = [frame["name"] for frame in frames]
            at = [got.index(name) for name in names if name in got]
            self.check(function + ": names in order", [] if at == sorted(at)
                       and len(at) == len(names) else [got])
            self.compare_eu_stack(function, core, frames)
            self.compare_gdb(function, core, self.of_library(whole))

    def compare_eu_stack(self, what, core, frames):
        """The same addresses."""
        if not shutil.which("eu-stack"):
            self.skip(what + ": eu-stack", "not installed")
            return
        result = subprocess.run(
            ["eu-stack", "--core", core, "-e",
             os.path.realpath(sys.executable)], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        theirs = [int(address, 16) for address in re.findall(
            r"^#\d+ +0x([0-9a-f]+)", result.stdout.decode(), re.M)]
        mine = [int(frame["address"], 16) for frame in frames]
        self.check(what + ": eu-stack's addresses", [] if mine == theirs
                   else [[hex(a) for a in mine], [hex(a) for a in theirs]])

    def compare_gdb(self, what, core, frames):
        """The same names in the same order."""
        if not shutil.which("gdb"):
            self.skip(what + ": gdb", "not installed")
            return
        # to gdb it is C, whose names it leaves alone
        mine = [frame["linkage_name"] or frame["name"] for frame in frames]
        theirs = self.gdb_frames(core)
        self.check(what + ": gdb's names", [] if mine == theirs
                   else [mine, theirs])

    # --- Pythons that are no python ---

    def programs(self):
        """Static PIE, and what freezers make: whole, stripped, gone."""
        possible = []
        for interpreter in interpreters.discover():
            if interpreter.sysroot or interpreter.version < (3, 8):
                continue
            paths = subprocess.run(
                [interpreter.command, "-c", "import sys, sysconfig\n"
                 "v = sysconfig.get_config_var\n"
                 "print(v('LIBPL') + '/' + v('LIBRARY'))\n"
                 "print(v('LIBDIR') + '/' + v('INSTSONAME'))\n"
                 "print(sys.prefix)"], stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL).stdout.decode().splitlines()
            if len(paths) == 3 and all(map(os.path.exists, paths)) and \
                    ".so" in paths[1]:
                possible.append((interpreter.name, paths))
        # the oldest and the newest: each takes a second
        for name, paths in possible[:1] + possible[1:][-1:]:
            self.static_program(name, paths[0], paths[2])
            self.bundle(name, paths[1], paths[2])
        if not possible:
            self.skip("programs", "no Python here has a libpython.a")

    def static_program(self, name, archive, prefix):
        """Python linked in, for any address."""
        directory = os.path.join(self.base, "static " + name)
        os.mkdir(directory)
        app = os.path.join(directory, "app")
        built = subprocess.run(
            [find_compiler(), "-w", "-static-pie", "-o", app,
             os.path.join(FIXTURES, "app.c"), archive, "-lm", "-ldl",
             "-lpthread", "-lutil"], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        if built.returncode:
            self.skip("static PIE of " + name, "cannot be linked here")
            return
        code = CODE % ""
        core = core_of([app, code], directory, PYTHONHOME=prefix)
        self.same_calls("static PIE of %s" % name, core)
        strip(app)
        self.same_calls("static PIE of %s, stripped" % name, core)
        os.unlink(app)
        self.same_calls("static PIE of %s, gone" % name, core)

    def bundle(self, name, library, prefix):
        """A launcher that unpacks its library, and removes it again."""
        directory = os.path.join(self.base, "bundle " + name)
        unpacked = os.path.join(directory, "_MEI123")
        os.makedirs(unpacked)
        app = os.path.join(directory, "app")
        subprocess.run([find_compiler(), "-w", "-DBUNDLE", "-o", app,
                        os.path.join(FIXTURES, "app.c"), "-ldl"], check=True)
        strip(app)
        copy = os.path.join(unpacked, "libbundled.so")
        shutil.copy(library, copy)
        os.chmod(copy, 0o755)
        strip(copy)
        core = core_of([app, copy, CODE % ("os.unlink(%r)" % copy)],
                       directory, PYTHONHOME=prefix)
        self.same_calls("bundle of %s, unlinked" % name, core)
        os.unlink(app)
        self.same_calls("bundle of %s, gone" % name, core)

    def same_calls(self, what, core):
        """What CODE called, by bt and among C frames."""
        if not core:
            self.check(what, ["no core"])
            return
        for options in ((), ("--native",)):
            thread = self.run("bt", *options, core=core)["threads"][0]
            got = [frame["name"] for frame in thread["frames"]
                   if frame["kind"] == "python"]
            self.check(" ".join((what,) + options), [] if got == [
                "<module>", "outer", "inner"] else [got])

    # --- damage ---

    def damaged(self, binary):
        """Each kind of section, changed: the report is whole."""
        random.seed(1)
        with open(self.kept, "rb") as stream:
            whole = stream.read()
        with open(os.path.join(self.base, "with_mini.so"), "rb") as stream:
            mini = stream.read()
        with_frames = os.path.join(self.base, ".debug_frame", "libsym.so")
        linked = os.path.join(self.base, "linked.so")
        shutil.copy(self.kept, linked)
        subprocess.run(["strip", "--strip-all", linked], check=True)
        subprocess.run(["objcopy", "--add-gnu-debuglink=" + os.path.join(
            self.base, "libsym.debug"), linked], check=True)
        for kind in SECTIONS:
            data = whole
            if kind == ".gnu_debugdata":
                data = mini
            elif kind in (".debug_frame", ".gnu_debuglink"):
                path = with_frames if kind == ".debug_frame" else linked
                with open(path, "rb") as stream:
                    data = stream.read()
            if kind not in Sections(data).places:
                self.skip("damaged " + kind, "this compiler makes none")
                continue
            offset, size = Sections(data).places[kind]
            found = []
            for share in (1, 0.02):
                changed = bytearray(data)
                for _ in range(max(1, int(size * share))):
                    changed[offset + random.randrange(size)] = \
                        random.choice((0, 0xff, random.randrange(256)))
                with open(self.library, "wb") as stream:
                    stream.write(changed)
                found += self.survived(binary)
            self.check("damaged " + kind, found)
        self.place(self.kept)

    def survived(self, binary):
        """What of the report of a damaged file is not whole."""
        try:
            document = self.run("crash", "--lines=all", binary=binary)
        except ValueError as error:
            return [error]
        python = [frame["name"] for frame in document["stack"]["frames"]
                  if frame["kind"] == "python"]
        wanted = [frame["name"] for frame in reversed(self.truth)
                  if frame["kind"] == "python"]
        return [] if python == wanted else [python]


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    binary = os.environ.get("PYCORE", os.path.join(ROOT, "pycore"))
    sanitized = os.path.join(ROOT, os.environ.get("SANITIZED", "build-san"),
                             "pycore")
    if not find_compiler() or not shutil.which("objcopy"):
        print("SKIP: no C compiler here")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    with tempfile.TemporaryDirectory(prefix="pycore-symbols-") as base:
        suite = Suite(os.path.realpath(base), binary, options.verbose)
        if not suite.core:
            print("SKIP: no core can be made here")
            print("0 passed, 0 failed, 1 skipped")
            return 0
        for part in (suite.whole, suite.stripped, suite.debug_files,
                     suite.mini, suite.dwz, suite.moved, suite.another_container,
                     suite.replaced, suite.gone, suite.deleted_while_mapped,
                     suite.debuginfod, suite.unwound, suite.signal_and_vdso,
                     suite.programs,
                     lambda: suite.damaged(sanitized if os.path.exists(
                         sanitized) else binary)):
            try:
                part()
            except (ValueError, KeyError) as error:
                suite.check(getattr(part, "__name__", "damaged"), [error])
        print("%d passed, %d failed, %d skipped" % (
            suite.passed, suite.failed, suite.skipped))
        return 1 if suite.failed else 0


if __name__ == "__main__":
    sys.exit(main())

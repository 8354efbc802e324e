"""Input that is damaged, or is no core of a Python at all."""
import os
import random
import shutil
import struct
import subprocess
import tempfile

import program
import pycorerun

COMMANDS = (["bt", "--json", "--locals"], ["info", "--json"])
CRASH = "int main(void) { __builtin_trap(); }\n"


def check_survival(binary, path, options=()):
    """Both commands on a damaged core: an answer or a refusal, and JSON."""
    found = []
    for command in COMMANDS:
        got = pycorerun.run(binary, *command, path, *options)
        found += pycorerun.survived(got)
        if got.code in (0, 1):
            try:
                got.json()
            except ValueError as error:
                found.append(str(error))
    return found


class NoCore(program.Program):
    """Files that are no cores, or cores without Python."""

    def interpreters(self, found, quick):
        return [None]

    def run(self, interpreter, base, binary):
        text = os.path.join(base, "text")
        with open(text, "w") as out:
            out.write("just text\n" * 100)
        empty = os.path.join(base, "empty")
        open(empty, "w").close()
        secret = os.path.join(base, "secret")
        shutil.copy(text, secret)
        os.chmod(secret, 0)
        fifo = os.path.join(base, "fifo")
        os.mkfifo(fifo)
        head = os.path.join(base, "head")
        with open("/bin/true", "rb") as source, open(head, "wb") as out:
            out.write(source.read(40))
        results = []
        for title, args in (
                ("no such file", ["/nonexistent/core"]),
                ("text", [text]), ("empty", [empty]), ("directory", [base]),
                ("fifo", [fifo]), ("device", ["/dev/null"]),
                ("executable alone", ["/bin/true"]),
                ("40 bytes of ELF", [head]),
                ("text, exe", [text, "/bin/true"]),
                ("two executables", ["/bin/true", "/bin/sh"])):
            for command in ("bt", "info"):
                got = pycorerun.run(binary, command, *args)
                results.append(("%s: %s" % (command, title),
                                pycorerun.failure(got, 2 if len(args) > 1
                                                  and title != "text, exe"
                                                  else 3, 3)))
        results.append(("permission", self.permission(binary, secret)))
        with open(empty, "rb") as stream:
            got = pycorerun.run(binary, "bt", "-", stdin=stream)
        results.append(("empty stdin", pycorerun.failure(got, 3)))
        results.append(self.other_program(base, binary))
        return results

    @staticmethod
    def permission(binary, secret):
        """A file that may not be read (root reads everything)."""
        command = [binary, "bt", secret]
        if os.geteuid() == 0:
            if not shutil.which("setpriv"):
                return []
            # a nobody must be able to reach both
            place = tempfile.mkdtemp(dir="/tmp")
            os.chmod(place, 0o755)
            try:
                shutil.copy(binary, place)
                shutil.copy(secret, place)
                os.chmod(os.path.join(place, "secret"), 0)
                got = pycorerun.run(
                    "/usr/bin/setpriv", "--reuid", "65534", "--regid",
                    "65534", "--clear-groups",
                    os.path.join(place, os.path.basename(binary)), "bt",
                    os.path.join(place, "secret"))
            finally:
                shutil.rmtree(place)
        else:
            got = pycorerun.run(*command)
        found = pycorerun.failure(got, 3)
        if "ermission" not in got.err:
            found.append("does not say permission: " + got.err[:200])
        return found

    @staticmethod
    def other_program(base, binary):
        """A core of a program without Python."""
        app = os.path.join(base, "crash")
        with open(app + ".c", "w") as out:
            out.write(CRASH)
        subprocess.run(["cc", app + ".c", "-o", app], check=True)
        program.make_core.make_core(app, "calls.py",
                                    os.path.join(base, "run"))
        core = program.make_core.cores_below(os.path.join(base, "run"))[0]
        got = pycorerun.run(binary, "bt", core)
        found = pycorerun.failure(got, 3)
        if "ython" not in got.err:
            found.append("does not say that there is no Python: " + got.err)
        info = pycorerun.run(binary, "info", core)
        return ("no Python in it", found + pycorerun.success(info, 0, 1))


class Truncated(program.Program):
    """A core cut at 10, 50 and 90 % and at many other places."""

    def interpreters(self, found, quick):
        for one in found:
            if one.name.startswith("system"):
                yield one

    def run(self, interpreter, base, binary):
        core, truth = self.make(interpreter, base)
        size = os.path.getsize(core)
        results = []
        places = [size * part // 100 for part in (10, 50, 90)]
        for place in places:
            results += self.cut(binary, core, place, base,
                                "%d %%" % round(place * 100 / size))
        random.seed(1)
        many = {1, 4, 15, 16, 63, 64, 65, 120, 4095, 4096, 4097, size - 1}
        many.update(random.randrange(size) for _ in range(30))
        many.update(random.randrange(20000) for _ in range(20))
        found = []
        for place in sorted(many):
            path = self.cut_file(core, place, base)
            found += ["cut at %d: %s" % (place, line)
                      for line in check_survival(binary, path)]
        results.append(("%d other places" % len(many), found))
        return results

    @staticmethod
    def cut_file(core, place, base):
        """The first bytes of the core."""
        path = os.path.join(base, "cut")
        with open(core, "rb") as source, open(path, "wb") as out:
            out.write(source.read(place))
        return path

    def cut(self, binary, core, place, base, title):
        """One of the three: the report must say what is missing."""
        path = self.cut_file(core, place, base)
        got = pycorerun.run(binary, "info", "--json", path)
        found = pycorerun.success(got, 1)
        if not found:
            document = got.json()
            if document["process"]["truncated"] is not True:
                found.append("process.truncated is not true")
            if "truncated" not in str(document["notes"]):
                found.append("no note says truncated")
        return [(title + ": info", found),
                (title + ": bt", check_survival(binary, path))]


class CutTruth(program.Program):
    """What is shown of a truncated core was there, in that order."""

    def run(self, interpreter, base, binary):
        core, truth = self.make(interpreter, base)
        options = interpreter.pycore_options(base)
        size = os.path.getsize(core)
        results = []
        for part in (80, 90, 95, 97, 98, 99):
            path = Truncated.cut_file(core, size * part // 100, base)
            got = pycorerun.run(binary, "bt", "--json", path, *options)
            found = pycorerun.success(got, 1, 3)
            if not found and got.code == 1:
                found = self.untrue(truth, got.json())
            results.append(("%d %%" % part, found))
        return results

    @staticmethod
    def untrue(truth, document):
        """Frames that the process did not have, or not in that order."""
        found = []
        known = {thread["tid"]: thread["frames"]
                 for thread in truth["threads"]}
        if len(known) == 1:     # gdb's cores have their notes at the end
            known[None] = truth["threads"][0]["frames"]
        for thread in document["threads"]:
            rest = iter(known.get(thread["tid"], []))
            for frame in thread["frames"]:
                shown = [(key, frame[key]) for key in ("file", "line", "name")
                         if not isinstance(frame[key], dict)]
                if not any(all(real[key] == value for key, value in shown)
                           for real in rest):
                    found.append("thread %s never had, or not there: %s" % (
                        thread["tid"], shown))
        return found


class Headers(program.Program):
    """Garbage in each field of the ELF, program and note headers."""

    def interpreters(self, found, quick):
        for one in found:
            if one.name.startswith("system"):
                yield one

    def run(self, interpreter, base, binary):
        core, _ = self.make(interpreter, base)
        with open(core, "rb") as source:
            data = source.read()
        count = struct.unpack_from("<H", data, 56)[0]
        fields = [("e_ident[%d]" % i, i, 1) for i in range(16)]
        fields += [(name, offset, width) for name, offset, width in (
            ("e_type", 16, 2), ("e_machine", 18, 2), ("e_version", 20, 4),
            ("e_entry", 24, 8), ("e_phoff", 32, 8), ("e_shoff", 40, 8),
            ("e_flags", 48, 4), ("e_ehsize", 52, 2), ("e_phentsize", 54, 2),
            ("e_phnum", 56, 2), ("e_shentsize", 58, 2), ("e_shnum", 60, 2),
            ("e_shstrndx", 62, 2))]
        for number in (0, 1, count - 1):
            start = 64 + 56 * number
            fields += [("phdr %d %s" % (number, name), start + offset, width)
                       for name, offset, width in (
                           ("p_type", 0, 4), ("p_flags", 4, 4),
                           ("p_offset", 8, 8), ("p_vaddr", 16, 8),
                           ("p_paddr", 24, 8), ("p_filesz", 32, 8),
                           ("p_memsz", 40, 8), ("p_align", 48, 8))]
        note = struct.unpack_from("<Q", data, 64 + 8)[0]
        for number in range(6):
            fields += [("note %d %s" % (number, name), note + offset, 4)
                       for name, offset in (("namesz", 0), ("descsz", 4),
                                            ("type", 8))]
            name, desc = struct.unpack_from("<II", data, note)
            note += 12 + (name + 3 & ~3) + (desc + 3 & ~3)
        found = []
        path = os.path.join(base, "bad")
        with open(path, "wb") as out:
            out.write(data)
        with open(path, "r+b") as out:
            for title, offset, width in fields:
                for value in (b"\0", b"\xff", b"\x7f", b"\x01"):
                    out.seek(offset)
                    out.write(value * width)
                    out.flush()
                    found += ["%s = %s: %s" % (title, value, line)
                              for line in check_survival(binary, path)]
                out.seek(offset)
                out.write(data[offset:offset + width])
                out.flush()
        return [("%d fields" % len(fields), found)]


ALL = [
    NoCore("calls", name="no-core"),
    Truncated("calls", name="truncated"),
    CutTruth("calls", name="truncated-truth"),
    CutTruth("generators", name="truncated-generators"),
    Headers("calls", name="headers"),
]

"""Interpreters in odd places: copied, deleted, stripped, renamed, embedded."""
import os
import re
import shutil
import subprocess

import program
import pycorerun

EMBED = r"""
#include <Python.h>
int main(void)
{
    Py_Initialize();
    return PyRun_SimpleString(PROGRAM);
}
"""


def libpython_of(path):
    """The shared libpython that a program loads; None when it is built in."""
    result = subprocess.run(["ldd", path], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL)
    found = re.search(r"=> (\S*libpython\S+)", result.stdout.decode())
    return found.group(1) if found else None


def ask(interpreter, expression):
    """The value of a sysconfig expression in that interpreter."""
    code = "import sys, sysconfig; print(%s)" % expression
    result = subprocess.run([interpreter.command, "-c", code],
                            stdout=subprocess.PIPE)
    return result.stdout.decode().strip()


class Copied(program.Program):
    """The program runs from a copy of the interpreter."""

    def interpreters(self, found, quick):
        for one in super().interpreters(found, quick):
            wrapped = os.path.realpath(one.command) != \
                os.path.realpath(one.executable)
            if not one.sysroot and not wrapped:
                yield one

    def copy(self, interpreter, base):
        """[paths of the copy], environment"""
        tree = os.path.join(base, "tree")
        os.makedirs(tree)
        source = os.path.realpath(interpreter.executable)
        paths = [os.path.join(tree, os.path.basename(source))]
        shutil.copy(source, paths[0])
        environment = {"PYTHONHOME": ask(interpreter, "sys.prefix")}
        library = libpython_of(interpreter.executable)
        if library:
            paths.append(os.path.join(tree, os.path.basename(library)))
            shutil.copy(os.path.realpath(library), paths[1])
            environment["LD_LIBRARY_PATH"] = tree
        return paths, environment

    def die(self, interpreter, base, paths, environment, **options):
        """The core of the copy."""
        core, truth = program.core_of(
            interpreter.command, self.program, os.path.join(base, "run"),
            environment=environment, executable=paths[0], **options)
        return core, program.load(truth)


class Deleted(Copied):
    """Files removed while the process ran; maps end in " (deleted)"."""

    def run(self, interpreter, base, binary):
        paths, environment = self.copy(interpreter, base)
        keep = os.path.join(base, "keep")
        shutil.copytree(os.path.join(base, "tree"), keep)
        environment["PYCORE_REMOVE"] = ":".join(paths)
        core, truth = self.die(interpreter, base, paths, environment)
        results = []

        def check(title, options, codes):
            for name, found in program.full_check(binary, core, truth,
                                                  options, codes=codes):
                results.append(("%s: %s" % (title, name), found))

        check("same build elsewhere", ["--search", keep], (0,))
        for path in paths:      # an upgrade: another file under that name
            shutil.copy("/bin/true", path)
        check("replaced", ["--search", keep], (0,))
        got = pycorerun.run(binary, "bt", "--json", core)
        results.append(("without the files: exit",
                        pycorerun.success(got, 0, 1)))
        results.append(("without the files: frames",
                        program.compare.threads(truth, got.json())))
        return results


class Stripped(Copied):
    """strip --strip-all on the interpreter and its library."""

    def run(self, interpreter, base, binary):
        paths, environment = self.copy(interpreter, base)
        for path in paths:
            os.chmod(path, 0o755)
            if subprocess.run(["strip", "--strip-all", path]).returncode:
                raise program.Skip("strip does not work")
        core, truth = self.die(interpreter, base, paths, environment)
        return program.full_check(binary, core, truth)


class Moved(Copied):
    """Called through a symlink, by a relative path, in another directory."""

    def run(self, interpreter, base, binary):
        link = os.path.join(base, "mypython")
        os.symlink(interpreter.executable, link)
        environment = {}
        library = libpython_of(interpreter.executable)
        if library:
            environment["LD_LIBRARY_PATH"] = os.path.dirname(library)
        environment["PYTHONHOME"] = ask(interpreter, "sys.prefix")
        core, truth = self.die(interpreter, base, [link], environment,
                               relative=True)
        where = ["--search", os.path.join(base, "run")]
        results = program.full_check(binary, core, truth, where)
        for title, named in (("link given", link),
                             ("real path given", interpreter.executable)):
            got = pycorerun.run(binary, "bt", "--json", core, named)
            results.append((title, pycorerun.success(got) or
                            program.compare.threads(truth, got.json())))
        return results


class Embedded(Copied):
    """An application that is linked with libpython."""

    def run(self, interpreter, base, binary):
        include = ask(interpreter, "sysconfig.get_config_var('INCLUDEPY')")
        where = ask(interpreter, "sysconfig.get_config_var('LIBDIR')")
        library = ask(interpreter, "sysconfig.get_config_var('LDLIBRARY')")
        if not os.path.exists(os.path.join(include, "Python.h")):
            raise program.Skip("no Python.h in " + include)
        if not library.endswith(".so") or \
                not os.path.exists(os.path.join(where, library)):
            raise program.Skip("no shared libpython (%s)" % library)
        source = os.path.join(base, "app.c")
        script = os.path.join(base, "run", self.program)
        truth = os.path.join(base, "run", "truth.json")
        code = ("import sys; sys.argv = [%r, %r]; sys.path.insert(0, %r); "
                "exec(compile(open(%r).read(), %r, 'exec'))" % (
                    script, truth, os.path.dirname(script), script, script))
        with open(source, "w") as out:
            out.write('#define PROGRAM "%s"\n%s' % (code, EMBED))
        app = os.path.join(base, "app")
        name = library[len("lib"):-len(".so")]
        built = subprocess.run(
            ["cc", "-I", include, source, "-o", app, "-L", where,
             "-Wl,-rpath," + where, "-l" + name], stderr=subprocess.PIPE)
        if built.returncode:
            raise program.Skip("cannot link: " +
                               built.stderr.decode()[-200:])
        environment = {"PYTHONHOME": ask(interpreter, "sys.prefix")}
        core, truth = program.core_of(
            interpreter.command, self.program, os.path.join(base, "run"),
            environment=environment, executable=app)
        document = program.load(truth)
        document["argv"] = []       # the application's own, not sys.argv
        return program.full_check(binary, core, document)


class Slim(program.Program):
    """`pycore slim` keeps what bt needs: library pages, source lines."""

    def run(self, interpreter, base, binary):
        core, truth = self.make(interpreter, base)
        options = interpreter.pycore_options(base)
        small = os.path.join(base, "small.zst")
        got = pycorerun.run(binary, "slim", "--locals=full", "--compress=zstd",
                            core, "-o", small, *options)
        results = [("slim", pycorerun.success(got))]
        if not os.path.exists(small):
            return results + [("file", ["no file was written"])]
        size = os.path.getsize(small)
        results.append(("size", [] if size < 800 << 10 else [
            "%d bytes, expected some hundred KiB" % size]))
        empty = os.path.join(base, "empty")
        os.mkdir(empty)
        os.unlink(core)
        alone = program.full_check(
            binary, small, truth, ["--sysroot", empty])
        return results + [("alone: " + name, found) for name, found in alone]


class Forms(program.Program):
    """Every way to call pycore, on one core."""

    def run(self, interpreter, base, binary):
        core, truth = self.make(interpreter, base)
        options = interpreter.pycore_options(base)
        exe = interpreter.executable
        plain = pycorerun.run(binary, "bt", "--json", core, *options)

        def same(title, *args, **more):
            got = pycorerun.run(binary, *args, **more)
            found = pycorerun.success(got) or \
                program.compare.threads(truth, got.json())
            return title, found

        results = [
            same("core exe", "bt", "--json", core, exe, *options),
            same("exe core", "bt", "--json", exe, core, *options),
            same("exe -c core", "bt", "--json", exe, "-c", core, *options),
            same("options first", "bt", *options, "--json", core),
        ]
        with open(core, "rb") as stream:
            results.append(same("stdin", "bt", "--json", "-", *options,
                                stdin=stream))
        packed = os.path.join(base, "packed")
        if subprocess.run(["zstd", "-q", "-1", core, "-o",
                           packed]).returncode == 0:
            results.append(same("zstd", "bt", "--json", packed, *options))
        text = pycorerun.run(binary, "bt", core, *options)
        bare = pycorerun.run(binary, core, *options)
        results.append(("no command", [] if bare.out == text.out else
                        ["differs from bt: " + bare.out[:200] + bare.err]))
        for title, args in (("executable that is gone",
                             [core, "/nonexistent/python"]),
                            ("two cores", [core, core])):
            got = pycorerun.run(binary, "bt", *args, *options)
            results.append((title, pycorerun.failure(got, 2, 3)))
        wrong = pycorerun.run(binary, "bt", "--json", core, "/bin/true",
                              *options)
        found = pycorerun.success(wrong, 0, 1) or \
            program.compare.threads(truth, wrong.json())
        if not found and not wrong.json()["notes"] and not wrong.err:
            found = ["no warning"]
        results.append(("wrong executable", found))
        written = os.path.join(base, "out.json")
        got = pycorerun.run(binary, "bt", "--json", "--output", written, core,
                            *options)
        found = pycorerun.success(got)
        if not found:
            with open(written) as stream:
                found = [] if stream.read() == plain.out else ["differs"]
        results.append(("--output", found))
        for title, args, wanted in (
                ("--color=always", ["--color=always"], True),
                ("--color=never", ["--color=never"], False),
                ("no colour in a pipe", [], False)):
            got = pycorerun.run(binary, "bt", core, *args, *options)
            results.append((title, [] if ("\x1b[" in got.out) == wanted else
                            ["escape sequences: %s" % (not wanted)]))
        results.append(self.info(binary, core, truth, options))
        got = pycorerun.run(binary, "layout", core, *options)
        found = pycorerun.success(got)
        for word in ("PyThreadState", "PyCodeObject"):
            if word not in got.out:
                found.append(word + " is not in the output")
        results.append(("layout", found))
        return results

    @staticmethod
    def info(binary, core, truth, options):
        """pycore info"""
        got = pycorerun.run(binary, "info", "--json", core, *options)
        found = pycorerun.success(got)
        if not found:
            proc = got.json()["process"]
            if proc["pid"] != truth["pid"]:
                found.append(program.compare.differ("pid", truth["pid"],
                                                    proc["pid"]))
        text = pycorerun.run(binary, "info", core, *options)
        for word in ("SIGABRT", truth["release"].rstrip("+"),
                     str(truth["pid"])):
            if word not in text.out:
                found.append(word + " is not in the text")
        return "info", found


class Wrapped(program.Program):
    """Like Forms, for what needs no core: help, schema, usage."""

    def interpreters(self, found, quick):
        return [None]

    def run(self, interpreter, base, binary):
        results = []
        for args in (["--help"], ["help"], ["bt", "--help"],
                     ["info", "--help"], ["slim", "--help"],
                     ["layout", "--help"], ["--version"]):
            got = pycorerun.run(binary, *args)
            found = pycorerun.success(got)
            if len(got.out) < 5:
                found.append("says nothing")
            results.append((" ".join(args), found))
        for command in ("bt", "info", "layout"):
            got = pycorerun.run(binary, command, "--schema")
            found = pycorerun.success(got)
            if not found:
                schema = got.json()
                for key in ("pycore", "process", "notes"):
                    if key not in schema.get("properties", {}):
                        found.append("no %s in the schema" % key)
            results.append((command + " --schema", found))
        for args in ([], ["nonsense-command", "x", "y", "z"],
                     ["bt"], ["bt", "--nonsense", "x"],
                     ["bt", "--limit", "-1", "x"], ["bt", "--limit"],
                     ["bt", "--color=blue", "x"]):
            got = pycorerun.run(binary, *args)
            found = [] if got.code == 2 else [
                "exit code %s, expected 2: %s" % (got.code, got.err[:200])]
            if not got.err:
                found.append("stderr is empty")
            results.append(("usage: " + " ".join(args), found))
        return results


ALL = [
    Deleted("calls", name="deleted"),
    Stripped("calls", name="stripped"),
    Moved("calls", name="symlink", quick=True),
    Embedded("calls", name="embedded"),
    Slim("calls", name="slim", quick=True),
    Slim("values", name="slim-values"),
    Slim("threads", name="slim-threads"),
    Forms("calls", name="forms"),
    Wrapped("calls", name="usage"),
]

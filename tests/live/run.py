#!/usr/bin/env python3
"""Live tests: fresh cores from every CPython here, compared with the truth.

    tests/live/run.py                        everything
    tests/live/run.py -p 3.12 -k calls -v    one interpreter, one case
    tests/live/run.py -l                     what there is

Ends with "N passed, N failed, N skipped".
"""
import argparse
import concurrent.futures
import os
import shutil
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "fixtures")]

import interpreters     # noqa: E402
import cases            # noqa: E402


class Tally:
    """Prints each result as it comes and counts them."""

    def __init__(self, verbose):
        self.verbose = verbose
        self.passed, self.failed, self.skipped = 0, [], []

    def add(self, name, results):
        """results: list of (check, differences) or a cases.Skip."""
        if isinstance(results, cases.Skip):
            self.skipped.append(name)
            print("SKIP %s: %s" % (name, results), flush=True)
            return
        for check, differences in results:
            full = "%s %s" % (name, check)
            if not differences:
                self.passed += 1
                if self.verbose:
                    print("ok   " + full, flush=True)
                continue
            self.failed.append(full)
            print("FAIL " + full, flush=True)
            limit = 1000 if self.verbose else 5
            for line in differences[:limit]:
                print("     " + line)
            if len(differences) > limit:
                print("     ... and %d more" % (len(differences) - limit))

    def close(self):
        """The closing line; the exit code."""
        print("%d passed, %d failed, %d skipped" % (
            self.passed, len(self.failed), len(self.skipped)))
        return 1 if self.failed else 0


def run_case(case, interpreter, options):
    """One case in its own directory; its results."""
    base = os.path.join(options.directory, interpreter.name
                        if interpreter else "any", case.name)
    shutil.rmtree(base, ignore_errors=True)
    os.makedirs(base)
    try:
        results = case.run(interpreter, base, options.pycore)
    except cases.Skip as skip:
        results = skip
    except Exception as error:  # a broken test is a failure, not an abort
        results = [("harness", ["%s: %s" % (type(error).__name__, error)])]
    failed = not isinstance(results, cases.Skip) and \
        any(differences for _, differences in results)
    if not options.keep and not (failed and options.keep_failed):
        shutil.rmtree(base, ignore_errors=True)
    return results


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-p", "--python", default="",
                        help="only interpreters whose name matches this "
                             "(a comma separates several)")
    parser.add_argument("-k", "--case", default="",
                        help="only cases whose name contains this")
    parser.add_argument("-l", "--list", action="store_true")
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--quick", action="store_true",
                        help="two cases with each interpreter, "
                             "all with the system's")
    parser.add_argument("--keep", action="store_true",
                        help="keep cores, truths and outputs")
    parser.add_argument("--keep-failed", action="store_true")
    parser.add_argument("-d", "--directory", help="work here")
    parser.add_argument("--pycore", default=os.environ.get(
        "PYCORE", os.path.join(ROOT, "pycore")))
    options = parser.parse_args()
    options.pycore = os.path.abspath(options.pycore)
    wanted = options.python.split(",")
    found = interpreters.discover(wanted)
    if options.list:
        for one in found:
            print("%-20s %s %s" % (one.name, one.facts["release"],
                                   one.executable))
        for case in cases.ALL:
            print("  " + case.name)
        return 0
    if not os.access(options.pycore, os.X_OK):
        sys.exit("%s is not there; make it first" % options.pycore)
    own = options.directory is None
    options.directory = options.directory or \
        tempfile.mkdtemp(prefix="pycore-live-")
    tally = Tally(options.verbose)
    if not found:
        tally.add("live", cases.Skip("no CPython found"))
    start = time.time()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        pending = []
        for case in cases.ALL:
            if options.case not in case.name:
                continue
            for one in case.interpreters(found, options.quick):
                name = "%s/%s" % (one.name if one else "any", case.name)
                pending.append((name, pool.submit(run_case, case, one,
                                                  options)))
        for name, future in pending:
            tally.add(name, future.result())
    if options.keep or (options.keep_failed and tally.failed):
        print("kept in " + options.directory)
    elif own:
        shutil.rmtree(options.directory, ignore_errors=True)
    print("%d interpreters, %.0f s" % (len(found), time.time() - start))
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())

"""What this Python itself says about positions, for check.c: runs in every version.

    python truth.py lines FILE...     each code object's line table, and the position of each
                                      instruction by PyCode_Addr2Line and co_positions()
    python truth.py carets FILE...    (3.11+) what traceback prints for each position
"""
from __future__ import print_function
import binascii
import ctypes
import sys

VERSION = sys.version_info


def codes_of(path):
    """Every code object that compiling the file makes."""
    with open(path, "rb") as source:
        text = source.read()
    todo = [compile(text, path, "exec", 0, True)]
    while todo:
        code = todo.pop()
        yield code
        todo.extend(c for c in code.co_consts if hasattr(c, "co_code"))


def kind():
    """Which of the four line tables it has."""
    if VERSION >= (3, 11):
        return "locations"
    if VERSION >= (3, 10):
        return "linetable"
    return "signed" if VERSION >= (3, 0) else "unsigned"


def number(value):
    """None as -1."""
    return -1 if value is None else value


def lines(path):
    """T kind first-line table; then Q offset line [end-line column end-column]."""
    to_line = ctypes.pythonapi.PyCode_Addr2Line
    to_line.argtypes = [ctypes.py_object, ctypes.c_int]
    for code in codes_of(path):
        table = code.co_linetable if VERSION >= (3, 10) else code.co_lnotab
        print("T", kind(), code.co_firstlineno,
              binascii.hexlify(table).decode("ascii") or "-")
        positions = list(code.co_positions()) if VERSION >= (3, 11) else []
        step = 1 if VERSION < (3, 0) else 2
        for offset in range(0, len(code.co_code), step):
            line = max(to_line(code, offset), 0)
            if not positions:
                print("Q", offset, line)
                continue
            _, end, column, end_column = positions[offset // 2]
            print("Q", offset, line, max(number(end), 0), number(column),
                  number(end_column))


def carets(path):
    """F path; then P line end-line column end-column, and the lines expected: E text."""
    import traceback
    out = sys.stdout.buffer
    out.write(b"F %s\n" % path.encode())
    seen = set()
    for code in codes_of(path):
        for position in code.co_positions():
            if position in seen or None in position or not position[0]:
                continue
            seen.add(position)
            line, end, column, end_column = position
            summary = traceback.FrameSummary(
                path, line, "x", end_lineno=end, colno=column,
                end_colno=end_column)
            text = traceback.StackSummary.from_list([summary]).format()[0]
            out.write(b"P %d %d %d %d\n" % (line, end, column, end_column))
            expected = text.split("\n")[1:-1]
            for one in expected:
                out.write(b"E " + one.encode("utf-8", "surrogatepass") + b"\n")


def main():
    """See above."""
    if sys.argv[1] == "carets":
        sys.stdout.buffer.write(b"V %d %d %d\n" % tuple(VERSION[:3]))
        for path in sys.argv[2:]:
            carets(path)
        return
    for path in sys.argv[2:]:
        lines(path)


main()

"""About as many small objects as asked; then tell where they are, and die.

    growing.py TRUTH OBJECTS

TRUTH, JSON: where the pointer to pymalloc's array of arenas is, how many
entries that has, the arenas that hold nearly nothing but these objects, and
how many of each type these hold. For CPython 3.10 and 3.11.
"""
import bisect
import collections
import ctypes
import gc
import json
import os
import struct
import sys

ARENA, POOL, ENTRY = 1 << 20, 16384, 48


class Record:
    """With slots."""

    __slots__ = ("number", "text")


def grow(count):
    """Four objects an item."""
    data = []
    for number in range(1000, 1000 + count // 4):
        record = Record()
        record.number = number * 1.5
        record.text = "text %d" % number
        data.append((number, record))
    return data


def word(address, size=8):
    """Of this process's memory."""
    return int.from_bytes(ctypes.string_at(address, size), "little")


def pointer_to_arenas(pool):
    """A word whose array says at the pool's index that the pool lies in it."""
    index = word(pool + 32, 4)
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb") as mem:
        for line in maps:
            place, rights = line.split()[:2]
            start, end = (int(n, 16) for n in place.split("-"))
            if rights[:2] != "rw" or "python" not in line and \
                    "[heap]" in line or end - start > 16 << 20:
                continue
            try:
                mem.seek(start)
                data = mem.read(end - start)
            except (OSError, ValueError):
                continue
            for n, (value,) in enumerate(struct.iter_unpack(
                    "<Q", data[:len(data) // 8 * 8])):
                if value < 4096 or value % 16 or value >> 47:
                    continue
                try:
                    mem.seek(value + index * ENTRY)
                    first = mem.read(8)
                except (OSError, ValueError):
                    continue
                base = int.from_bytes(first, "little")
                if len(first) == 8 and base and base <= pool < base + ARENA \
                        and word(value + ENTRY * index + 20, 4) in (63, 64):
                    return start + 8 * n, value
    return None, None


def main():
    """Grow, find, tell, die."""
    gc.disable()
    data = grow(int(sys.argv[2]))
    pointer, array = pointer_to_arenas(id(data[-1][1].number) & -POOL)
    entries = {}
    index = 0
    while index < 1 << 20 and array:
        base, total = word(array + index * ENTRY), \
            word(array + index * ENTRY + 20, 4)
        if base and (base % 4096 or total not in (63, 64)) or \
                not base and index % 16 == 0 and index & (index - 1) == 0 and \
                index >= 16:
            break
        if base:
            entries[base] = index
        index += 1
    bases = sorted(entries)
    held = collections.defaultdict(collections.Counter)
    for pair in data:
        for one in (pair, pair[0], pair[1], pair[1].number, pair[1].text):
            place = bisect.bisect_right(bases, id(one)) - 1
            if place >= 0 and id(one) < bases[place] + ARENA:
                held[bases[place]][type(one).__name__] += 1
    chosen = [b for b in bases if sum(held[b].values()) > 10000]
    sums = collections.Counter()
    for base in chosen:
        sums.update(held[base])
    with open(sys.argv[1], "w") as out:
        json.dump({"pointer": pointer, "entries": index, "arenas": chosen,
                   "types": sums, "records": len(data)}, out)
    sys.stdout.flush()
    os.abort()


if __name__ == "__main__":
    main()

"""Where the memory went: heap --overview and --pinned of real processes."""
import struct

import program
import pycorerun


def mapped(core):
    """Bytes of address space that could be accessed, as the core says."""
    with open(core, "rb") as file:
        head = file.read(64)
        order = "<" if head[5] == 1 else ">"
        offset, = struct.unpack(order + "Q", head[32:40])
        size, count = struct.unpack(order + "HH", head[54:58])
        file.seek(offset)
        total = 0
        for _ in range(count):
            entry = file.read(size)
            kind, flags = struct.unpack(order + "II", entry[:8])
            length, = struct.unpack(order + "Q", entry[40:48])
            if kind == 1 and flags:
                total += length
    return total


def check_overview(document, core, sizes):
    """Each byte once; who owns the large buffers."""
    found = []
    overview = document["overview"]
    total = sum(use["bytes"] for use in overview["uses"])
    if total != overview["bytes"]:
        found.append("uses add up to %d, not to %d" % (total,
                                                       overview["bytes"]))
    # what files map may be in the notes alone
    files = sum(use["bytes"] for use in overview["uses"]
                if use["group"] == "files")
    if not 0 <= overview["bytes"] - mapped(core) <= files:
        found.append("%d bytes, not %d" % (overview["bytes"], mapped(core)))
    if overview["analyzed"] < 0.97:
        found.append("analyzed %f" % overview["analyzed"])
    for one in overview["allocators"]:
        parts = sum(one[key] for key in ("objects", "buffers", "other", "free",
                                         "overhead", "lost"))
        if parts != one["bytes"]:
            found.append("%s: %d, not %d" % (one["name"], parts,
                                             one["bytes"]))
    buffers = {use["name"]: use["bytes"] for use in overview["uses"]
               if use["group"] == "buffers"}
    return found + ["%s: %s bytes of buffers, not %d" % (
        name, buffers.get(name), size) for name, size in sizes.items()
        if buffers.get(name, 0) < size]


def check_pinned(document, kept, segments):
    """The objects that were left are what keeps arenas alive."""
    pinned = document["pinned"]
    found = []
    if pinned["sparse"] != len(pinned["areas"]):
        found.append("%d are sparse, %d named" % (pinned["sparse"],
                                                  len(pinned["areas"])))
    if any(area["used"] * 4 >= area["bytes"] for area in pinned["areas"]):
        found.append("not nearly empty")
    if segments:        # 32 MiB each: the program may fill but one
        return found
    pins = [row for row in pinned["types"] if row["type"] == "__main__.Pin"]
    if not pins or not pins[0]["count"] or pins[0]["count"] > len(kept):
        found.append("%s of %d Pin in nearly empty arenas" % (
            pins and pins[0]["count"], len(kept)))
    if pins and pins[0]["example"] not in kept:
        found.append("%s is none of them" % pins[0]["example"])
    return found


class Overview(program.Program):
    """heap --overview and --pinned, as text and as JSON."""

    def __init__(self, name="heap-overview", **options):
        super().__init__("pins", name=name, **options)

    def run(self, interpreter, base, binary):
        core, truth = self.make(interpreter, base)
        options = interpreter.pycore_options(base)
        results = []
        for option in "--overview", "--pinned":
            got = pycorerun.run(binary, "heap", option, "--json", core,
                                *options)
            text = pycorerun.run(binary, "heap", option, core, *options)
            found = pycorerun.success(got) + pycorerun.success(text)
            if interpreter.version >= (3, 15):  # a bytes object is behind it
                truth["sizes"].pop("bytearray", None)
            if not found and option == "--overview":
                found = check_overview(got.json(), core, truth["sizes"])
            elif not found:
                found = check_pinned(got.json(), truth["kept"],
                                     interpreter.facts["free_threaded"])
            results.append((option[2:], found))
        again = pycorerun.run(binary, "heap", "--overview", "--memory-limit",
                              "1M", "--json", core, *options)
        results.append(("limit", pycorerun.success(again) or check_overview(
            again.json(), core, {})))
        return results


ALL = [Overview(quick=True)]

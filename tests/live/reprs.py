"""Some seven hundred values: what repr() said, and what --locals says."""
import program
import pycorerun

WHOLE = 1000    # characters of a repr in JSON; a longer one is cut there


def difference(number, kind, wanted, value):
    """None, or how one value differs from the truth."""
    shown, cut = value["repr"], value.get("cut", False)
    if not isinstance(shown, str):
        return "v%d %s: want %.200a, got %r" % (number, kind, wanted, shown)
    if shown == wanted[:WHOLE] and cut == (len(wanted) > WHOLE):
        return None
    at = next((i for i, (a, b) in enumerate(zip(shown, wanted)) if a != b),
              min(len(shown), len(wanted)))
    start = max(0, at - 40)
    return "v%d %s at %d (cut %s): want %a, got %a" % (
        number, kind, at, cut, wanted[start:at + 80], shown[start:at + 80])


def valid(text):
    """As JSON can hold it: lone surrogates do not survive UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


class Reprs(program.Program):
    """Each local variable of show() against repr()."""

    def run(self, interpreter, base, binary):
        core, truth = self.make(interpreter, base)
        got = pycorerun.run(binary, "bt", "--json", "--locals", core,
                            *interpreter.pycore_options(base))
        frames = got.json()["threads"][0]["frames"]
        values = {v["name"]: v for v in frames[-1]["locals"]}
        found = []
        for number, codes in enumerate(truth["truth"]):
            if codes is None:
                continue
            wanted = "".join(map(chr, codes))
            value = values.get("v%d" % number)
            kind = truth["types"][number]
            told = "missing" if value is None else \
                difference(number, kind, wanted, value)
            if told:
                found.append(told)
        return [("exit", pycorerun.success(got)), ("reprs", found)]


ALL = [
    Reprs("reprs", name="reprs", quick=True),
]

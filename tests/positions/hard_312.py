# Quotes within quotes (PEP 701). Compiled, never run.
def f(a, b):
    s = f"{a["k"]!r:>{b["n"]}} {f"{a + b}"}" + "x"
    s = f"{ {'k': a}["k"] }" [b]
    return f"{a:{"}"}}" + g(f"""{
        a["k"]
    }""")

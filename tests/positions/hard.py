# -*- coding: utf-8 -*-
# Lines on which carets are hard to place. Compiled, never run.
# Blanks at the ends of lines and tabs are meant.
def f(a, b, *args, **kw):
    x = (a + b) * (a)
    y = (a)[(b)] + [1, 2][ (0) ]
    z = -a ** b + ~a
    w = a if b else c
    s = f"{a!r:>{b}} {x['k'] if 0 else 'n'}" + 'x'
    日本 = a[ "日本語" ][b] + 日本(é) [0]
    if q:
        return (a
                + b   # comment )
                - c)
    g(  a, b  )(c)  [d]	[e]
    if q:
        return (a.b(c))
    x = a @ b // c % d << e >> f | g ^ h & i
    x = ((a)) ** ((b)) ** c
    x = a.b.c(
        d,
        e)(f)[
        g]
    x = lambda: a + b
    print(*a, **b)
    x = "a" "b" % c ; y = foo(1)
    x = foo(1); y = 2
    x = "é" + b"x" \
        + a
    if a[b](c): d + e
    z = not a + b
    z = a < b + c
    z = {**a, 'b': c[d]}
    z = [i + 1 for i in a if i*2] #✂
    z = a[1:2, ::3]
    z = a[b, ]
    z = a+b
    z = (a )+b
    z = (a)+(b)
    z = ( a ) [ b ]
    z = 1 .real + 1.5e-3 + 0x_ff + 1_0j
    z = f'{f"{a+b}"}' [c]
    z = f'{a[b]+c}\N{EN DASH}{{' + 'd'
    z = (f) (x for x in y)
    z = (f, g) [0]
    z = (yield) + (yield a) [b]
    z = (n := a + b) * c
    z = a if (b) else (c) (d)
    z = ...  [a]
    z = + a [b] ** - c
    z = a ** - b
    z = a ** b ** c
    z = (a ** b)[0](c)
    z = a<<b>>c
    z = a//b//c
    z = (a)//(b)
    z = (a  # one )
         ) + (  # two (
        b)
    z = rb'\'' + a ['\\']
    z = """a
    b""" + c
    if q:
        return foo("é", a)
    é = foo("é", a)
    if q:
        return  foo (a)
    x = y = foo(a)
    q : int = foo(a)
    x += foo(a)
    a.x = foo(a)
    x = foo(a) if b else c
    if q:
        raise a from b(c)
    assert a[b], c + d   
    del a[b]  
    with a(b) as c, d[e]: pass
    for i in a(b): pass
    a[b] = c[d] = e + f
async def g():
  async with a() as b:
    async for c in d(e): await f(g)
class 猫(a + b, metaclass=c(d)):
    あ = い[う](え)  

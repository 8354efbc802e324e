# A few hundred values of every kind, and what repr() says of each.
#
#	python repr_values.py truth.json     writes the truth, then aborts (for a core)
#
# Runs under 2.7 and 3.6+. Each group is a piece of source on its own, so that what an interpreter
# does not know yet is left out alone. The values are the local variables v0, v1, ... of show().
import json
import os
import sys

GROUPS = []
VALUES = []


def group(source):
    GROUPS.append(source)


group('''
add(0, 1, -1, 255, 256, 257, -5, -6, 2**30 - 1, 2**30, 2**31, 2**32, 2**60, 2**62, 2**63 - 1, 2**63, -2**63,
    -2**63 - 1, 2**64, 10**18, 10**19, 10**27, -10**40, 10**100, 3**500, 2**3000, -7**1000, 10**999)
add(10**1100, 7**1700, 2**40000 + 12345, -3**30000)
add(True, False, None, Ellipsis, NotImplemented)
class MyInt(int): pass
class Loud(int):
    def __repr__(self): return "loud"
add(MyInt(7), MyInt(-3))
''')
group('''
add(MyInt(2**70))
''')
group('''
add(0L, 5L, -5L, 2**70, sys.maxint, -sys.maxint - 1, [1L, 2], {1L: 2L})
''')
group('''
add(0.0, -0.0, 1.0, 1.5, 0.1, 0.2, 0.1 + 0.2, 1e15, 1e16, 1e17, 123456789012345678.0, 1e22, 1e23, 1e100, 1e300, 1e-4, 1e-5,
    1.5e-5, 1e-10, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, float('inf'), float('-inf'),
    float('nan'), 1/3.0, 2/3.0, 100.0, 1234.5678, 2.0**-44, 2.0**-1074, 2.0**-1022, 2.0**60, 2.0**53 + 2,
    9007199254740993.0, 4.35, 4.349999999999999, 0.00012345, 12345678.9, 3.14159265358979, 1e21, 123e18,
    9999999999999998.0, 0.5, 2.0**-1000, 2.0**1000, 5e-323, 1.2e-322)
import random
random.seed(7)
for i in range(60):
    add(random.uniform(-1, 1) * 10.0 ** random.randint(-320, 308))
for i in range(30):
    add(2.0 ** random.randint(-1074, 1023))
class MyFloat(float): pass
add(MyFloat(2.5))
add(1+2j, -1j, 1j, -0j, complex(0, -0.0), complex(-0.0, -0.0), complex(-0.0, 1), complex(1e20, 1e-7),
    complex(float('nan'), float('inf')), complex(0, float('nan')), complex(1.5, -float('inf')), complex(3, 0))
''')
group(r'''
add('', 'abc', "it's", 'say "x"', """both ' and \\" """, 'tab\\t nl\\n cr\\r', 'back\\\\slash', '\\x00\\x01\\x7f', 'x' * 300)
add(u'', u'abc', u'gr\\xfc\\xdf', u'\\u03b1\\u03b2', u'\\u65e5\\u672c', u'\\U0001f600 smile', u'\\u200b\\u202e\\xad\\xa0\\u2028\\ufeff\\ue000',
    u'a\\x85b\\x80\\xff', u"it's \\u03b1", u'\\ud800 lone', u'mix \\xe9 \\u20ac \\U0001F4A9 "q"', u'\\u0378', u'\\U000e0001')
add(b'', b'abc', b"it's", b'say "x"', b"""both ' and " """, b'\\x00\\xff\\n\\t\\r\\\\', bytes(bytearray(range(256))))
add(bytearray(), bytearray(b'abc'), bytearray(b"it's"), bytearray(b"""both ' and " """), bytearray(b'\\x00\\xff'))
add(u'\\u65e5' * 700, 'y' * 2000, b'z' * 1500, 'a' * 1500 + "'", u'\\xe9' * 1200)
b = bytearray(b'0123456789')
del b[:4]
add(b)
class MyStr(str): pass
class MyUni(type(u'')): pass
class MyBytes(bytes): pass
class MyBA(bytearray): pass
add(MyStr('sub'), MyUni(u'uni \\u03b1'), MyUni(u'lat \\xe9'), MyBytes(b'by'), MyBA(b'ba'))
''')
group('''
add([], [1], [1, 2, 3], [[], [[]]], (), (1,), (1, 2), ((1,), [2]), [None, True, 1.5, 'x', u'u'])
a = [1]; a.append(a); add(a)
t = ([],); t[0].append(t); add(t)
add(list(range(1000)), tuple(range(500)))
deep = []
for i in range(40): deep = [deep]
add(deep)
class MyList(list): pass
class MyTuple(tuple): pass
add(MyList([1, 2]), MyTuple((1, 2)), MyTuple((1,)))
class Many(tuple): pass
m = Many(range(5)); m.extra = 1; add(m)
''')
group('''
add({}, {'a': 1}, {'a': 1, 'b': [2], 3: None}, {1: {2: {3: {}}}})
d = {}; d['self'] = d; add(d)
d = {}
for i in range(100): d[i] = i
for i in range(0, 100, 2): del d[i]
add(d)
d = {}
for i in range(200): d['key%d' % i] = i
for i in range(150): del d['key%d' % i]
d['new'] = 1
add(d)
class MyDict(dict): pass
add(MyDict(a=1))
m = MyDict(b=2); m.attr = 3; add(m)
class Own(dict):
    def __repr__(self): return 'own'
add({(1, 2): 'tuple', frozenset([1]): 'fs', None: 0, 1.5: 'f', b'b': 1, u'\\xe9': 2})
add(dict.fromkeys(range(300)))
class Attrs(object):
    def __init__(self):
        self.x = 1
        self.y = 'two'
        self.z = [3]
i = Attrs()
add(i.__dict__)
j = Attrs(); j.w = 4; del j.x
add(j.__dict__)
k = Attrs(); k.x = 9
add(vars(k))
''')
group('''
add(set(), set([1]), set([1, 2, 3]), set(range(100)), frozenset(), frozenset([1]), frozenset(['a', 'b']))
s = set(range(50))
for i in range(0, 50, 3): s.discard(i)
add(s)
s = set(['%d' % i for i in range(20)]); s.remove('3'); add(s)
class MySet(set): pass
class MyFrozen(frozenset): pass
add(MySet([1]), MySet(), MyFrozen([2]), MyFrozen(), {1: set([2])})
class HasItself(object):
    def __hash__(self): return 1
h = MySet()
''')
group('''
import collections
D = collections.deque
add(D(), D([1, 2, 3]), D([1, 2], maxlen=3), D(maxlen=0), D(range(200)), D(range(10), 4))
d = D(range(100))
for i in range(70): d.popleft()
add(d)
d = D(range(5)); d.rotate(2); d.appendleft(9); add(d)
d = D(); d.append(d); add(d)
class MyDeque(D): pass
add(MyDeque([1]), MyDeque([1], 2))
DD = collections.defaultdict
add(DD(), DD(int), DD(list, {1: [2]}), DD(None, a=1))
d = DD(list); d['x'] = d; add(d)
class MyDD(DD): pass
add(MyDD(int, a=2))
OD = collections.OrderedDict
add(OD(), OD([('a', 1)]), OD([('z', 1), ('a', 2), (3, [4])]))
o = OD([(i, str(i)) for i in range(20)])
del o[3]; o[3] = 'again'; del o[0]
add(o)
if hasattr(o, 'move_to_end'):
    o = OD([(i, i) for i in range(10)]); o.move_to_end(0); o.move_to_end(9, last=False); add(o)
o = OD(); o['me'] = o; add(o)
class MyOD(OD): pass
add(MyOD(a=1))
C = collections.Counter
add(C(), C('abracadabra'), C({'a': 1.5, 'b': 2, 'c': True}), C([1, 2, 2, 3, 3, 3]), C({'x': -1, 'y': 0, 'z': 5, 'w': 5}))
class MyC(C): pass
add(MyC('aab'))
add({}.keys(), {1: 2}.keys(), {1: 2}.values(), {1: 2}.items())
add(OD([(1, 2), (3, 4)]).keys(), OD([(1, 2)]).values(), OD([(1, 2)]).items())
''')
group('''
import collections
add(collections.ChainMap({1: 2}, {3: 4}), collections.UserDict(a=1), collections.UserList([1, 2]), collections.UserString('x'))
import types
add(types.MappingProxyType({'a': 1}), types.SimpleNamespace(), types.SimpleNamespace(b=1, a='x'))
n = types.SimpleNamespace(a=1); n.me = n; add(n)
class NS(types.SimpleNamespace): pass
add(NS(q=1))
''')
group('''
add({1: 2}.viewkeys(), {1: 2}.viewvalues(), {1: 2}.viewitems())
class Old: pass
class OldRepr:
    def __repr__(self): return 'hello'
add(Old, Old(), OldRepr)
class OldSub(Old): 
    def meth(self): pass
add(OldSub, OldSub(), OldSub.meth, OldSub().meth)
add(int, long, str, unicode, dict, type, object, file, xrange)
add(xrange(5), xrange(1, 5), xrange(1, 10, 3), xrange(10, 0, -3), xrange(0))
add(dict.__dict__ and type.__dict__['__doc__'])
add(OldSub.__dict__)
''')
group('''
add(range(0), range(5), range(1, 5), range(0, 10, 2), range(10, 0, -1), range(2**70), range(0, 2**65, 2**33))
add(slice(None), slice(1, 2), slice(1, 10, 2), slice('a', None, [1]))
''')
group('''
import array
A = array.array
add(A('b'), A('b', [1, -2]), A('B', [255]), A('h', [-3, 4]), A('H', [65535]), A('i', [1, -1]), A('I', [4000000000]),
    A('l', [-1]), A('L', [2**63]), A('f', [1.5, 0.1]), A('d', [0.1, -2.0, 1e300]), A('i', range(400)))
add(A('u'), A('u', u'ab\\u03b1'))
class MyArray(A): pass
add(MyArray('i', [1]))
''')
group('''
add(A('q', [-1]), A('Q', [2**64 - 1]))
''')
group('''
add(A('c', 'abc\\n'))
''')
group('''
def f(): pass
def outer():
    def inner(): pass
    return inner
class K(object):
    def m(self): pass
    @staticmethod
    def s(): pass
    @classmethod
    def c(cls): pass
    @property
    def p(self): return 1
    class Nested(object):
        def deep(self): pass
k = K()
add(f, outer(), lambda: 0, len, [].append, 'x'.join, K.m, k.m, K.s, K.c, k.c, K.__dict__['s'], K.__dict__['c'], K.__dict__['p'])
add(K.Nested().deep, K.Nested.deep, str.join, dict.fromkeys, int.__add__, (1).__add__, object.__repr__, K.__init__, k.__init__)
add(K.__dict__['__dict__'], type.__dict__['__name__'], int.__dict__['real'], dict.__dict__['fromkeys'], f.__code__)
f.func = 1
import time
add(time.sleep, time.time, sys.exit, os.getpid, os.path.join)
import functools
add(functools.partial(f), functools.partial(int, '1', base=2), functools.partial(print_ if 0 else max, 1, 2))
class Callable(object):
    def __call__(self): pass
add(functools.partial(Callable().__call__, 3))
def gen():
    yield 1
g = gen(); g2 = gen(); next(g2)
add(g, g2, (x for x in [1]))
add(type(f), type(g), type(k.m), type(len))
''')
group('''
import types, functools
add(types.MethodType(functools.partial(max, 1), 5), types.MethodType(len, []))
class Part(functools.partial): pass
add(Part(max, 1))
''')
group('''
async def co(): pass
async def agen():
    yield 1
c = co(); add(c); add(agen(), co)
c2 = co()
add(c2)
''')
group('''
def make():
    x = 1
    unset = 0
    del unset
    def inner(): return x, unset
    return inner
def make2():
    value = [1]
    def inner(): return value
    return inner
add(make2().__closure__, make2().__closure__[0])
class A1(object): pass
class B1(A1):
    def __init__(self):
        self.sup = super(B1, self)
add(B1().sup, super(A1))
''')
group('''
class X(object): pass
class Meta(type): pass
MC = Meta('MC', (object,), {})
class MetaRepr(type):
    def __repr__(cls): return 'meta'
x = X()
add(X, x, MC, MC(), Meta, type, object, int, dict, ValueError, collections.deque, collections.OrderedDict, collections.Counter, array.array)
class Inner(object):
    class Deeper(object): pass
add(Inner.Deeper, Inner.Deeper())
def local_class():
    class Local(object): pass
    return Local
add(local_class(), local_class()())
class Slotted(object):
    __slots__ = ('a', 'b')
s = Slotted(); s.a = 1
add(s)
import json, os, sys, collections, datetime
add(json, os, sys, collections, datetime, sys.modules['__main__'], sys.modules['os.path'] if 'os.path' in sys.modules else os)
import types
add(types.ModuleType('made'), __builtins__)
class ModRepr(types.ModuleType): pass
add(ModRepr('mr'))
import weakref
r = weakref.ref(x); r2 = weakref.ref(X)
add(r, r2, weakref.ref(f))
dead = weakref.ref(Inner()); add(dead)
class MyRef(weakref.ref): pass
add(MyRef(x))
p1 = weakref.proxy(x); p2 = weakref.proxy(f)
add([p1], [p2])
add(iter([1]), iter({}), enumerate([]), zip([1], [2]) if 0 else object())
''')
group('''
add(ValueError(), ValueError('x'), ValueError('x', 1), KeyError('k'), OSError(2, 'No such file'), IOError(2, 'no', 'file'), Exception([1]),
    KeyboardInterrupt(), SystemExit(3), StopIteration(5), UnicodeDecodeError('utf-8', b'x', 0, 1, 'bad'), AttributeError('a'),
    ImportError('no mod'), SyntaxError('msg', ('f', 1, 2, 'text')), ZeroDivisionError('division by zero'), NameError('n'))
class MyError(Exception): pass
class MyError2(MyError):
    def __init__(self, a, b):
        self.a = a
        MyError.__init__(self, a)
add(MyError(), MyError('x'), MyError2(1, 2))
class OwnError(Exception):
    def __repr__(self): return 'no'
try:
    open('/does/not/exist')
except Exception as e:
    add(e)
try:
    {}['missing']
except Exception as e:
    add(e)
try:
    1 / 0
except Exception as e:
    add(e)
try:
    import does_not_exist
except Exception as e:
    add(e)
try:
    undefined_name
except Exception as e:
    add(e)
e = ValueError('cyc'); e.args = (e,); add(e)
''')
group('''
add(ExceptionGroup('eg', [ValueError(1), KeyError('k')]), BaseExceptionGroup('beg', (SystemExit(1),)))
e = ValueError('noted'); e.add_note('n'); add(e)
''')
group('''
import datetime
dt = datetime
add(dt.date(2020, 1, 2), dt.date.min, dt.date.max, dt.datetime(2020, 1, 2), dt.datetime(2020, 1, 2, 3, 4), dt.datetime(2020, 1, 2, 3, 4, 5),
    dt.datetime(2020, 1, 2, 3, 4, 5, 6), dt.datetime(2020, 1, 2, 3, 4, 0, 6), dt.datetime.max, dt.time(), dt.time(1, 2), dt.time(1, 2, 3), dt.time(1, 2, 3, 4), dt.time(0, 0, 0, 999999))
add(dt.timedelta(), dt.timedelta(1), dt.timedelta(1, 2), dt.timedelta(1, 2, 3), dt.timedelta(0, 5), dt.timedelta(microseconds=7), dt.timedelta(-1, 3), dt.timedelta.max)
class D(dt.date): pass
class DT(dt.datetime): pass
class TD(dt.timedelta): pass
class T(dt.time): pass
add(D(2020, 1, 2), DT(2020, 1, 2), TD(5), T(1, 2))
class TZ(dt.tzinfo):
    def utcoffset(self, d): return dt.timedelta(hours=1)
add(TZ(), dt.datetime(2020, 1, 1, tzinfo=TZ()), dt.time(1, tzinfo=TZ()))
add(dt, dt.datetime, dt.timedelta)
''')
group('''
utc = dt.timezone.utc
add(utc, dt.timezone(dt.timedelta(0)), dt.timezone(dt.timedelta(hours=2)), dt.timezone(dt.timedelta(hours=-3), 'BRT'), dt.timezone(dt.timedelta(0), 'x'))
add(dt.datetime(2020, 1, 1, tzinfo=utc), dt.datetime(2020, 1, 1, fold=1), dt.datetime(2020, 1, 1, 1, 2, 3, 4, tzinfo=utc, fold=1), dt.time(1, fold=1), dt.time(1, tzinfo=utc, fold=1))
add(dt.datetime.now(utc).replace(microsecond=0))
''')
group('''
import zoneinfo
add(zoneinfo.ZoneInfo('Europe/Paris'), dt.datetime(2020, 1, 1, tzinfo=zoneinfo.ZoneInfo('UTC')))
''')
group('''
from decimal import Decimal as De
add(De('1.5'), De(0), De('-0'), De('0.00'), De('1E+10'), De('1E-10'), De('-12.3456789012345678901234567890'), De('NaN'), De('-NaN'), De('sNaN'),
    De('NaN123'), De('Infinity'), De('-Infinity'), De('0E+3'), De('0E-7'), De('0.000001'), De('0.0000001'), De('123456789012345678901234567890E-5'),
    De('1E+28'), De(10)**25, De(1) / De(3), De('9' * 60), De('1.000'), De('-1E-6176'))
class MyDe(De): pass
add(MyDe('2.5'), De)
from fractions import Fraction as Fr
add(Fr(1, 2), Fr(-3, 7), Fr(2**70, 3), Fr(0))
class MyFr(Fr): pass
add(MyFr(1, 3))
import uuid
add(uuid.UUID(int=0), uuid.UUID(int=2**128 - 1), uuid.UUID('12345678-1234-5678-1234-567812345678'), uuid.UUID(int=5))
class MyU(uuid.UUID): pass
add(MyU(int=9))
''')
group('''
import pathlib
P = pathlib.Path
PP = pathlib.PurePosixPath
add(P('.'), P(''), P('a'), P('a/b'), P('/'), P('/a/b.txt'), P('//x/y'), P('///x'), P('a//b/./c/'), P('../x'), P('a', 'b', '/c', 'd'), P('./a'), P('a/..'),
    PP('x/y'), PP(), P('/a') / 'b', P('/a/b').parent, P(u'gr\\xfc\\u03b1'), P("it's"), pathlib.PureWindowsPath('c:\\\\x\\\\y') if sys.version_info < (3, 12) else 0)
p = P('/some/path'); str(p); add(p)
p = P('/some/other/'); p.parts; add(p)
p = P('q/./r'); p.name; hash(p); add(p)
class MyPath(type(P())): pass
add(MyPath('z/w'))
w = pathlib.PureWindowsPath('c:\\\\x\\\\y'); str(w); add(w)
add(P.cwd().joinpath('a b'))
''')
group('''
import collections
NT = collections.namedtuple('NT', 'x y')
N0 = collections.namedtuple('N0', '')
class SubNT(NT): pass
class OwnNT(NT):
    def __repr__(self): return 'x'
add(NT(1, 'b'), NT([], NT(1, 2)), N0(), SubNT(3, 4), NT)
class Holder(object):
    Inner = collections.namedtuple('Inner', ['field_one', 'field_two'])
add(Holder.Inner(1, 2))
''')
group('''
import typing
class TNT(typing.NamedTuple):
    a: int
    b: str = 'd'
add(TNT(1), TNT(2, 'z'))
''')
group('''
import dataclasses
@dataclasses.dataclass
class DC:
    a: int
    b: str = 'x'
@dataclasses.dataclass
class DC0: pass
@dataclasses.dataclass
class DCH:
    a: int
    hidden: int = dataclasses.field(default=5, repr=False)
    items: list = dataclasses.field(default_factory=list)
    k: typing.ClassVar[int] = 3
    i: dataclasses.InitVar[int] = 4
@dataclasses.dataclass(frozen=True)
class DCF:
    z: float
class SubDC(DC): pass
@dataclasses.dataclass
class SubDC2(DC):
    c: int = 9
@dataclasses.dataclass(repr=False)
class DCN:
    q: int = 1
@dataclasses.dataclass
class DCR:
    me: object = None
@dataclasses.dataclass
class DCOwn:
    q: int = 1
    def __repr__(self): return 'own'
r = DCR(); r.me = r
class Outer:
    @dataclasses.dataclass
    class In:
        v: int
@dataclasses.dataclass
class DCP:
    __slots__ = ['s']
    s: int
add(DC(1), DC(2, 'y'), DC0(), DCH(1), DCF(1.5), SubDC(3), SubDC2(1), DCN(), r, Outer.In(5), DCP(6), [DC(1)], DC)
d = DC(1); del d.b; add(d)
@dataclasses.dataclass
class E(Exception):
    code: int
add(E(4))
''')
group('''
@dataclasses.dataclass(slots=True, kw_only=True)
class DCS:
    s: int
    t: int = 2
add(DCS(s=1))
@dataclasses.dataclass(slots=True, weakref_slot=True)
class DCW:
    s: int
add(DCW(1))
''')
group('''
import enum
class Color(enum.Enum):
    RED = 1
    GREEN = 'g'
    ALIAS = 1
class IE(enum.IntEnum):
    ONE = 1
    TWO = 2
class Perm(enum.Flag):
    R = 4
    W = 2
    X = 1
class IP(enum.IntFlag):
    R = 4
    W = 2
    X = 1
class SE(str, enum.Enum):
    A = 'a'
class FE(float, enum.Enum):
    H = 0.5
class TE(tuple, enum.Enum):
    P = (1, 2)
class OwnE(enum.Enum):
    A = 1
    def __repr__(self): return 'own'
class Planet(enum.Enum):
    EARTH = (5.9, 6.3)
    def __init__(self, m, r):
        self.m = m
add(Color.RED, Color.GREEN, Color.ALIAS, IE.ONE, Perm.R, Perm.R | Perm.W, Perm(0), Perm(7), IP.R, IP.R | IP.X, IP(0), IP(8), IP(12), IP(3), SE.A, FE.H, TE.P, Planet.EARTH)
add(Color, IE, Perm, IP, [Color.RED], {IE.TWO: 1}, enum.Enum, enum.Flag)
class Late(enum.Enum):
    A = enum.auto()
    B = enum.auto()
add(Late.A, Late.B, enum.Enum('Fun', 'a b').b)
import signal
add(signal.SIGINT, signal.SIG_DFL, signal.Signals)
import re
add(re.IGNORECASE)
if sys.version_info >= (3, 11): add(re.I | re.M, re.RegexFlag(0))
import socket
add(socket.AF_INET, socket.SOCK_STREAM)
import http
add(http.HTTPStatus.OK)
''')
group('''
class StrE(enum.StrEnum):
    A = 'a'
class KF(enum.Flag, boundary=enum.KEEP):
    A = 1
    B = 2
add(StrE.A, KF(9), KF(3), ~Perm.R, ~IP.R)
@dataclasses.dataclass
class Mix:
    a: int
class MixE(Mix, enum.Enum):
    M = 1
add(MixE.M)
''')
group('''
add(memoryview(b'abc'), memoryview(bytearray(b'x')))
m = memoryview(b'q'); m.release(); add(m)
''')
group('''
add(frozendict(), frozendict(a=1), frozendict({1: 2}))
class FDS(frozendict): pass
add(FDS(a=1))
''')
group('''
add(list[int], dict[str, int], int | str, tuple[int, ...], type[int], list[list[int]])
''')
group('''
class Deep(object): pass
o = Deep(); o.__dict__ = {'a': 1}; add(o, o.__dict__)
class WithDict(object):
    def __init__(self):
        self.a = 1
w = WithDict(); w.__dict__['late'] = 2; add(w.__dict__)
class Big(object): pass
b = Big()
for i in range(40): setattr(b, 'attr%d' % i, i)
add(b.__dict__)
class Base(object): __slots__ = ('s1',)
class Child(Base): pass
c = Child(); c.s1 = 1; c.d = 2; add(c, c.__dict__)
class L2(list): pass
l = L2([1]); l.tag = 'x'; add(l.__dict__)
class I2(int): pass
i = I2(100); i.tag = 'y'; add(i.__dict__, i)
class T2(tuple): pass
t = T2((1, 2, 3)); t.tag = 'z'; add(t.__dict__, t)
class E2(Exception): pass
e = E2(1); e.tag = 'w'; add(e.__dict__, e)
def fn(): pass
fn.tag = 1; add(fn.__dict__)
''')
group('''
import sys, time, os
add(sys.version_info, time.gmtime(0), os.stat_result(range(10)), sys.float_info)
''')
group('''
import string, threading, io, itertools, operator
add(string.Template('x'), object(), threading.local)
''')
group('''
class Huge(object):
    def __repr__(self): return 'never'
add([Huge] * 3)
''')

# What has a __repr__ of its own in C, or one that cannot be run: shown by its class and address.
OPAQUE = '''
add(Loud(3), Own(a=1), OwnError(1), OwnNT(1, 2), OwnE.A, DCOwn(), MetaRepr('MR', (object,), {}), OldRepr())
'''


def collect():
    names = {'sys': sys, 'os': os, '__name__': '__main__', '__builtins__': __builtins__}
    skipped = []

    def add(*values):
        VALUES.extend(values)

    names['add'] = add
    for number, source in enumerate(GROUPS):
        before = len(VALUES)
        try:
            exec(source, names)
        except Exception as e:
            skipped.append([number, before, repr(e)])
    return names, skipped


def text_of(value):
    try:
        text = repr(value)
    except Exception as e:
        return None
    if isinstance(text, bytes):
        text = text.decode('latin-1')
    return [ord(c) for c in text] if sys.maxunicode == 0xffff else [ord(c) for c in text]


NAMES, SKIPPED = collect()


def main(path):
    if hasattr(sys, 'set_int_max_str_digits'):
        sys.set_int_max_str_digits(0)
    truth = [text_of(v) for v in VALUES]
    with open(path, 'w') as f:
        json.dump({'version': list(sys.version_info[:3]), 'truth': truth, 'skipped': SKIPPED,
                   'types': [type(v).__name__ for v in VALUES]}, f)
    source = 'def show(values):\n'
    for i in range(len(VALUES)):
        source += '    v%d = values[%d]\n' % (i, i)
    source += '    values = None\n    os.abort()\n'
    names = {'os': os}
    exec(source, names)
    names['show'](VALUES)


if __name__ == '__main__':
    main(sys.argv[1])

"""A program full of secrets, in every place where a value can be, that dies of SIGSEGV.

None of them is in this file, nor in a code object: s() puts them together.
"""
import collections
import ctypes
import os
import sys


def s(name):
    return "".join(chr(ord(c) + 1) for c in "ydbqds") + name


if len(sys.argv) == 1:
    # Anew, with secrets on the command line and, under no telling name, in the environment.
    os.environ["GREETING"] = s("V1")
    os.execv(sys.executable, [sys.executable, __file__, "--password=" + s("X1"), "--token", s("X2")])


class Client(object):
    def __init__(self):
        self.host = "db1"
        self.auth_token = s("A1")
        self.author = "jane"


Point = collections.namedtuple("Point", "x api_key")
# Of every width, and kinds that are not shown by their names.
KEPT = [s("W1"), s("W2") + u"\u20ac", s("W3") + u"\U0001f40d", s("W4").encode("ascii"),
        bytearray(s("W5").encode("ascii")), memoryview(s("W6").encode("ascii"))]
NUMBER = 0x7a65637265744931
buffer = ctypes.create_string_buffer(s("M1").encode("ascii"))
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
allocated = libc.malloc(4096)
ctypes.memmove(allocated + 1024, s("M2").encode("ascii"), 8)
libc.free(allocated)
log = open("/dev/null", "w", 65536)
log.write(u"user jane, " + s("L1") + u"\n")


def handler(order, password, token):
    cfg = {"db_password": s("B1"), "host": "db1", "Authorization": "Basic " + s("B2"),
           b"api-key": s("B3"), "monkey": "banana"}
    point = Point(1, s("C2"))
    client = Client()
    passwords = collections.OrderedDict([("passwd", s("C4")), ("z", 1)])
    views = cfg.items()
    url = "postgres://jane:%s@db1/x" % s("D1")
    header = "Authorization: Bearer " + s("D2D2D2D2D2")
    query = "user=jane&password=%s&x=1" % s("D3")
    card = " ".join(["4111", "1111", "1111", "1111"])
    key = ("-----BEGIN RSA PRIVATE" + " KEY-----\nMII" + s("D5") +
           "\n-----END RSA PRIVATE KEY-----").encode("ascii")
    environment = dict(os.environ)
    ctypes.string_at(0)


handler({"id": 1, "name": "tea"}, s("E1"), s("E2"))

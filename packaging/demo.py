"""A small shop that crashes: what `make demo` looks at."""
import ctypes
import queue
import threading
import time

orders = queue.Queue()


def pack(order):
    return ", ".join("%d x %s" % (count, item) for item, count in order["items"].items())


def print_label(order, address):
    text = pack(order).encode()
    # A driver written in C gets a null pointer.
    ctypes.memmove(address, text, len(text))


def ship(order):
    for copy in ("sender", "receiver"):
        print_label(order, address=0)


def wait_for_orders():
    while True:
        orders.get()


def heartbeat(seconds):
    while True:
        time.sleep(seconds)


def main():
    threading.Thread(target=wait_for_orders, name="packer", daemon=True).start()
    threading.Thread(target=heartbeat, args=(60,), name="heartbeat", daemon=True).start()
    time.sleep(0.2)
    ship({"customer": "Zoë", "items": {"tea": 2, "cups": 6}})


main()

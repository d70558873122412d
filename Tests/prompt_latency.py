#!/usr/bin/env python3
"""How long the prompt takes to answer a key: python3 Tests/prompt_latency.py PROGRAM STORE

Types questions about the tables customers and transactions (as Benchmarks makes them) at a terminal of its own, key by key, and prints the
median and the longest time from a key to the last byte that it caused, for plain keys and for Tab at many kinds of places.
"""
import fcntl
import os
import pty
import select
import statistics
import struct
import sys
import termios
import time

PLAIN = (
    'from transactions | where customer.city = "Hangzhou" and amount > 100k and ts in 2026-Q3 '
    "| summarize n: count(), s: sum(amount) by m: month(ts), channel | top 10 by s"
)
TABS = [
    "from tr", "from transactions | su", "from transactions | where ch", 'from transactions | where channel = "',
    'from transactions | where merchant = "', "from transactions | where customer.", "from customers | where sum(transactions.",
    "from customers | where sum(transactions.amount where ",
    "from transactions | summarize n: count(), s: sum(amount) by m: month(ts), channel | where ",
    "from customers | rfm(transactions.ts, transactions.amount, ", "from customers | where customer_id in (from transactions | where ",
]


def main(program, store):
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm", LC_ALL="C.UTF-8", HOME="/nowhere")
        os.execv(program, [program, store, "--read-only", "--no-rc"])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 140, 0, 0))

    def read(patience):
        data = b""
        while select.select([terminal], [], [], patience)[0]:
            data += os.read(terminal, 65536)
            patience = 0.03
        return data

    def key(text):
        start = time.perf_counter()
        os.write(terminal, text)
        last = start
        patience = 5
        while select.select([terminal], [], [], patience)[0]:
            os.read(terminal, 65536)
            last = time.perf_counter()
            patience = 0.05
        return (last - start) * 1000

    while b"> " not in read(5):
        pass
    plain = [key(letter.encode()) for letter in PLAIN]
    tabs = []
    for text in TABS:
        os.write(terminal, b"\x03")
        read(0.15)
        os.write(terminal, text.encode())
        read(0.15)
        for time_ in (key(b"\t"), key(b"\t")):
            tabs.append((time_, text))
    print(f"plain keys: {len(plain)}, median {statistics.median(plain):.2f} ms, longest {max(plain):.2f} ms")
    times = [time_ for time_, _ in tabs]
    print(f"Tab: {len(times)}, median {statistics.median(times):.2f} ms, longest {max(times):.2f} ms")
    for time_, text in sorted(tabs, reverse=True)[:3]:
        print(f"  {time_:.2f} ms  {text}")
    os.kill(child, 9)
    return 0 if max(plain + times) <= 20 else 1


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))

"""What recording costs the application: the Python SDK's hot path, against its budget.

Each call is timed on its own, with clock, context and location taken, while the sender delivers to
a real HTTP sink in another process. The cost of reading the clock twice is subtracted.
"""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter_ns

import raceway

BUDGET_US = 5.0
ROUNDS = 20
CALLS = 1000
KEYS = ("alice", "bob", "carol", "dave")


def main() -> None:
    """Print the table."""
    plain_lock = threading.Lock()
    with _sink() as url:
        raceway.start("bench", url=url, queue_size=100_000)
        try:
            _print_costs(plain_lock)
            _print_memory()
            print(f"delivery: {raceway.stats()}")
        finally:
            raceway.stop()


def _print_costs(plain_lock: threading.Lock) -> None:
    plain = dict.fromkeys(KEYS, 100)
    watched = raceway.watch(dict(plain), "accounts")
    traced_lock = threading.Lock()
    rows: list[tuple[str, Callable[[str], object], int]] = [
        ("plain dict read", lambda key: plain[key], 0),
        ("plain lock, acquired and released", lambda _: _cycle(plain_lock), 0),
        ("watched read", lambda key: watched[key], 1),
        ("watched write", lambda key: watched.__setitem__(key, 7), 1),
        ("explicit write", lambda key: raceway.write(key, 7), 1),
        ("traced lock, acquired and released", lambda _: _cycle(traced_lock), 3),
        ("span", lambda _: _span(), 2),
    ]
    print(f"{'call':<36}{'p50 µs':>8}{'p99 µs':>8}{'events':>8}{'µs/event':>10}{'of budget':>11}")
    for name, call, events in rows:
        p50, p99 = _percentiles_us(call)
        each = f"{p50 / events:>10.2f}{p50 / events / BUDGET_US:>10.0%}" if events else ""
        print(f"{name:<36}{p50:>8.2f}{p99:>8.2f}{events:>8}{each}")


def _cycle(lock: threading.Lock) -> None:
    with lock:
        pass


def _span() -> None:
    with raceway.span("step"):
        pass


def _percentiles_us(call: Callable[[str], object]) -> tuple[float, float]:
    nothing = median(_times(lambda _: None))
    times: list[int] = []
    for _ in range(ROUNDS):
        times += _times(call)
        raceway.flush()
    times.sort()
    return (times[len(times) // 2] - nothing) / 1000, (times[len(times) * 99 // 100] - nothing) / 1000


def _times(call: Callable[[str], object]) -> list[int]:
    times = []
    for number in range(CALLS):
        key = KEYS[number % len(KEYS)]
        began = perf_counter_ns()
        call(key)
        times.append(perf_counter_ns() - began)
    return times


def _print_memory() -> None:
    """Fill the queue and go on: what is held does not grow."""
    watched = raceway.watch(dict.fromkeys(KEYS, 100), "memory")
    tracemalloc.start()
    for number in range(4096):
        watched[KEYS[number % len(KEYS)]] = number
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"memory of a waiting event, at most: {held / 4096:,.0f} bytes")


@contextmanager
def _sink() -> Iterator[str]:
    """Run an HTTP server that answers every post with 200, in a process of its own."""
    command = [sys.executable, "-m", "bench.sdk", "--sink"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


class _Sink(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = b'{"success": true}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    if sys.argv[1:] == ["--sink"]:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Sink)
        print(server.server_port, flush=True)
        server.serve_forever()
    else:
        main()

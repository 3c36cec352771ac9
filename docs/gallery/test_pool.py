"""A process pool by map, apply and apply_async, and a callback that is not where you think."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from multiprocessing import Pool
from threading import Lock, Thread

import pytest

INDEX = "/a /b /c /d /e /f"


def square(n: int) -> int:
    """What the pool computes."""
    return n * n


def fetch(port: int, path: str) -> str:
    """Fetches a page from the loopback server."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


class Echo(BaseHTTPRequestHandler):
    """Answers / with the index and every other path with itself."""

    def do_GET(self) -> None:
        """Sends the page."""
        page = (INDEX if self.path == "/" else self.path).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: object) -> None:
        """Keeps the terminal quiet."""


@contextmanager
def echo_server() -> Iterator[int]:
    """Serves on a free loopback port until the block ends."""
    with HTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


class Tally:
    """Adds up the sizes of pages without care."""

    def __init__(self) -> None:
        self.total = 0

    def add(self, page: str) -> None:
        """Reads the total, adds, writes it back."""
        self.total += len(page)


class LockedTally(Tally):
    """Adds up the sizes of pages one at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = Lock()

    def add(self, page: str) -> None:
        """Adds while no other thread of this process can."""
        with self.lock:
            super().add(page)


def total_with_callback(tally: Tally) -> int:
    """Children fetch the pages and a callback adds; the main thread fetches and adds as well."""
    # The pool comes first: a fork in a process that has threads already asks for trouble.
    with Pool(2) as pool, echo_server() as port:
        paths = pool.apply(fetch, (port, "/")).split()
        for path in paths:
            pool.apply_async(fetch, (port, path), callback=tally.add)
        for path in paths:
            tally.add(fetch(port, path))
        pool.close()
        pool.join()
    return tally.total


@pytest.mark.racecheck(expect="race-free", seconds=3)
def test_map_keeps_the_order() -> None:
    """Whichever child is faster, results come in the order of the arguments."""
    with Pool(2) as pool:
        assert pool.map(square, range(5)) == [0, 1, 4, 9, 16]


@pytest.mark.racecheck(expect="race-free", seconds=3)
def test_apply_waits() -> None:
    """Two calls of apply never overlap: the second starts when the first has answered."""
    with Pool(2) as pool:
        assert [pool.apply(square, (n,)) for n in (2, 3)] == [4, 9]


@pytest.mark.racecheck(expect="race-free", seconds=3)
def test_apply_async_with_get() -> None:
    """The calls overlap, and get hands each answer to the one who asked."""
    with Pool(2) as pool:
        answers = [pool.apply_async(square, (n,)) for n in range(4)]
        assert [answer.get(timeout=60) for answer in answers] == [0, 1, 4, 9]


@pytest.mark.racecheck(expect="race", seconds=20, keep_going=False)
def test_callback_and_main_thread_write() -> None:
    """The callback runs in a thread of the pool, beside the main thread."""
    assert total_with_callback(Tally()) == 24


@pytest.mark.racecheck(expect="race-free", seconds=4)
def test_callback_and_main_thread_lock() -> None:
    """Both writers take the same lock; a threading.Lock will do, for both are threads."""
    assert total_with_callback(LockedTally()) == 24


@pytest.mark.racecheck(expect="race-free", seconds=4)
def test_only_the_main_thread_writes() -> None:
    """Without a callback there is one writer, and no lock to forget."""
    tally = Tally()
    with Pool(2) as pool, echo_server() as port:
        paths = pool.apply(fetch, (port, "/")).split()
        answers = [pool.apply_async(fetch, (port, path)) for path in paths]
        for path in paths:
            tally.add(fetch(port, path))
        for answer in answers:
            tally.add(answer.get(timeout=60))
    assert tally.total == 24

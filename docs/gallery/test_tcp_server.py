"""A threaded TCP server, four clients, and a count of connections that all handlers share."""

from __future__ import annotations

import socket
import socketserver
from threading import Lock, Thread
from typing import cast

import pytest

CLIENTS = 4


class Shout(socketserver.StreamRequestHandler):
    """Counts its connection and answers one line in capitals."""

    def handle(self) -> None:
        """Runs in a thread of its own for each connection."""
        cast("CountingServer", self.server).count_connection()
        self.wfile.write(self.rfile.readline().upper())


class CountingServer(socketserver.ThreadingTCPServer):
    """Serves each client in a thread and counts them without care."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Shout)
        self.connections = 0

    def count_connection(self) -> None:
        """Reads the count, adds one, writes it back."""
        self.connections += 1


class LockedServer(CountingServer):
    """Counts one client at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = Lock()

    def count_connection(self) -> None:
        """Counts while no other handler can."""
        with self.lock:
            super().count_connection()


def ask(address: tuple[str, int], answers: list[str]) -> None:
    """One client: says hello, keeps the answer."""
    with socket.create_connection(address, timeout=30) as connection:
        connection.sendall(b"hello\n")
        with connection.makefile() as lines:
            answers.append(lines.readline().strip())


def serve_clients(server: CountingServer) -> tuple[int, list[str]]:
    """Serves four clients at once; tells how many were counted, and what they heard."""
    answers: list[str] = []
    clients = [Thread(target=ask, args=(server.server_address, answers)) for _ in range(CLIENTS)]
    listener = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    with server:  # closing joins the threads of the handlers
        listener.start()
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        server.shutdown()
        listener.join()
    return server.connections, answers


@pytest.mark.racecheck(expect="race", seconds=3)
def test_four_clients() -> None:
    """Everyone is served, not everyone is counted."""
    connections, answers = serve_clients(CountingServer())
    assert answers == ["HELLO"] * CLIENTS
    assert connections == CLIENTS


@pytest.mark.racecheck(expect="race-free", seconds=3)
def test_four_clients_under_a_lock() -> None:
    """Everyone is served, and counted."""
    connections, answers = serve_clients(LockedServer())
    assert answers == ["HELLO"] * CLIENTS
    assert connections == CLIENTS

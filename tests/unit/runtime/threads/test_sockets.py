"""Servers and clients on the loopback interface, all of them tasks."""

from __future__ import annotations

import http.server
import socket
import socketserver
import threading
import urllib.request

import pytest


class Echo(socketserver.StreamRequestHandler):
    """Sends back each line in capitals."""

    def handle(self):
        for line in self.rfile:
            self.wfile.write(line.upper())


class Path(http.server.BaseHTTPRequestHandler):
    """Answers with the path."""

    def do_GET(self):
        body = self.path.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        """Say nothing."""


def _serve(server, client, clients):
    with server:
        serving = threading.Thread(target=server.serve_forever)
        threads = [threading.Thread(target=client, args=(n,)) for n in range(clients)]
        for thread in (serving, *threads):
            thread.start()
        for thread in threads:
            thread.join()
        server.shutdown()
        serving.join()


def test_a_threading_server_and_its_clients(explored):
    """Each of three clients gets its answer, in all orders (one of six is missed by 200 random runs with less than 1e-9)."""

    def program():
        answers = []
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo)

        def client(number):
            with socket.create_connection(server.server_address, timeout=5) as connection:
                with connection.makefile("rwb") as file:
                    file.write(b"hello %d\n" % number)
                    file.flush()
                    answers.append(file.readline())

        _serve(server, client, 3)
        return answers

    found = explored(program, 200)
    assert set(found.outcomes) == {"passed"}
    assert {tuple(sorted(run)) for run in found.returned} == {
        (b"HELLO 0\n", b"HELLO 1\n", b"HELLO 2\n")
    }
    assert len({tuple(run) for run in found.returned}) == 6


def test_http(explored):
    """http.server and urllib work under control."""

    def program():
        answers = []
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Path)

        def client(number):
            url = f"http://127.0.0.1:{server.server_address[1]}/{number}"
            with urllib.request.urlopen(url, timeout=5) as response:
                answers.append(response.read())

        _serve(server, client, 2)
        return sorted(answers)

    found = explored(program, 30)
    assert found.returned == [[b"/0", b"/1"]] * 30


def test_refused(explored):
    """A connection that nobody listens for is refused, as without control."""

    def program():
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            address = bound.getsockname()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=5)
        with socket.socket() as one:
            return one.connect_ex(address) != 0

    assert explored(program, 2).returned == [True, True]


def test_not_blocking(explored):
    """A socket that does not block says so at once."""

    def program():
        one, other = socket.socketpair()
        with one, other:
            one.setblocking(False)
            with pytest.raises(BlockingIOError):
                one.recv(1)
            with pytest.raises(BlockingIOError):
                while True:
                    one.send(bytes(65_536))

    assert set(explored(program, 2).outcomes) == {"passed"}


def test_datagrams(explored):
    """Sendto and recvfrom work between tasks."""

    def program():
        with (
            socket.socket(type=socket.SOCK_DGRAM) as one,
            socket.socket(type=socket.SOCK_DGRAM) as other,
        ):
            other.bind(("127.0.0.1", 0))
            thread = threading.Thread(target=one.sendto, args=(b"x", other.getsockname()))
            thread.start()
            got, _ = other.recvfrom(10)
            thread.join()
            return got

    assert set(explored(program, 20).returned) == {b"x"}


def test_the_class_is_as_before():
    """Outside a campaign the methods are those of the class's base again."""
    assert "recv" not in vars(socket.socket)

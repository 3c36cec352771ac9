"""Waiting for several descriptors at once."""

from __future__ import annotations

import select
import selectors
import socket
import threading
import time

import pytest


def _by_select(one):
    return bool(select.select([one], [], [], 5)[0])


def _by_poll(one):
    poll = select.poll()
    poll.register(one, select.POLLIN)
    found = poll.poll(5_000)
    poll.modify(one, select.POLLIN | select.POLLOUT)
    poll.unregister(one)
    return bool(found)


def _by_epoll(one):
    with select.epoll() as epoll:
        epoll.register(one.fileno(), select.EPOLLIN)
        return bool(epoll.poll(5))


def _by_selector(one):
    with selectors.DefaultSelector() as selector:
        selector.register(one, selectors.EVENT_READ)
        return bool(selector.select(5))


WAYS = [_by_select, _by_poll, _by_epoll, _by_selector]


@pytest.mark.parametrize("way", WAYS)
def test_data_is_noticed(explored, way):
    """Each way of waiting wakes up when another task sends."""

    def program():
        one, other = socket.socketpair()
        with one, other:
            thread = threading.Thread(target=other.send, args=(b"x",))
            thread.start()
            found = way(one)
            thread.join()
            return found

    assert set(explored(program, 20).returned) == {True}


@pytest.mark.parametrize("way", WAYS)
def test_time_runs_out(explored, way):
    """Each way of waiting times out in virtual time."""

    def program():
        one, other = socket.socketpair()
        with one, other:
            before = time.monotonic()
            return way(one), time.monotonic() - before >= 5

    assert set(explored(program, 2).returned) == {(False, True)}


def test_a_selector_from_before(explored):
    """A selector that was made before the campaign works in it."""
    one, other = socket.socketpair()
    with one, other, selectors.DefaultSelector() as selector:
        selector.register(one, selectors.EVENT_READ)

        def program():
            thread = threading.Thread(target=other.send, args=(b"x",))
            thread.start()
            found = selector.select(5)
            thread.join()
            one.recv(1)
            return len(found)

        assert set(explored(program, 10).returned) == {1}

"""How processes come to be part of a program."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from pytest_racecheck.runtime.processes.channel import Channel
from pytest_racecheck.runtime.processes.hub import Hub
from pytest_racecheck.runtime.processes.member import Member


class Ended:
    """In the place of a Process that is gone."""

    class _Popen:
        returncode = 1

        def poll(self) -> int:
            return 1

    _popen = _Popen()


@pytest.fixture
def hub() -> Iterator[Hub]:
    """Has a listener and nobody else."""
    hub = Hub(SimpleNamespace(patient=False), lambda _request: None)
    yield hub
    hub.end()
    hub.close()


def call(hub: Hub, *greeting: object) -> Channel:
    """Call as a process does."""
    family, address = hub.address
    connected = socket.socket(family, socket.SOCK_STREAM)
    connected.connect(address)
    channel = Channel(connected)
    if greeting:
        channel.send(greeting)
    return channel


def test_who_calls_with_the_ticket_is_the_member(hub) -> None:
    """In whatever order they call."""
    one, other = Member(hub, "1", None), Member(hub, "2", None)
    lines = [call(hub, hub.secret, "2", 22), call(hub, hub.secret, "1", 11)]
    assert hub.await_arrival(one)
    assert hub.await_arrival(other)
    assert (one.pid, other.pid) == (11, 22)
    assert not hub.scheduler.patient
    for line in lines:
        line.close()


@pytest.mark.parametrize(
    "greeting", [(b"guessed", "1", 1), ("no bytes", "1", 1), ("short",)], ids=repr
)
def test_who_does_not_know_the_secret_is_refused(hub, greeting) -> None:
    """The line is closed, and nobody has arrived."""
    line = call(hub, *greeting)
    assert not hub.await_arrival(Member(hub, "1", Ended()))
    line.close()


def test_a_process_that_is_gone_before_it_calls(hub) -> None:
    """It is not waited for."""
    assert not hub.await_arrival(Member(hub, "1", Ended()))


def test_who_calls_when_the_run_is_over_is_ended(hub) -> None:
    """A process that nobody has asked for yet must not live on."""
    child = os.fork()
    if not child:
        line = call(hub, hub.secret, "9", os.getpid())
        line.receive()
        os._exit(0)
    while not hub._arrived:
        hub._take_call()
    hub.end()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) in (0, 1, -9)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has such addresses")
def test_the_address_is_no_file(hub) -> None:
    """Nothing is left in the file system by a session that is killed."""
    _, address = hub.address
    assert address[:1] == b"\0"

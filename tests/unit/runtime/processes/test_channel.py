"""The line between a process and the one that schedules it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from pytest_racecheck.runtime.processes.channel import Channel, Closed


@pytest.fixture
def ends() -> Iterator[tuple[Channel, Channel]]:
    """Both ends of one line."""
    one, other = map(Channel, socket.socketpair())
    yield one, other
    one.close()
    other.close()


def test_messages_arrive_whole_and_in_order(ends) -> None:
    """Plain values of any kind come out as they went in, however many wait at once."""
    one, other = ends
    messages = [("go", 1, 0.5, None), ("news", (("thread", "add", True),), b"\0" * 300), ()]
    for message in messages:
        one.send(message)
    assert [other.receive() for _ in messages] == messages


def test_a_message_is_longer_than_one_read(ends) -> None:
    """What does not arrive at once is put together: the writer may be a process that still writes."""
    one, other = ends
    message = ("answer", b"x" * 300_000)
    child = os.fork()
    if not child:
        one.send(message)
        os._exit(0)
    try:
        assert other.receive() == message
    finally:
        os.waitpid(child, 0)


def test_a_message_in_pieces_is_waited_for(ends) -> None:
    """A header, or a half of one, is no message yet."""
    one, other = ends
    one.send(("whole",))
    content = os.read(other.fd, 100)
    for piece in (content[:2], content[2:5]):
        os.write(one.fd, piece)
    assert other.is_ready(0)
    os.write(one.fd, content[5:])
    assert other.receive() == ("whole",)


def test_it_tells_whether_there_is_something_to_receive(ends) -> None:
    """Messages that were read along with an earlier one count."""
    one, other = ends
    assert not other.is_ready(0)
    one.send((1,))
    one.send((2,))
    assert other.is_ready(0)
    assert other.receive() == (1,)
    assert other.is_ready(0)
    assert other.receive() == (2,)
    assert not other.is_ready(0)


def test_an_end_that_is_gone_is_told_as_closed(ends) -> None:
    """Whoever sends there, or waits for something from there, learns that nobody is left; it can be seen coming."""
    one, other = ends
    one.close()
    assert other.is_ready(0)
    with pytest.raises(Closed):
        other.receive()
    with pytest.raises(Closed):
        for _ in range(3):
            other.send(("hello",))


def test_an_end_that_goes_in_the_middle_of_a_message_is_closed(ends) -> None:
    """A message that was cut short is none."""
    one, other = ends
    os.write(one.fd, b"\0\0\0\xff half")
    one.close()
    with pytest.raises(Closed):
        other.receive()


def test_unread_messages_are_lost_with_their_end(ends) -> None:
    """A connection that is reset tells no more than one that is closed."""
    one, other = ends
    other.send(("unread",))
    one.close()
    with pytest.raises(Closed):
        other.receive()


def test_closing_twice_closes_no_other_file(ends) -> None:
    """A descriptor is free for somebody else once it is closed."""
    one, _ = ends
    number = one.fd
    one.close()
    copy = os.open(os.devnull, os.O_RDONLY)
    try:
        one.close()
        assert os.fstat(copy)
        assert one.fd != number
    finally:
        os.close(copy)

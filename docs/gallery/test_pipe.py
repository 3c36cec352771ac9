"""A pipe that ends with EOFError, and two children who share one."""

from __future__ import annotations

from collections.abc import Iterator
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection

import pytest


def send_all(writer: Connection, *messages: object) -> None:
    """Sends every message, then closes the pipe: that is how the reader learns it was all."""
    with writer:
        for message in messages:
            writer.send(message)


def received(reader: Connection) -> Iterator[object]:
    """Yields messages until the last writer has closed."""
    while True:
        try:
            yield reader.recv()
        except EOFError:
            return


@pytest.mark.racecheck(expect="race-free", seconds=4)
def test_a_pipe_ends_with_eof_error() -> None:
    """However slow the child, the reader gets every message and then the end."""
    reader, writer = Pipe(duplex=False)
    child = Process(target=send_all, args=(writer, 3, 2, 1))
    child.start()
    writer.close()  # else this process would be a writer too, and the end would never come
    with reader:
        assert list(received(reader)) == [3, 2, 1]
    child.join()


@pytest.mark.racecheck(expect="race", seconds=10, keep_going=False)
def test_two_children_share_a_pipe() -> None:
    """Who was started first need not be first to answer."""
    reader, writer = Pipe(duplex=False)
    children = [Process(target=send_all, args=(writer, name)) for name in ("first", "second")]
    for child in children:
        child.start()
    writer.close()
    with reader:
        answers = list(received(reader))
    for child in children:
        child.join()
    assert answers == ["first", "second"]


@pytest.mark.racecheck(expect="race-free", seconds=4)
def test_each_child_has_its_pipe() -> None:
    """With a pipe for each child, the order is that of the questions."""
    answers: list[object] = []
    readers = []
    children = []
    for name in ("first", "second"):
        reader, writer = Pipe(duplex=False)
        with writer:
            child = Process(target=send_all, args=(writer, name))
            child.start()
        readers.append(reader)
        children.append(child)
    for reader in readers:
        with reader:
            answers.extend(received(reader))
    for child in children:
        child.join()
    assert answers == ["first", "second"]

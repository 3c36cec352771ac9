"""Where a GIL build switches: what is told from bytecode, and what real threads do."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest

from pytest_racecheck.instrument.switching import Standing, Switching

ROUNDS = 20_000


class Marks:
    """Where the code under test stood at its two marks; reading an attribute of it is a mark."""

    def __init__(self) -> None:
        self.stood: list[Standing] = []
        self.n = 0

    def __getattribute__(self, name: str) -> Any:
        if name in ("first", "second"):
            frame: FrameType = sys._getframe(1)
            self.stood.append(Standing.of(frame, "/nowhere"))
            return 1
        return object.__getattribute__(self, name)


def nothing() -> None:
    """A function of Python's."""


def read(marks: Any) -> Any:
    """A function that is left after the first mark."""
    return marks.first


def second(marks: Any) -> Any:
    """A function that is entered before the second mark."""
    return marks.second


def at_once(m: Any) -> None:
    v = m.first + 1
    m.second, v


def in_a_branch(m: Any) -> None:
    if m.first:
        m.second


def over_a_function(m: Any) -> None:
    m.first
    nothing()
    m.second


def over_a_c_function(m: Any) -> None:
    v = m.first
    abs(v)
    m.second


def over_a_loop(m: Any) -> None:
    m.first
    i = 3
    while i:
        i -= 1
    m.second


def round_a_loop(m: Any) -> None:
    i = 2
    while i:
        if i == 2:
            m.first
        else:
            m.second
        i -= 1


def into_a_function(m: Any) -> None:
    m.first
    second(m)


def out_of_a_function(m: Any) -> None:
    v = read(m)
    m.second, v


def past_an_attribute(m: Any) -> None:
    m.first
    m.n
    m.second


@pytest.mark.parametrize(
    ("code", "can"),
    [
        (at_once, False), (in_a_branch, False), (out_of_a_function, False),
        (over_a_function, True), (over_a_c_function, True), (round_a_loop, True), (into_a_function, True),
        (past_an_attribute, None), (over_a_loop, None),
    ],
)  # fmt: skip
def test_what_is_told(code: Callable[[Any], None], can: bool | None) -> None:
    """Function entries, backward jumps and returns from C let others in; of attributes and branches it depends."""
    marks = Marks()
    code(marks)
    first, second = marks.stood
    # Both marks are attributes that run Python; the way begins behind the first one.
    assert _told(first, second) is can


def _told(first: Standing, second: Standing) -> bool | None:
    from pytest_racecheck.instrument import switching

    return Switching().possible(_behind(first, switching), second, plain=True)


def _behind(standing: Standing, switching: Any) -> Standing:
    """At the instruction after the mark itself."""
    (address, code, offset), *outer = standing.frames
    later = [one.offset for one in switching.dis.get_instructions(code) if one.offset > offset]
    return Standing(((address, code, later[0]), *outer))


class Shared:
    """What threads share."""

    def __init__(self) -> None:
        self.n = 0


def plain(x: Shared) -> None:
    for _ in range(ROUNDS):
        x.n += 1


def conditional(x: Shared) -> None:
    for i in range(ROUNDS):
        x.n = (x.n if i >= 0 else 0) + 1


def through_a_function(x: Shared) -> None:
    for _ in range(ROUNDS):
        x.n = _value(x) + 1


def _value(x: Shared) -> int:
    return x.n


@pytest.fixture
def _eager() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_eager")
@pytest.mark.skipif(
    not getattr(sys, "_is_gil_enabled", lambda: True)(), reason="a build without GIL"
)
@pytest.mark.parametrize("work", [plain, conditional, through_a_function])
def test_real_threads_never_switch_there(work: Callable[[Shared], None]) -> None:
    """Updates that are said to need a free-threaded build lose nothing in real threads, however eager."""
    shared = Shared()
    threads = [threading.Thread(target=work, args=(shared,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shared.n == 2 * ROUNDS

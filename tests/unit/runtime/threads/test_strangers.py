"""Processes that are no part of the program, and how they are waited for."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from pytest_racecheck.runtime.threads import strangers
from pytest_racecheck.runtime.threads.elsewhere import Beforehand
from pytest_racecheck.runtime.threads.outside import IN
from pytest_racecheck.runtime.threads.strangers import are_asked, stand_still, whose

pytestmark = pytest.mark.skipif(
    not hasattr(os, "pidfd_open"), reason="processes have no descriptors"
)


@pytest.fixture
def before() -> Beforehand:
    return Beforehand.now()


@pytest.fixture
def stranger(before) -> Iterator[subprocess.Popen[bytes]]:
    """It says a word, waits for a line, and says another one."""
    program = "print('one', flush=True); input(); print('two')"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-S", "-c", program], stdin=pipe, stdout=pipe) as made:
        yield made
        made.kill()


def test_who_waits_for_a_stranger(before, stranger) -> None:
    """For its end, or for what comes out of it; what others could write to, too, is another matter."""
    assert stranger.stdout is not None
    end, output = os.pidfd_open(stranger.pid), stranger.stdout.fileno()
    reading, writing = os.pipe()
    try:
        for fd in (end, output):
            assert whose([(fd, IN)], before, ()) == {stranger.pid}
            assert whose([(fd, IN)], before, {stranger.pid}) == frozenset()
            assert whose([(fd, IN)], Beforehand.now(), ()) == frozenset()
        assert whose([(end, IN), (reading, IN)], before, ()) == frozenset()
        assert whose([], before, ()) == frozenset()
    finally:
        for fd in (end, reading, writing):
            os.close(fd)


def test_it_is_waited_for_until_it_has_no_more_to_say(before, stranger, monkeypatch) -> None:
    """Or until it does nothing any more: then what there is will do, and where there is nothing others are to go on."""
    monkeypatch.setattr(strangers, "IDLE_BEFORE", 0.1)
    assert stranger.stdout is not None
    output, end = stranger.stdout.fileno(), os.pidfd_open(stranger.pid)
    try:
        pairs = [(output, IN)]
        assert are_asked(pairs, before, ())
        assert stand_still(pairs, {stranger.pid}, None)
        assert os.read(output, 100) == b"one\n"
        assert not stand_still(pairs, {stranger.pid}, None)
        assert not stand_still([(end, IN)], {stranger.pid}, 0.0)
        stranger.stdin.write(b"\n")
        stranger.stdin.flush()
        assert stand_still([(end, IN)], {stranger.pid}, None)
        assert not are_asked([(end, IN)], before, ())
        assert os.read(output, 100) == b"two\n"
    finally:
        os.close(end)


def test_a_program_that_waits_for_another_thread(explored, monkeypatch) -> None:
    """While it is waited for the others go on, as soon as it shows that it needs them."""
    monkeypatch.setattr(strangers, "IDLE_BEFORE", 0.1)

    def program():
        with subprocess.Popen(
            [sys.executable, "-S", "-c", "print(input(), end='')"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as child:
            thread = threading.Thread(target=child.stdin.write, args=(b"5\n",))
            closing = threading.Thread(target=lambda: (thread.join(), child.stdin.close()))
            thread.start()
            closing.start()
            found = os.read(child.stdout.fileno(), 100)
            closing.join()
        return found

    assert set(explored(program, 3, limit=30.0).returned) == {b"5"}


def test_programs_make_no_difference_between_runs(explored) -> None:
    """The choices are the same however long each of them takes to start."""

    def program():
        found = []

        def run() -> None:
            done = subprocess.run(
                [sys.executable, "-S", "-c", "import sys; print(1); print(2, file=sys.stderr)"],
                capture_output=True,
                check=True,
            )
            found.append(done.stdout)

        threads = [threading.Thread(target=run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return found

    result = explored(program, 1, limit=30.0)
    assert result.returned == [[b"1\n", b"1\n"]]
    choices = result.choices
    assert [explored(program, 1, limit=30.0).choices for _ in range(2)] == [choices, choices]

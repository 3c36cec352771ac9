"""is_alive, name, ident, enumerate and active_count, while threads come and go."""

from __future__ import annotations

import queue
import threading
from collections import deque
from threading import Thread

import pytest


class Mailroom:
    """Hires a clerk when there is a letter and the last clerk has gone home."""

    def __init__(self) -> None:
        self.letters: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.delivered: list[str] = []
        self.clerks: list[Thread] = []
        self.diary: list[str] = []

    def work(self) -> None:
        """A clerk's day: deliver until nothing is left, note it, go home."""
        while True:
            try:
                letter = self.letters.get_nowait()
            except queue.Empty:
                self.diary.append("all delivered")
                return
            self.delivered.append(letter)

    def post(self, letter: str) -> None:
        """Leaves a letter, and trusts a clerk who is alive to deliver it."""
        self.letters.put(letter)
        if not self.clerks or not self.clerks[-1].is_alive():
            self.hire()

    def hire(self) -> None:
        """A new clerk starts."""
        self.clerks.append(Thread(target=self.work, name=f"clerk-{len(self.clerks) + 1}"))
        self.clerks[-1].start()

    def close(self) -> None:
        """Waits until every clerk has gone home."""
        for clerk in self.clerks:
            clerk.join()


class CarefulMailroom(Mailroom):
    """Decides who works under one lock, and does not ask is_alive at all."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()
        self.pile: deque[str] = deque()
        self.at_work = False

    def work(self) -> None:
        """Finding the pile empty and going home are one step."""
        while True:
            with self.lock:
                if not self.pile:
                    self.diary.append("all delivered")
                    self.at_work = False
                    return
                letter = self.pile.popleft()
            self.delivered.append(letter)

    def post(self, letter: str) -> None:
        """Leaving a letter and finding out whether a clerk will see it are one step."""
        with self.lock:
            self.pile.append(letter)
            if not self.at_work:
                self.at_work = True
                self.hire()


def deliver_two(mailroom: Mailroom) -> list[str]:
    """Posts two letters and tells which arrived."""
    mailroom.post("first")
    mailroom.post("second")
    mailroom.close()
    return mailroom.delivered


@pytest.mark.racecheck(expect="race-free")
def test_a_thread_from_birth_to_death() -> None:
    """Names and numbers of threads that are held while we look at them."""
    before = threading.active_count()
    go_home = threading.Event()
    guests = [Thread(target=go_home.wait, name=f"guest-{n}") for n in range(3)]
    assert [guest.ident for guest in guests] == [None] * 3
    assert not any(guest.is_alive() for guest in guests)
    for guest in guests:
        guest.start()
    try:
        assert all(guest.is_alive() for guest in guests)
        assert threading.active_count() == before + 3
        assert {guest.name for guest in guests} <= {t.name for t in threading.enumerate()}
        assert len({guest.ident for guest in guests} | {threading.get_ident()}) == 4
    finally:
        go_home.set()
        for guest in guests:
            guest.join()
    assert not any(guest.is_alive() for guest in guests)
    assert threading.active_count() == before
    assert None not in {guest.ident for guest in guests}


@pytest.mark.racecheck(expect="race")
def test_result_without_join() -> None:
    """A thread that was started has not always finished."""
    results: list[int] = []
    thread = Thread(target=lambda: results.append(6 * 7))
    thread.start()
    try:
        assert results == [42]
    finally:
        thread.join()


@pytest.mark.racecheck(expect="race-free")
def test_result_after_join() -> None:
    """A thread that was joined has."""
    results: list[int] = []
    thread = Thread(target=lambda: results.append(6 * 7))
    thread.start()
    thread.join()
    assert results == [42]


@pytest.mark.racecheck(expect="race")
def test_trusting_is_alive() -> None:
    """The clerk was alive when asked, had seen the empty box, and was leaving."""
    assert deliver_two(Mailroom()) == ["first", "second"]


@pytest.mark.racecheck(expect="race-free")
def test_deciding_under_a_lock() -> None:
    """Nobody can leave between the letter and the question."""
    assert deliver_two(CarefulMailroom()) == ["first", "second"]

"""A room with two seats: a semaphore limits how many are inside, and protects nothing else."""

from __future__ import annotations

from threading import BoundedSemaphore, Lock, Semaphore, Thread

import pytest


class Room:
    """Lets so many visitors in at a time, and counts them without care."""

    def __init__(self, seats: int) -> None:
        self.door = Semaphore(seats)
        self.visits = 0

    def visit(self) -> None:
        """Comes in, is counted, leaves."""
        with self.door:
            self.visits += 1


class CountingRoom(Room):
    """Has a semaphore for the seats and a lock for the numbers."""

    def __init__(self, seats: int) -> None:
        super().__init__(seats)
        self.lock = Lock()
        self.inside = 0
        self.most_inside = 0

    def visit(self) -> None:
        """Comes in, is counted, leaves, is counted again."""
        with self.door:
            with self.lock:
                self.visits += 1
                self.inside += 1
                self.most_inside = max(self.most_inside, self.inside)
            with self.lock:
                self.inside -= 1


def receive_three(room: Room) -> int:
    """Three visitors come at once; tells how many were counted."""
    visitors = [Thread(target=room.visit) for _ in range(3)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    return room.visits


def test_a_bounded_semaphore_knows_its_bound() -> None:
    """One release too many is an error at once, and not a third seat later."""
    door = BoundedSemaphore(2)
    with pytest.raises(ValueError, match="released too many times"):
        door.release()


@pytest.mark.racecheck(expect="race")
def test_two_seats_are_not_a_lock() -> None:
    """The two inside write the same count."""
    assert receive_three(Room(seats=2)) == 3


@pytest.mark.racecheck(expect="race-free")
def test_one_seat_is_a_lock() -> None:
    """A semaphore of one lets nobody in beside you."""
    assert receive_three(Room(seats=1)) == 3


@pytest.mark.racecheck(expect="race-free")
def test_seats_and_numbers_apart() -> None:
    """Never more than two inside, and every visit counted."""
    room = CountingRoom(seats=2)
    assert receive_three(room) == 3
    assert room.most_inside <= 2
    assert room.inside == 0

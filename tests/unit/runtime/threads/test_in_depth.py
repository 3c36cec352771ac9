"""Operations on more than what they are called on: what C code looks at inside of a thing, among its arguments, behind a view."""

from __future__ import annotations

import copy
import csv
import dataclasses
import io
import json
import marshal
import pickle
import struct
import threading
from collections.abc import Callable
from typing import Any

import pytest

from pytest_racecheck import explore
from pytest_racecheck.model.report import RaceReport
from pytest_racecheck.model.verdict import Verdict


@dataclasses.dataclass
class Account:
    """What it holds fits together, under its lock."""

    left: int = 0
    right: int = 0


class Store:
    """Holds two numbers in four ways, and is busy with its lock before and after it changes or looks at them."""

    def __init__(self) -> None:
        self.account = Account()
        self.named = {"left": 0, "right": 0}
        self.rows = [{"left": 0, "right": 0}]
        self.listed = [0, 0]
        self.lock = threading.Lock()
        self.log: list[int] = []

    def be_busy(self) -> None:
        for number in range(3):
            with self.lock:
                self.log.append(number)


def change(store: Store) -> None:
    store.account.left = 1
    store.account.right = 1
    for numbers in store.named, store.rows[0]:
        numbers["left"] = 1
        numbers["right"] = 1
    store.listed[0] = 1
    store.listed[1] = 1


def pickler(thing: object) -> Any:
    file = io.BytesIO()
    pickle.Pickler(file).dump(thing)
    return pickle.loads(file.getvalue())


def of(values: dict[str, int]) -> tuple[int, int]:
    return values["left"], values["right"]


def of_account(account: Any) -> tuple[int, int]:
    return account.left, account.right


def row(store: Store) -> Any:
    file = io.StringIO()
    csv.writer(file).writerow(store.listed)
    return tuple(map(int, file.getvalue().split(",")))


def extended(store: Store) -> Any:
    mine: list[int] = []
    mine.extend(store.listed)
    return tuple(mine)


def updated(store: Store) -> Any:
    mine: dict[str, int] = {}
    mine.update(store.named)
    return of(mine)


TEXT = "{0.left} {0.right}"
LOOKS: dict[str, Callable[[Store], Any]] = {
    "pickle an object": lambda store: of_account(pickle.loads(pickle.dumps(store.account))),
    "a pickler": lambda store: of_account(pickler(store.account)),
    "pickle a list of dictionaries": lambda store: of(pickle.loads(pickle.dumps(store.rows))[0]),
    "pickle a pair": lambda store: of(pickle.loads(pickle.dumps((1, store.named)))[1]),
    "copy deeply": lambda store: of(copy.deepcopy(store.rows)[0]),
    "copy an object in a list": lambda store: of_account(copy.deepcopy([store.account])[0]),
    "json": lambda store: of(json.loads(json.dumps(store.rows))[0]),
    "marshal": lambda store: of(marshal.loads(marshal.dumps(store.rows))[0]),
    "a data class": lambda store: of(dataclasses.asdict(store.account)),
    "format": lambda store: tuple(map(int, TEXT.format(store.account).split())),
    "csv": row,
    "extend": extended,
    "update": updated,
}


def found(targets: Any, setup: Any, check: Any = None) -> RaceReport:
    """What two tasks come to."""
    return explore(
        targets, setup=setup, check=check, workers=2, schedules=500, backend="thread", seed=0
    )


@pytest.mark.parametrize("way", LOOKS)
def test_what_is_half_changed_inside_is_seen(way: str) -> None:
    """Whoever looks while another task is between its two changes finds one of them, however busy both are besides."""

    def write(store: Store) -> None:
        store.be_busy()
        change(store)

    def look(store: Store) -> None:
        store.be_busy()
        left, right = LOOKS[way](store)
        assert left == right

    assert found([write, look], Store).verdict is Verdict.RACE_FOUND


@pytest.mark.parametrize("way", LOOKS)
def test_under_the_lock_nothing_is_half_changed(way: str) -> None:
    """The same, one after the other."""

    def write(store: Store) -> None:
        with store.lock:
            change(store)

    def look(store: Store) -> None:
        with store.lock:
            left, right = LOOKS[way](store)
        assert left == right

    assert found([write, look], Store).verdict is Verdict.NOT_FOUND


def view(buffer: bytearray) -> None:
    whole = memoryview(buffer)
    whole[0] = whole[0] + 1


def slice_of_view(buffer: bytearray) -> None:
    part = memoryview(buffer)[0:1].cast("B")
    part[0] += 1


def unpack(buffer: bytearray) -> None:
    (number,) = struct.unpack_from("i", buffer)
    struct.pack_into("i", buffer, 0, number + 1)


def unpack_from_view(buffer: bytearray) -> None:
    numbers = struct.Struct("i")
    (number,) = numbers.unpack_from(memoryview(buffer))
    numbers.pack_into(buffer, 0, number + 1)


@pytest.mark.parametrize("add", [view, slice_of_view, unpack, unpack_from_view])
def test_views_on_one_buffer_are_one_resource(add: Callable[[bytearray], None]) -> None:
    """However each of them gets at its bytes."""

    def work(buffer: bytearray, lock: Any, log: list[int]) -> None:
        for number in range(3):
            with lock:
                log.append(number)
        add(buffer)

    def safely(buffer: bytearray, lock: Any, log: list[int]) -> None:
        with lock:
            log.append(0)
            add(buffer)

    def setup() -> tuple[bytearray, Any, list[int]]:
        return bytearray(4), threading.Lock(), []

    def check(buffer: bytearray, *_: object) -> bool:
        return buffer[0] == 2

    report = found(work, setup, check)
    assert report.verdict is Verdict.RACE_FOUND
    assert report.failure is not None
    assert (report.failure.kind, report.failure.resource) == ("lost update", "buffer")
    assert found(safely, setup, check).verdict is Verdict.NOT_FOUND


def test_a_released_view_is_nothing() -> None:
    """To use it is an error of its own, and none of ours."""

    def use(buffer: bytearray) -> None:
        whole = memoryview(buffer)
        whole.release()
        with pytest.raises(ValueError, match="released"):
            whole[0]

    assert found(use, lambda: bytearray(1)).verdict is Verdict.NOT_FOUND


def test_both_parts_of_an_operation_are_told() -> None:
    """What `extend` has read is in the table, beside what it has changed."""

    def write(store: Store) -> None:
        store.listed[0] = 1
        store.listed[1] = 1

    def look(store: Store) -> None:
        store.log.extend(store.listed)
        assert sum(store.log) != 1

    report = found([write, look], Store)
    assert report.failure is not None
    assert report.failure.resource == "Store.listed"
    assert report.failure.kind == "torn read"
    assert "listed → [1, 0]" in str(report)

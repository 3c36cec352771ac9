"""Memory that processes touch directly: only rewritten code shows it."""

from __future__ import annotations

import ctypes
import mmap
import struct
from multiprocessing import RawArray, RawValue
from multiprocessing.shared_memory import ShareableList, SharedMemory

import pytest

from extent import one_of_each_kind
from pytest_racecheck import Verdict, explore
from pytest_racecheck.runtime.processes.raw_memory import mapping_of


class Point(ctypes.Structure):
    """Two fields."""

    _fields_ = (("x", ctypes.c_int), ("y", ctypes.c_int))


def add_to_value(value, *_) -> None:
    value.value += 1


def add_to_field(point) -> None:
    point.x += 1


def add_to_item(items) -> None:
    items[0] += 1


def add_by_pointer(items) -> None:
    pointer = ctypes.cast(items, ctypes.POINTER(ctypes.c_int))
    pointer[0] += 1


def add_to_block(block) -> None:
    block.buf[0] += 1


def add_by_name(block) -> None:
    attached = SharedMemory(name=block.name)
    attached.buf[0] += 1
    attached.close()


def add_packed(memory) -> None:
    (number,) = struct.unpack_from("i", memory, 8)
    struct.pack_into("i", memory, 8, number + 1)


def drop(block) -> bool:
    """Whether a block has the sum of both; it is gone afterwards."""
    total = block.buf[0]
    block.close()
    block.unlink()
    return bool(total == 2)


def drop_list(items) -> bool:
    total = items[0]
    items.shm.close()
    items.shm.unlink()
    return bool(total == 2)


def block(_shared) -> SharedMemory:
    made = SharedMemory(create=True, size=16)
    made.buf[0] = 0
    return made


KINDS = {
    "RawValue": (lambda _: RawValue("i", 0), add_to_value, lambda v: v.value == 2),
    "RawValue of a structure": (lambda _: RawValue(Point), add_to_field, lambda p: p.x == 2),
    "RawArray": (lambda _: RawArray("i", 2), add_to_item, lambda a: a[0] == 2),
    "a pointer": (lambda _: RawArray("i", 2), add_by_pointer, lambda a: a[0] == 2),
    "mmap": (lambda _: mmap.mmap(-1, 16), add_to_item, lambda m: m[0] == 2),
    "struct": (
        lambda _: mmap.mmap(-1, 16), add_packed, lambda m: struct.unpack_from("i", m, 8)[0] == 2,
    ),
    "SharedMemory": (block, add_to_block, drop),
    "SharedMemory by name": (block, add_by_name, drop),
    "ShareableList": (lambda _: ShareableList([0]), add_to_item, drop_list),
}  # fmt: skip


@pytest.mark.parametrize(
    "kind",
    one_of_each_kind(KINDS, {"RawValue", "a pointer", "mmap", "struct", "SharedMemory by name"}),
)
def test_a_lost_update(race, kind) -> None:
    """It is found within a few schedules. The seed is fixed, so this does not fail by chance."""
    setup, add, check = KINDS[kind]
    report = race(add, setup=setup, check=check, schedules=30)
    report.assert_racy()
    assert report.failure.kind == "lost update"
    assert "test_raw_memory.py" in str(report)


@pytest.mark.parametrize("method", one_of_each_kind(["spawn", "forkserver"], {"spawn"}))
def test_a_lost_update_of_fresh_interpreters(method) -> None:
    """What they call comes to them with the `Process` object, and is rewritten then."""
    report = explore(
        [add_to_value] * 2,
        setup=lambda _: RawValue("i", 0),
        check=lambda value: value.value == 2,
        schedules=30,
        seconds=60,
        backend="process",
        start_method=method,
        seed=1,
    )
    assert report.failure is not None, str(report)
    assert (report.failure.kind, report.failure.resource) == ("lost update", "value.value")
    assert "value ← 1" in str(report)


def add_under(value, lock) -> None:
    with lock:
        value.value += 1


def test_the_locked_twin_is_not_reported(race) -> None:
    """A lock of multiprocessing guards memory that knows nothing of it."""
    report = race(
        add_under,
        setup=lambda s: (RawValue("i", 0), s.lock()),
        check=lambda value, _: value.value == 2,
        schedules=15,
    )
    assert report.verdict is Verdict.NOT_FOUND
    assert (report.runs, report.failures) == (15, 0)


def test_what_is_not_shared_has_no_mapping() -> None:
    """Memory that the process has for itself is nobody's business, wherever it lies."""
    assert mapping_of(ctypes.c_int(1)) is None
    assert mapping_of(memoryview(bytearray(4))) is None
    assert mapping_of(b"") is None
    with mmap.mmap(-1, 16, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as private:
        assert mapping_of(private) is None


def test_one_mapping_has_one_key() -> None:
    """Views of shared memory, and what is laid over it, are the same as the mapping itself."""
    with mmap.mmap(-1, 16) as memory:
        key = mapping_of(memory)
        assert key is not None
        view = memoryview(memory)
        laid = ctypes.c_int.from_buffer(memory, 8)
        assert mapping_of(view[2:3]) == mapping_of(laid) == key
        view.release()
        del laid

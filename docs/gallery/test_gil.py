"""What the GIL protects, what it does not, and the bytecode that tells them apart."""

from __future__ import annotations

import dis
import sys
import sysconfig
from collections.abc import Callable, Iterator
from threading import Lock, Thread

import pytest

FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))

num = 0
num_lock = Lock()


def less(n: int) -> int:
    """One less than n."""
    return n - 1


def subtract() -> None:
    """No call between the load and the store."""
    global num
    num -= 1


def subtract_by_call() -> None:
    """A call between the load and the store."""
    global num
    num = less(num)


def subtract_by_call_locked() -> None:
    """The call, the load and the store under one lock."""
    global num
    with num_lock:
        num = less(num)


def append_to(items: list[int]) -> None:
    """One method of a built-in list: a single step under the GIL."""
    items.append(1)


def steps(statement: str) -> list[str]:
    """The names of the instructions a statement compiles to."""
    code = compile(statement, "<statement>", "exec")
    return [instruction.opname for instruction in dis.get_instructions(code)]


def left_of(start: int, target: Callable[[], None], times: int, threads: int = 2) -> int:
    """Sets the number, calls the target so many times in each thread, and tells the rest."""
    global num
    num = start

    def work() -> None:
        for _ in range(times):
            target()

    workers = [Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return num


@pytest.fixture
def eager_switching() -> Iterator[None]:
    """The interpreter is asked to change threads as often as it can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_only_one_of_them_has_a_call() -> None:
    """Both load first and store last; only the second lets other code in between."""
    plain, called = steps("num -= 1"), steps("num = less(num)")
    assert plain.index("LOAD_NAME") < plain.index("STORE_NAME")
    assert "CALL" not in plain
    assert called.index("LOAD_NAME") < called.index("CALL") < called.index("STORE_NAME")


@pytest.mark.skipif(FREE_THREADED, reason="needs the GIL")
@pytest.mark.racecheck(skip="shows what plain threads do, so no delays are wanted")
@pytest.mark.usefixtures("eager_switching")
def test_the_gil_happens_to_protect_subtract() -> None:
    """Not one of 40,000 plain subtractions is lost, however eager the switching."""
    assert left_of(40_000, subtract, times=20_000) == 0


@pytest.mark.racecheck(expect="race")
def test_subtract() -> None:
    """What the GIL happens to protect is three steps all the same."""
    assert left_of(2, subtract, times=1) == 0


@pytest.mark.racecheck(expect="race")
def test_subtract_by_call() -> None:
    """With a call in between, no GIL helps."""
    assert left_of(2, subtract_by_call, times=1) == 0


@pytest.mark.racecheck(expect="race-free")
def test_subtract_by_call_locked() -> None:
    """A lock protects what is indented under it, calls and all."""
    assert left_of(2, subtract_by_call_locked, times=1) == 0


@pytest.mark.racecheck(expect="race-free")
def test_list_append() -> None:
    """A method written in C that calls no Python is one step: nothing is lost."""
    items: list[int] = []
    threads = [Thread(target=append_to, args=(items,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert items == [1, 1, 1]

"""Known bugs as programs of the simulator, with the scheduling points of the published models."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from simulator import Body, BugFound, Program, acquire, read, release, spawn, write


def lost_update(workers: int = 2, times: int = 1) -> Program:
    """Each worker reads and writes a counter."""

    def worker(state: Any) -> Body:
        for _ in range(times):
            yield read("c")
            seen = state.c
            yield write("c")
            state.c = seen + 1

    def make() -> tuple[Any, dict[str, Body]]:
        state = SimpleNamespace(c=0)
        return state, {f"worker-{n}": worker(state) for n in range(workers)}

    return Program("lost_update", make, lambda state: state.c != workers * times)


def locked_counter(workers: int = 2) -> Program:
    """The correct twin of lost_update."""

    def worker(state: Any) -> Body:
        yield acquire("lock")
        yield read("c")
        seen = state.c
        yield write("c")
        state.c = seen + 1
        yield release("lock")

    def make() -> tuple[Any, dict[str, Body]]:
        state = SimpleNamespace(c=0)
        return state, {f"worker-{n}": worker(state) for n in range(workers)}

    return Program("locked_counter", make, lambda state: state.c != workers)


def uneven(length: int) -> Program:
    """One write must come after all those of the other task."""

    def first(state: Any) -> Body:
        yield write("c")
        state.c = 0

    def second(state: Any) -> Body:
        for _ in range(length):
            yield write("c")
            state.c = 1

    def make() -> tuple[Any, dict[str, Body]]:
        state = SimpleNamespace(c=0)
        return state, {"first": first(state), "second": second(state)}

    return Program("uneven", make, lambda state: state.c == 0)


def _setter(state: Any) -> Body:
    yield write("a")
    state.a = 1
    yield write("b")
    state.b = -1


def _checker(state: Any) -> Body:
    yield read("a")
    if state.a == 0:
        yield read("b")
        if state.b == 0:
            return
    yield read("a")
    if state.a == 1:
        yield read("b")
        if state.b == -1:
            return
    raise BugFound


def reorder(setters: int, checkers: int = 1) -> Program:
    """Setters write a, then b; a checker must not see one without the other."""

    def make() -> tuple[Any, dict[str, Body]]:
        state = SimpleNamespace(a=0, b=0)
        tasks = {f"setter-{n}": _setter(state) for n in range(setters)}
        return state, tasks | {f"checker-{n}": _checker(state) for n in range(checkers)}

    return Program("reorder", make)


def reorder_spawned(setters: int, checkers: int) -> Program:
    """The same, each task started by a main task, the checkers last."""

    def main(state: Any) -> Body:
        for n in range(setters):
            yield spawn(f"setter-{n}", _setter(state))
        for n in range(checkers):
            yield spawn(f"checker-{n}", _checker(state))

    def make() -> tuple[Any, dict[str, Body]]:
        state = SimpleNamespace(a=0, b=0)
        return state, {"main": main(state)}

    return Program("reorder_spawned", make)


def deadlock01() -> Program:
    """Two locks in two orders."""

    def worker(first: str, second: str) -> Body:
        yield acquire(first)
        yield acquire(second)
        yield release(second)
        yield release(first)

    def make() -> tuple[Any, dict[str, Body]]:
        return None, {"one": worker("a", "b"), "two": worker("b", "a")}

    return Program("deadlock01", make)


def dining(philosophers: int) -> Program:
    """Everyone takes the fork on the left, then the one on the right."""

    def philosopher(left: str, right: str) -> Body:
        yield acquire(left)
        yield acquire(right)
        yield release(right)
        yield release(left)

    def make() -> tuple[Any, dict[str, Body]]:
        forks = [f"fork-{n}" for n in range(philosophers)]
        pairs = zip(forks, forks[1:] + forks[:1], strict=True)
        return None, {f"philosopher-{left}": philosopher(left, right) for left, right in pairs}

    return Program("dining", make)


def twostage() -> Program:
    """A pair is written in two sections and read in two."""

    def writer(state: Any) -> Body:
        yield acquire("L1")
        yield write("d1")
        state.d1 = 1
        yield release("L1")
        yield acquire("L2")
        yield read("d1")
        seen = state.d1
        yield write("d2")
        state.d2 = seen + 1
        yield release("L2")

    def reader(state: Any) -> Body:
        yield acquire("L1")
        yield read("d1")
        first = state.d1
        if first == 0:
            yield release("L1")
            return
        yield release("L1")
        yield acquire("L2")
        yield read("d2")
        second = state.d2
        yield release("L2")
        if second != first + 1:
            raise BugFound

    def make() -> tuple[Any, dict[str, Body]]:
        state = SimpleNamespace(d1=0, d2=0)
        return state, {"writer": writer(state), "reader": reader(state)}

    return Program("twostage", make)


def account() -> Program:
    """Fails if the check comes last."""

    def check(state: Any) -> Body:
        yield acquire("m")
        yield read("d")
        if state.d:
            yield read("w")
            if state.w:
                raise BugFound
        yield release("m")

    def change(state: Any, amount: int, flag: str) -> Body:
        yield acquire("m")
        yield read("bal")
        balance = state.bal
        yield write("bal")
        state.bal = balance + amount
        yield write(flag)
        setattr(state, flag, 1)
        yield release("m")

    def make() -> tuple[Any, dict[str, Body]]:
        state = SimpleNamespace(bal=1, d=0, w=0)
        return state, {
            "check": check(state),
            "deposit": change(state, 2, "d"),
            "withdraw": change(state, -4, "w"),
        }

    return Program("account", make)


def circular_buffer(items: int = 7, capacity: int = 10) -> Program:
    """A consumer that polls once too early waits for the wrong item afterwards."""

    def producer(state: Any) -> Body:
        for item in range(items):
            yield acquire("m")
            yield read("send")
            if state.send:
                yield write("buffer")
                state.buffer[state.next] = item
                state.next = (state.next + 1) % capacity
                yield write("send")
                state.send = False
                yield write("receive")
                state.receive = True
            yield release("m")

    def consumer(state: Any) -> Body:
        for item in range(items):
            yield acquire("m")
            yield read("receive")
            if state.receive:
                yield read("buffer")
                if state.buffer[state.first] != item:
                    raise BugFound
                state.first = (state.first + 1) % capacity
                yield write("receive")
                state.receive = False
                yield write("send")
                state.send = True
            yield release("m")

    def make() -> tuple[Any, dict[str, Body]]:
        state = SimpleNamespace(buffer=[None] * capacity, next=0, first=0, send=True, receive=False)
        return state, {"producer": producer(state), "consumer": consumer(state)}

    return Program("circular_buffer", make)


def noisy_loop(times: int = 20) -> Program:
    """Two tasks with much to do of their own and one unguarded update each."""

    def worker(state: Any, own: str) -> Body:
        for _ in range(times):
            yield write(own)
        yield read("c")
        seen = state.c
        yield write("c")
        state.c = seen + 1
        for _ in range(times):
            yield write(own)

    def make() -> tuple[Any, dict[str, Body]]:
        state = SimpleNamespace(c=0)
        return state, {"one": worker(state, "own-1"), "two": worker(state, "own-2")}

    return Program("noisy_loop", make, lambda state: state.c != 2)

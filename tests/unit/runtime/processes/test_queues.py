"""Queues and pipes between processes."""

from __future__ import annotations

import multiprocessing
import queue as queues
from multiprocessing.connection import Client, Listener, wait

import pytest
from together import concurrently

from extent import one_of_each_kind
from pytest_racecheck import Verdict

FORK = multiprocessing.get_context("fork")


def put(queue, item) -> None:
    queue.put(item)


@pytest.mark.parametrize(
    "kind",
    one_of_each_kind([FORK.Queue, FORK.SimpleQueue, FORK.JoinableQueue], {FORK.JoinableQueue}),
)
def test_two_producers(body, kind) -> None:
    """Both items arrive, in either order."""
    orders = set()

    def program() -> None:
        queue = kind()
        concurrently((put, queue, 1), (put, queue, 2))
        order = queue.get(), queue.get()
        assert sorted(order) == [1, 2]
        assert queue.empty()
        orders.add(order)

    assert body(program, schedules=12).verdict is Verdict.NOT_FOUND
    assert orders == {(1, 2), (2, 1)}


def work(jobs, results) -> None:
    while (job := jobs.get()) is not None:
        results.put(job * job)
        jobs.task_done()
    jobs.task_done()


def test_producer_and_consumers_over_a_joinable_queue(body) -> None:
    """All jobs are done when `join` returns, and all results are there."""

    def program() -> None:
        jobs, results = FORK.JoinableQueue(), FORK.Queue()
        workers = [FORK.Process(target=work, args=(jobs, results)) for _ in range(2)]
        for worker in workers:
            worker.start()
        for job in (1, 2, 3, None, None):
            jobs.put(job)
        jobs.join()
        assert sorted(results.get() for _ in range(3)) == [1, 4, 9]
        for worker in workers:
            worker.join()

    assert body(program, schedules=6).verdict is Verdict.NOT_FOUND


def take_if_there(queue, taken) -> None:
    if not queue.empty():
        taken.put(queue.get())


def test_a_queue_that_is_empty_when_it_is_asked(body) -> None:
    """Two who both see the one item wait for it: check-then-act on a queue is a race, and the loser waits for ever."""

    def program() -> None:
        queue, taken = FORK.SimpleQueue(), FORK.SimpleQueue()
        queue.put(1)
        concurrently((take_if_there, queue, taken), (take_if_there, queue, taken))

    report = body(program, schedules=30)
    report.assert_racy()
    assert report.failure.kind == "deadlock"
    assert ".get()" in str(report)


def put_much(queue) -> None:
    queue.put("x" * 200_000)


def test_more_than_a_pipe_holds(body) -> None:
    """It passes while it is taken out; a process that is joined before that never ends, which needs no race."""

    def take_then_join() -> None:
        queue = FORK.Queue()
        process = FORK.Process(target=put_much, args=(queue,))
        process.start()
        assert len(queue.get()) == 200_000
        process.join()

    def join_then_take() -> None:
        queue = FORK.Queue()
        process = FORK.Process(target=put_much, args=(queue,))
        process.start()
        process.join()
        queue.get()

    assert body(take_then_join, schedules=2).failures == 0
    report = body(join_then_take, schedules=2)
    assert (report.failure.kind, report.failures) == ("deadlock", report.runs)
    assert "QueueFeederThread" in str(report)
    assert "process.start()" not in str(report)


def test_times_and_bounds(body) -> None:
    """A full queue and an empty one say so, after virtual time."""

    def program() -> None:
        queue = FORK.Queue(1)
        concurrently((put, queue, 1), (len, "nobody"))
        with pytest.raises(queues.Full):
            queue.put(2, timeout=3_600)
        assert queue.get(timeout=3_600) == 1
        with pytest.raises(queues.Empty):
            queue.get(timeout=3_600)
        with pytest.raises(queues.Empty):
            queue.get_nowait()

    assert body(program, schedules=4).failures == 0


def echo(connection) -> None:
    connection.send(connection.recv())


def test_a_pipe_that_nobody_writes_to(body) -> None:
    """Two who each wait for the other to begin are deadlocked, the main process among them or not."""

    def between_children() -> None:
        one, other = FORK.Pipe()
        concurrently((echo, one), (echo, other))

    def with_main() -> None:
        one, other = FORK.Pipe()
        process = FORK.Process(target=echo, args=(other,))
        process.start()
        one.recv()

    for program in (between_children, with_main):
        report = body(program, schedules=2)
        assert (report.failure.kind, report.failures) == ("deadlock", report.runs)
        assert "recv()" in str(report)


def fill(connection) -> None:
    for _ in range(20):
        connection.send(b"x" * 10_000)


def test_a_pipe_that_is_full(body) -> None:
    """Who sends more than it holds waits for a reader; there is none, and the line is told."""

    def program() -> None:
        reading, writing = FORK.Pipe(duplex=False)
        process = FORK.Process(target=fill, args=(writing,))
        process.start()
        process.join()
        reading.recv()

    report = body(program, schedules=2)
    assert report.failure.kind == "deadlock"
    assert f"test_queues.py:{fill.__code__.co_firstlineno + 2}" in str(report)


def send_and_close(connection, item) -> None:
    connection.send(item)
    connection.close()


def test_waiting_for_several_connections(body) -> None:
    """`connection.wait` returns what is ready, ends of files and of processes included."""

    def program() -> None:
        readers, processes = [], []
        for number in range(2):
            reading, writing = FORK.Pipe(duplex=False)
            process = FORK.Process(target=send_and_close, args=(writing, number))
            process.start()
            writing.close()
            readers.append(reading)
            processes.append(process)
        received = []
        while readers:
            for reading in wait(readers):
                try:
                    received.append(reading.recv())
                except EOFError:
                    readers.remove(reading)
        assert sorted(received) == [0, 1]
        left = {process.sentinel for process in processes}
        while left:
            left -= set(wait(left))
        for process in processes:
            process.join()

    assert body(program, schedules=6).verdict is Verdict.NOT_FOUND


def answer(listener, queue) -> None:
    with listener.accept() as connection:
        queue.put(connection.recv() + 1)


def test_a_listener_and_its_client(body) -> None:
    """Connections by an address work like all others."""

    def program() -> None:
        queue = FORK.Queue()
        with Listener() as listener:
            process = FORK.Process(target=answer, args=(listener, queue))
            process.start()
            with Client(listener.address) as connection:
                connection.send(41)
            assert queue.get() == 42
            process.join()

    assert body(program, schedules=3).failures == 0

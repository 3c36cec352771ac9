"""Who is who."""

from __future__ import annotations

import signal
import threading
from concurrent.futures import ThreadPoolExecutor

from pytest_racecheck.runtime.backend import Body


def test_each_task_is_somebody_else(explored):
    """Idents, native ids and Thread objects differ between tasks; the main task has those of its thread."""
    real = threading.get_ident(), threading.get_native_id(), threading.current_thread()

    def me():
        return threading.get_ident(), threading.get_native_id(), threading.current_thread()

    def program():
        seen = []
        threads = [threading.Thread(target=lambda: seen.append(me())) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {one[2] for one in seen} == set(threads)
        assert {one[0] for one in seen} == {thread.ident for thread in threads}
        assert {one[1] for one in seen} == {thread.native_id for thread in threads}
        assert me() == real
        assert threading.main_thread() is real[2]
        return [len({one[part] for one in [*seen, real]}) for part in range(3)]

    assert explored(program, 10).returned == [[3, 3, 3]] * 10


def test_threads_alive_are_enumerated(explored):
    """The main thread and the tasks that are alive, no others."""

    def program():
        gate = threading.Event()
        alive = threading.Thread(target=gate.wait)
        ended = threading.Thread(target=int)
        unstarted = threading.Thread(target=int)
        alive.start()
        ended.start()
        ended.join()
        found = threading.enumerate()
        assert threading.active_count() == len(found)
        gate.set()
        return alive in found, ended in found, unstarted in found, threading.main_thread() in found

    assert explored(program, 5).returned == [(True, False, False, True)] * 5


def test_names_are_made_up_alike_in_every_run(explored):
    """The numbers in them count from one in each run; afterwards they go on from where they were."""

    def program():
        names = [threading.Thread().name, threading.Thread(target=print).name]
        with ThreadPoolExecutor(1) as pool:
            names.append(pool.submit(lambda: threading.current_thread().name).result())
        return names

    before = int(threading.Thread().name.removeprefix("Thread-"))
    assert (
        explored(program, 2).returned
        == [["Thread-1", "Thread-2 (print)", "ThreadPoolExecutor-0_0"]] * 2
    )
    assert int(threading.Thread().name.removeprefix("Thread-")) == before + 1


def test_tasks_without_thread_get_one_when_they_ask(explored):
    """A raw thread is told to be a dummy, which is a daemon and cannot be joined."""
    import _thread

    def program():
        seen, done = [], threading.Event()

        def look():
            thread = threading.current_thread()
            assert thread is threading.current_thread()
            seen.append(
                (type(thread).__name__, thread.ident == threading.get_ident(), thread.daemon)
            )
            done.set()

        _thread.start_new_thread(look, ())
        done.wait()
        return seen

    assert explored(program, 2).returned == [[("_DummyThread", True, True)]] * 2


def test_signal_handlers_are_set_in_the_main_thread_only(explored):
    """What CPython refuses to other threads it refuses to tasks."""

    def program():
        refused = []

        def install():
            try:
                signal.signal(signal.SIGUSR2, signal.SIG_DFL)
            except ValueError as error:
                refused.append(str(error))

        thread = threading.Thread(target=install)
        thread.start()
        thread.join()
        signal.signal(signal.SIGUSR2, signal.getsignal(signal.SIGUSR2))
        return refused

    assert explored(program, 1).returned == [
        ["signal only works in main thread of the main interpreter"]
    ]


def test_explicit_targets_are_threads_of_their_own(tmp_path):
    """A task that no Thread object stands for is told one with its name."""
    from random import Random

    from pytest_racecheck.instrument.scope import Scope
    from pytest_racecheck.model.settings import Settings
    from pytest_racecheck.runtime.threads.controlled import Controlled
    from pytest_racecheck.strategies.random_walk import RandomWalk

    seen = []

    def target():
        thread = threading.current_thread()
        seen.append((thread.name, thread.ident == threading.get_ident(), thread.is_alive()))

    def program(run):
        run.launch([Body(target, (), "target"), Body(target, (), "target")])

    controlled = Controlled(program, Settings(), Scope(tmp_path), lambda _: "failure", None)
    with controlled.in_place():
        assert controlled.run(RandomWalk(), Random(1), 1).errors == []
    assert sorted(seen) == [("target-1", True, True), ("target-2", True, True)]

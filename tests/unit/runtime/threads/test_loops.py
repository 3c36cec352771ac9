"""Asyncio loops, imports and logging in tasks: what the interpreter ties to a thread."""

from __future__ import annotations

import asyncio
import importlib
import io
import logging
import sys
import threading

import pytest


def _in_threads(*bodies):
    threads = [threading.Thread(target=body) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_each_task_runs_its_own_loop(explored):
    """Two tasks run loops side by side, with sleeps, locks and queues in them."""

    def program():
        results = []

        async def main(number):
            items = asyncio.Queue()

            async def produce():
                for n in range(2):
                    await asyncio.sleep(0.1 * number)
                    await items.put(n)

            async def consume():
                return [await asyncio.wait_for(items.get(), 5) for _ in range(2)]

            _, got = await asyncio.gather(produce(), consume())
            results.append((number, got, asyncio.current_task() is not None))

        _in_threads(lambda: asyncio.run(main(1)), lambda: asyncio.run(main(2)))
        return sorted(results)

    found = explored(program, 40)
    assert found.returned == [[(1, [0, 1], True), (2, [0, 1], True)]] * 40
    assert asyncio._get_running_loop() is None


def test_one_task_wakes_the_loop_of_another(explored):
    """run_coroutine_threadsafe and call_soon_threadsafe reach a loop that waits in its selector."""

    def program():
        loops = []
        ready = threading.Event()

        def serve():
            loop = asyncio.new_event_loop()
            loops.append(loop)
            loop.call_soon(ready.set)
            loop.run_forever()
            loop.close()

        thread = threading.Thread(target=serve)
        thread.start()
        ready.wait()

        async def answer():
            await asyncio.sleep(1)
            return 7

        result = asyncio.run_coroutine_threadsafe(answer(), loops[0]).result(timeout=5)
        loops[0].call_soon_threadsafe(loops[0].stop)
        thread.join()
        return result

    assert explored(program, 40).returned == [7] * 40


def test_a_loop_hands_work_to_threads(explored):
    """asyncio.to_thread works under control."""

    def program():
        async def main():
            return await asyncio.gather(asyncio.to_thread(pow, 2, 3), asyncio.to_thread(pow, 2, 4))

        return asyncio.run(main())

    assert explored(program, 20).returned == [[8, 16]] * 20


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """Modules that are slow to import; two of them import each other."""
    (tmp_path / "racecheck_slow.py").write_text("import time\ntime.sleep(1)\nvalue = 1\n")
    for own, other in (("one", "other"), ("other", "one")):
        (tmp_path / f"racecheck_{own}.py").write_text(
            f"import time\ntime.sleep(1)\nimport racecheck_{other}\nvalue = 1\n"
        )
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in ("racecheck_slow", "racecheck_one", "racecheck_other"):
        sys.modules.pop(name, None)


def test_tasks_import_the_same_module(explored, modules):
    """Both get the whole module, whoever comes first."""

    def program():
        sys.modules.pop("racecheck_slow", None)
        seen = []

        def load():
            seen.append(importlib.import_module("racecheck_slow").value)

        _in_threads(load, load)
        return seen

    assert explored(program, 30).returned == [[1, 1]] * 30


def test_tasks_import_a_cycle_from_both_ends(explored, modules):
    """The interpreter's own care for import cycles works under control: no deadlock."""

    def program():
        for name in ("racecheck_one", "racecheck_other"):
            sys.modules.pop(name, None)
        _in_threads(
            lambda: importlib.import_module("racecheck_one"),
            lambda: importlib.import_module("racecheck_other"),
        )

    assert set(explored(program, 30).outcomes) == {"passed"}


def test_tasks_log(explored):
    """Records of two tasks come out whole, through a handler that was there before."""
    stream = io.StringIO()
    log = logging.getLogger("racecheck.test")
    handler = logging.StreamHandler(stream)
    log.addHandler(handler)
    log.propagate = False

    def program():
        stream.seek(0)
        stream.truncate()

        def write(name):
            for number in range(3):
                log.warning("%s%s", name, number)

        _in_threads(lambda: write("a"), lambda: write("b"))
        return sorted(stream.getvalue().split())

    found = explored(program, 50)
    log.removeHandler(handler)
    assert found.returned == [["a0", "a1", "a2", "b0", "b1", "b2"]] * 50
    assert found.choices > 3

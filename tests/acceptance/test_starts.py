"""However a test starts its threads, it is explored."""

from __future__ import annotations

from textwrap import dedent

import pytest

BEGINNING = """
    import _thread, asyncio, multiprocessing.dummy, pytest, queue, threading, unittest
    from _thread import start_new_thread
    from concurrent.futures import ThreadPoolExecutor
    from counting import Counter

"""
WAYS = {
    "threads of a fixture": """
        @pytest.fixture
        def counting():
            counter = Counter()
            threads = [threading.Thread(target=counter.increment) for _ in range(2)]
            for thread in threads:
                thread.start()
            yield counter, threads
            for thread in threads:
                thread.join()

        def test_it(counting):
            counter, threads = counting
            for thread in threads:
                thread.join()
            assert counter.value == 2
    """,
    "threads of setup_method": """
        class TestIt:
            def setup_method(self):
                self.counter = Counter()
                self.threads = [threading.Thread(target=self.counter.increment) for _ in range(2)]
                for thread in self.threads:
                    thread.start()

            def test_it(self):
                for thread in self.threads:
                    thread.join()
                assert self.counter.value == 2
    """,
    "threads of setUp": """
        class TestIt(unittest.TestCase):
            def setUp(self):
                self.counter = Counter()
                self.threads = [threading.Thread(target=self.counter.increment) for _ in range(2)]
                for thread in self.threads:
                    thread.start()

            def test_it(self):
                for thread in self.threads:
                    thread.join()
                self.assertEqual(self.counter.value, 2)
    """,
    "bare threads": """
        def test_it():
            counter, done = Counter(), queue.Queue()
            for start in (_thread.start_new_thread, start_new_thread):
                start(lambda: done.put(counter.increment()), ())
            done.get(), done.get()
            assert counter.value == 2
    """,
    "a pool made at import, with its threads": """
        POOL, BOTH = ThreadPoolExecutor(2), threading.Barrier(2)
        for future in [POOL.submit(BOTH.wait) for _ in range(2)]:
            future.result()

        def test_it():
            counter = Counter()
            for future in [POOL.submit(counter.increment) for _ in range(2)]:
                future.result()
            assert counter.value == 2
    """,
    "a pool made at import, without": """
        POOL = ThreadPoolExecutor(2)

        def test_it():
            counter = Counter()
            for future in [POOL.submit(counter.increment) for _ in range(2)]:
                future.result()
            assert counter.value == 2
    """,
    "asyncio.to_thread": """
        def test_it():
            counter = Counter()

            async def main():
                await asyncio.gather(*(asyncio.to_thread(counter.increment) for _ in range(2)))

            asyncio.run(main())
            assert counter.value == 2
    """,
    "timers": """
        def test_it():
            counter = Counter()
            timers = [threading.Timer(0, counter.increment) for _ in range(2)]
            for timer in timers:
                timer.start()
            for timer in timers:
                timer.join()
            assert counter.value == 2
    """,
    "multiprocessing.dummy": """
        def test_it():
            counter = Counter()
            with multiprocessing.dummy.Pool(2) as pool:
                pool.map(lambda _: counter.increment(), range(2), chunksize=1)
            assert counter.value == 2
    """,
    "a subclass that overrides start": """
        class Incrementing(threading.Thread):
            def __init__(self, counter):
                super().__init__()
                self.counter = counter

            def start(self):
                super().start()

            def run(self):
                self.counter.increment()

        def test_it():
            counter = Counter()
            threads = [Incrementing(counter) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert counter.value == 2
    """,
}


@pytest.mark.parametrize("source", WAYS.values(), ids=WAYS)
def test_it_is_explored(project, plain, source) -> None:
    """The lost update is found; at 15 % a run or more, 200 runs miss it with less than 0.85 ** 199 < 1e-13."""
    project.makepyfile(dedent(BEGINNING) + dedent(source))
    result = plain(
        "--racecheck",
        "--racecheck-mode=jitter",
        "--racecheck-schedules=200",
        "--racecheck-seconds=60",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["race found: *::test_it *"])


def test_a_library_that_starts_threads(project, explored) -> None:
    """Threads of a server that is not in scope are tasks; imports inside the test make no difference."""
    project.makepyfile("""
        def test_it():
            import socket, socketserver, threading

            class Handler(socketserver.StreamRequestHandler):
                def handle(self):
                    self.wfile.write(b"x")

            with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
                thread = threading.Thread(target=server.serve_forever, args=(0.01,))
                thread.start()
                with socket.create_connection(server.server_address) as client:
                    assert client.recv(1) == b"x"
                server.shutdown()
                thread.join()
    """)
    result = explored("-v", "--racecheck-mode=jitter", "--racecheck-schedules=10")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*::test_it PASSED [[]10 runs[]]*"])


def test_module_state_that_nobody_noted_is_told_once(project, explored) -> None:
    """Where nothing seemed to start threads, the first test to do so says that modules were not put back; the next are."""
    project.makepyfile(
        starting="import importlib; Thread = lambda **named: vars(importlib.import_module('threa' + 'ding'))['Thread'](**named)",
        test_it="""
        from starting import Thread

        def run():
            thread = Thread(target=int)
            thread.start()
            thread.join()

        def test_first():
            run()

        def test_second():
            run()
        """,
    )
    result = explored("--racecheck-mode=jitter", "--racecheck-schedules=5")
    result.assert_outcomes(passed=2)
    assert result.stdout.str().count("the state of its modules is not put back between runs") == 1


def test_a_fixture_that_fails_after_starting(project, explored) -> None:
    """A setup that starts a thread and raises is an error as ever, and the next test is explored as ever."""
    project.makepyfile("""
        import threading, pytest
        from counting import Counter, count_safely

        @pytest.fixture
        def broken():
            threading.Thread(target=int).start()
            raise OSError("broken")

        def test_broken(broken):
            pass

        def test_next():
            assert count_safely(Counter()) == 2
    """)
    result = explored("--racecheck-mode=jitter", "--racecheck-schedules=10")
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(["E*OSError: broken", "1 test explored in 10 runs: *"])


def test_skipping_with_processes_of_a_fixture(project, explored) -> None:
    """A body that skips itself leaves its fixtures' processes to their own teardown."""
    project.makepyfile("""
        import multiprocessing, pytest

        @pytest.fixture
        def child():
            process = multiprocessing.Process(target=int)
            process.start()
            yield
            process.join()
            assert process.exitcode == 0

        def test_it(child):
            pytest.skip("not today")
    """)
    explored("--racecheck-mode=jitter").assert_outcomes(skipped=1)

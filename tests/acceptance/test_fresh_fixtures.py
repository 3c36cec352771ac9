"""Function-scoped fixtures are set up and torn down for every run."""

from __future__ import annotations


def test_every_run_has_its_own(project, explored, notes) -> None:
    """tmp_path, monkeypatch, capsys and the project's own fixtures are new in each run, wider scopes are not."""
    project.makepyfile("""
        import os
        import pytest
        from counting import Counter, count_safely, note

        @pytest.fixture(scope="module")
        def wide():
            note("module begins")
            yield []
            note("module ends")

        @pytest.fixture(params=["one", "two"])
        def own(request, wide, tmp_path):
            note("set up")
            wide.append(request.param)
            yield [tmp_path]
            note("torn down")

        def test_count(own, wide, tmp_path, monkeypatch, capsys):
            assert own == [tmp_path] and not list(tmp_path.iterdir())
            (tmp_path / "file").touch()
            assert "RACECHECK_TEST" not in os.environ
            monkeypatch.setenv("RACECHECK_TEST", "1")
            print("printed")
            assert capsys.readouterr().out == "printed\\n"
            note("body")
            own.append(1)
            assert count_safely(Counter()) == 2
    """)
    explored("--racecheck-schedules=20").assert_outcomes(passed=2)
    round_ = ["set up", "body", "torn down"]
    assert notes() == ["module begins", *round_ * 40, "module ends"]


def test_folders_of_passing_runs_are_removed(project, explored) -> None:
    """A campaign leaves one tmp_path behind, as one test does, and not one for each run."""
    project.makepyfile("""
        from counting import Counter, count_safely

        def test_count(tmp_path):
            assert count_safely(Counter()) == 2
    """)
    explored("--racecheck-schedules=20", "--basetemp=kept").assert_outcomes(passed=1)
    left = [path.name for path in (project.path / "kept").iterdir() if not path.is_symlink()]
    assert left == ["test_count0"]


def test_trouble_in_a_later_setup_accuses_nobody(project, explored) -> None:
    """A fixture that cannot be set up a fifth time fails that run, and no race is claimed: the test keeps its own outcome."""
    project.makepyfile("""
        import itertools
        import pytest
        from counting import Counter, count_safely

        MADE = itertools.count(1)  # an iterator's position is not put back between runs

        @pytest.fixture
        def own():
            if next(MADE) == 5:
                raise OSError("address in use")

        def test_count(own):
            assert count_safely(Counter()) == 2

        def test_after(own):
            pass
    """)
    result = explored()
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["inconclusive: *::test_count: it failed in 1 of *"])
    assert "RaceFound" not in result.stdout.str()


def test_trouble_in_a_later_teardown_accuses_nobody(project, explored, notes) -> None:
    """A fixture that cannot be torn down fails its run, and the other fixtures end all the same."""
    project.makepyfile("""
        import itertools
        import pytest
        from counting import Counter, count_safely, note

        MADE = itertools.count(1)  # an iterator's position is not put back between runs

        @pytest.fixture
        def first():
            yield
            note("first ended")

        @pytest.fixture
        def second(first):
            yield
            if next(MADE) == 3:
                raise OSError("still busy")

        def test_count(second):
            assert count_safely(Counter()) == 2
    """)
    result = explored("--racecheck-strict")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E   Inconclusive: *", "E *OSError: still busy"])
    assert notes() == ["first ended"] * len(notes())


def test_a_race_that_shows_in_a_fixture_is_one(project, explored) -> None:
    """What its teardown finds, or its setup, is found with the schedule that brings it about."""
    project.makepyfile("""
        import pytest
        from threading import Thread
        from counting import Counter, count

        @pytest.fixture
        def counter():
            made = Counter()
            threads = [Thread(target=made.increment) for _ in range(2)]
            yield threads
            for thread in threads:
                thread.join()
            assert made.value == 2

        def test_start(counter):
            for thread in counter:
                thread.start()

        @pytest.fixture
        def counted():
            assert count(Counter()) == 2

        def test_nothing(counted):
            pass
    """)
    result = explored("--racecheck-mode=explore")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "E *raised by the teardown of fixtures",
            "E   RaceFound: lost update on Counter.value *",
            "E*--racecheck-replay=rc1:*",
            "E *raised by the setup of fixtures",
            "E   RaceFound: lost update on Counter.value *",
        ]
    )


def test_threads_of_fixtures_belong_to_the_test(project, explored, notes) -> None:
    """What a function-scoped fixture starts is part of every run; what one of wider scope starts is not."""
    project.makepyfile("""
        import threading
        import pytest
        from counting import note

        def helping():
            stop = threading.Event()
            thread = threading.Thread(target=stop.wait)
            thread.start()
            yield thread
            stop.set()
            thread.join()

        helper = pytest.fixture(helping)
        standing_helper = pytest.fixture(helping, scope="module")

        def test_alive(helper):
            note("ran")
            assert helper.is_alive()

        def test_alive_before(standing_helper):
            note("ran once")
            assert standing_helper.is_alive()
    """)
    result = explored("--racecheck-mode=jitter", "--racecheck-schedules=10")
    result.assert_outcomes(passed=2)
    assert notes() == ["ran"] * 10 + ["ran once"]
    assert "outlived" not in result.stdout.str()


def test_an_executor_fixture_ends_with_its_run(project, explored) -> None:
    """Threads that a fixture's teardown ends do not count as left behind."""
    project.makepyfile("""
        from concurrent.futures import ThreadPoolExecutor
        import pytest
        from counting import Counter

        @pytest.fixture
        def pool():
            with ThreadPoolExecutor(2) as pool:
                yield pool

        def test_count(pool):
            counter = Counter()
            for future in [pool.submit(counter.increment_safely) for _ in range(2)]:
                future.result()
            assert counter.value == 2
    """)
    result = explored("--racecheck-schedules=20")
    result.assert_outcomes(passed=1)
    assert "outlived" not in result.stdout.str()


def test_module_state_starts_alike_in_every_run(project, explored) -> None:
    """A global that the test counts down is back for every run, so the correct test passes and its racy twin is found."""
    project.makepyfile("""
        import threading

        num, sold, lock = 10, [], threading.Lock()

        def subtract():
            global num
            num -= 1

        def subtract_safely():
            with lock:
                subtract()
                sold.append(1)

        def run(target):
            threads = [threading.Thread(target=target) for _ in range(2)]
            [thread.start() for thread in threads]
            [thread.join() for thread in threads]

        def test_safe():
            run(subtract_safely)
            assert (num, len(sold)) == (8, 2)

        def test_racy():
            assert num == 8
            run(subtract)
            assert num == 6
    """)
    result = explored("-p", "no:randomly")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["E   RaceFound: *"])

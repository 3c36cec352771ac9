"""Processes that die, hang or are interrupted: the session goes on or ends cleanly, and nothing stays."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="looks at POSIX processes")


def test_a_lost_update_between_processes(project, explored, leftovers) -> None:
    """An unlocked multiprocessing.Value loses one of ten updates in at least 20 % of runs; 300 miss it with 0.8 ** 298 < 1e-28."""
    project.makepyfile("""
        from multiprocessing import Value, get_context

        Process = get_context("fork").Process

        def add(value):
            for _ in range(5):
                now = value.value
                value.value = now + 1

        def test_count():
            value = Value("i", 0)
            children = [Process(target=add, args=(value,)) for _ in range(2)]
            for child in children:
                child.start()
            for child in children:
                child.join()
            assert value.value == 10
    """)
    result = explored("--racecheck-schedules=300", "-o", "racecheck_keep_going=false")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["FAILED *::test_count - RaceFound: *"])
    assert leftovers() == []


def test_a_child_that_is_killed(project, plain, leftovers) -> None:
    """A child that SIGKILL ends in the middle of a run is an outcome that names the signal; the session goes on."""
    project.makepyfile("""
        import os, signal

        def die(value):
            value.value += 1
            os.kill(os.getpid(), signal.SIGKILL)

        def add(value):
            value.value += 1

        def test_killed(process_race):
            report = process_race([die, add], setup=lambda shared: shared.value("i", 0), schedules=5, seconds=60)
            assert report.failures == report.runs
            assert "SIGKILL" in str(report)

        def test_after():
            pass
    """)
    plain().assert_outcomes(passed=2)
    assert leftovers() == []


def test_a_child_that_never_returns(project, plain, leftovers) -> None:
    """A child that hangs is ended when its time is up and told as a potential deadlock; the session goes on."""
    project.makepyfile("""
        import time

        def hang(value):
            while True:
                time.sleep(1)

        def add(value):
            value.value += 1

        def test_hangs(process_race):
            report = process_race([hang, add], setup=lambda shared: shared.value("i", 0), schedules=2, seconds=2)
            assert report.failures == report.runs
            assert "hang" in str(report)

        def test_after():
            pass
    """)
    plain().assert_outcomes(passed=2)
    assert leftovers() == []


def test_a_hang_in_a_later_run_of_a_test(project, plain, leftovers) -> None:
    """A body that waits forever in a later run is ended, and the session goes on."""
    project.makepyfile("""
        import threading
        from counting import Counter, count_safely

        RUNS = []

        def test_hangs():
            RUNS.append(1)
            assert count_safely(Counter()) == 2
            if len(RUNS) == 3:
                threading.Event().wait()

        def test_after():
            pass
    """)
    result = plain("--racecheck", "--racecheck-seconds=3", "-rA")
    result.stdout.fnmatch_lines(["PASSED *::test_after"])
    assert leftovers() == []


@pytest.mark.parametrize("what", ["threads", "processes"])
def test_ctrl_c_during_a_campaign(project, leftovers, notes, what) -> None:
    """Ctrl-C ends the session as it always does, fixtures are torn down, and nothing is left running."""
    project.makepyfile(f"""
        import os, pytest, signal
        from multiprocessing import Process, Value
        from counting import Counter, concurrently, note

        def add(value):
            with value.get_lock():
                value.value += 1

        def interrupt():
            with open("notes.txt") as file:
                if file.read().count("set up") == 10:
                    os.killpg(0, signal.SIGINT)

        def add_and_interrupt(value):
            interrupt()
            add(value)

        def count_in_processes():
            value = Value("i", 0)
            children = [Process(target=target, args=(value,)) for target in (add, add_and_interrupt)]
            for child in children:
                child.start()
            for child in children:
                child.join()
            return value.value

        def count_in_threads():
            counter = Counter()
            concurrently(counter.increment_safely, counter.increment_safely, interrupt)
            return counter.value

        @pytest.fixture
        def own():
            note("set up")
            yield
            note("torn down")

        def test_count(own):
            assert count_in_{what}() == 2

        def test_after():
            note("after")
    """)
    arguments = [
        "--racecheck",
        "--racecheck-schedules=1000000",
        "--racecheck-seconds=600",
        "-p",
        "no:randomly",
    ]
    session = subprocess.Popen(
        [sys.executable, "-m", "pytest", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    text, _ = session.communicate(timeout=60)
    assert session.returncode == pytest.ExitCode.INTERRUPTED, text
    assert "KeyboardInterrupt" in text
    assert "RaceFound" not in text
    assert notes() == ["set up", "torn down"] * 10
    assert leftovers() == []


@pytest.mark.parametrize("mode", ["jitter", "explore"])
def test_folders_of_processes_that_are_killed(project, plain, monkeypatch, mode) -> None:
    """What a child has made for its sockets would stay when it is killed; it goes with the campaign."""
    monkeypatch.setenv("TMPDIR", temporary := tempfile.mkdtemp(dir="/tmp"))
    project.makepyfile("""
        from multiprocessing import Event, Process, connection

        def serve(ready, never):
            with connection.Listener(family="AF_UNIX"):
                ready.set()
                never.wait()

        def test_killed():
            ready, never = Event(), Event()
            server = Process(target=serve, args=(ready, never))
            server.start()
            ready.wait()
            server.kill()
            server.join()
    """)
    plain(
        "--racecheck",
        f"--racecheck-mode={mode}",
        "--racecheck-schedules=3",
        "--racecheck-seconds=60",
    ).assert_outcomes(passed=1)
    left = [name for name in os.listdir(temporary) if not name.startswith("pytest-of")]
    shutil.rmtree(temporary)
    assert left == []

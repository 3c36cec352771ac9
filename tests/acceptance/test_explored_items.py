"""`pytest --racecheck` under the explore engine: unmodified tests, replay from the command line."""

from __future__ import annotations

import functools
import re
import shlex
import sys

import pytest


@pytest.fixture
def project(project: pytest.Pytester) -> pytest.Pytester:
    """The project without a mode of its own: threads are explored."""
    project.makeini("[pytest]\n")
    return project


RACY = """
    from counting import Counter, count

    def test_count(tmp_path, monkeypatch):
        monkeypatch.setenv("COUNTED", "no")
        (tmp_path / "fresh").mkdir()
        assert count(Counter()) == 2
"""


def test_a_race_is_found_and_explained(project, explored) -> None:
    """The report names kind and resource, shows who read and wrote what, and how to see it again."""
    project.makepyfile(RACY)
    result = explored()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([
        "E   RaceFound: lost update on Counter.value *1 preemption)",
        "E*counting.py:9 value → 0*",
        "E*counting.py:10 value ← 1*",
        "E*--racecheck-replay=rc1:*",
    ])  # fmt: skip


def test_no_preemption_too_many(project, explored) -> None:
    """One interruption between the question and the taking is enough, and no more are shown, whatever was found first."""
    project.makepyfile("""
        import queue, threading

        def take(inbox, taken):
            while not inbox.empty():
                taken.append(inbox.get_nowait())

        def test_take():
            inbox = queue.Queue()
            for item in range(3):
                inbox.put(item)
            taken = []
            threads = [threading.Thread(target=take, args=(inbox, taken)) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert sorted(taken) == [0, 1, 2]
    """)
    result = explored("--racecheck-seed=1")
    result.stdout.fnmatch_lines(["E   RaceFound: check then act on inbox *1 preemption)"])


def test_its_token_replays_it(project, explored, plain, monkeypatch) -> None:
    """In another process, with other hashes of strings, the token alone brings the failure about again."""
    project.makepyfile(RACY)
    token = re.search(r"--racecheck-replay=(rc1:[\w-]+)", explored().stdout.str())
    assert token is not None
    for seed in ("0", "1", "random"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        result = plain(f"--racecheck-replay={token[1]}")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines([
            "racecheck: one run a test, under the schedule of the token",
            "E   RaceFound: lost update on Counter.value (replayed; 1 preemption)",
        ])  # fmt: skip
        result.stdout.no_fnmatch_line("*again: --racecheck-seed*")


def test_a_replay_from_another_folder_and_beside_another_mode(project, monkeypatch) -> None:
    """The command of a report works where the report was made; who asks for a replay does not want jitter."""
    project.makepyfile(RACY)
    project.makeini("[pytest]\nracecheck_mode = jitter")
    monkeypatch.chdir(project.mkdir("below"))
    run = functools.partial(project.runpytest_subprocess, "-p", "no:randomly", "--rootdir=..")
    found = run("--racecheck", "--racecheck-mode=explore", "..").stdout.str()
    command = re.search(r'replay: pytest "(\S+)"[E\s]+--racecheck-replay=(rc1:[\w-]+)', found)
    assert command is not None
    result = run(command[1], f"--racecheck-replay={command[2]}")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E   RaceFound: lost update on Counter.value (replayed; *"])


def test_a_replay_that_does_not_take_place(project, plain) -> None:
    """A test that starts nothing cannot be replayed, and does not pass as if it had been."""
    project.makepyfile("def test_plain(): pass")
    result = plain("--racecheck-replay=rc1:AAEIAgYGBnUMX0nE1eo")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E   Inconclusive: the token was not replayed: the test starts *"])


def test_several_errors(project, explored) -> None:
    """The body's own comes without the frames through which pytest called it."""
    project.makepyfile("""
        from counting import concurrently

        def test_once():
            done = []

            def act():
                if not done:
                    done.append(1)
                    if len(done) > 1:
                        raise LookupError("twice")

            concurrently(act, act)
            assert done == [1]
    """)
    result = explored()
    result.stdout.fnmatch_lines(
        ["E   RaceFound: check then act on done *", "E   main: AssertionError: *"]
    )
    result.stdout.no_fnmatch_line("*_pytest*")


def test_a_replay_of_changed_code_says_so(project, explored, plain) -> None:
    """A token that no longer fits makes no verdict; where it stops fitting is said."""
    project.makepyfile(RACY)
    token = re.search(r"--racecheck-replay=(rc1:[\w-]+)", explored().stdout.str())
    assert token is not None
    counting = project.path / "counting.py"
    counting.write_text(
        counting.read_text().replace("value = self.value", "\n        value = self.value")
    )
    result = plain(f"--racecheck-replay={token[1]}")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E   Inconclusive: *the replay went another way*"])


def test_a_bad_token_is_one_clear_line(project, plain) -> None:
    """What no report has printed is refused before anything runs."""
    project.makepyfile(RACY)
    result = plain("--racecheck", "--racecheck-replay=rc1:nonsense")
    result.stderr.fnmatch_lines(
        ["ERROR: --racecheck-replay *expected a token as a report prints it*"]
    )


def test_a_safe_test_passes(project, explored) -> None:
    """Under a lock every schedule passes, a thousand of them."""
    project.makepyfile("""
        from counting import Counter, count_safely

        def test_count():
            assert count_safely(Counter()) == 2
    """)
    result = explored("--racecheck-schedules=1000")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*1 test explored in 1000 runs: 1 not found*"])


def test_a_test_that_fails_anyway_keeps_its_own_failure(project, explored) -> None:
    """What fails under every schedule is no race: the test fails as it would without the plugin."""
    project.makepyfile("""
        from counting import Counter, count_safely

        def test_count():
            assert count_safely(Counter()) == 3
    """)
    result = explored()
    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*RaceFound*")


DEBUGGED = """
    from counting import Counter, concurrently

    def test_count():
        counter = Counter()

        def add():
            seen = counter.value
            counter.value = seen + 1

        concurrently(add, add)
        {stop}done = True
        assert counter.value == 2
"""


def debugged(project: pytest.Pytester, what: str, *args: str) -> str:
    """What a session says to whom types that."""
    session = project.run(
        sys.executable, "-m", "pytest", "-p", "no:randomly", *args, stdin=what.encode()
    )
    return session.stdout.str()


def test_a_debugger_stops_where_the_program_failed(project) -> None:
    """With --pdb that is the test's own frame, or the task's, and not the plugin's."""
    project.makepyfile(DEBUGGED.format(stop=""))
    said = debugged(project, "p counter.value, 'here'\nq\n", "--racecheck", "--pdb")
    assert "(1, 'here')" in said


def test_a_breakpoint_in_a_replay(project, explored) -> None:
    """It stops the one run that is replayed, which is the one that fails, in the test's own frame, and goes on from there step by step."""
    project.makepyfile(test_it=DEBUGGED.format(stop=""))
    token = re.search(r"--racecheck-replay=(rc1:[\w-]+)", explored().stdout.str())
    assert token is not None
    project.makepyfile(test_it=DEBUGGED.format(stop="breakpoint()\n        "))
    said = debugged(project, "p counter.value, 'here'\nc\n", f"--racecheck-replay={token[1]}")
    assert said.count("PDB set_trace") == 1
    assert "(1, 'here')" in said
    assert "RaceFound: lost update on Counter.value (replayed; 1 preemption)" in said
    test = project.path / "test_it.py"
    test.write_text(test.read_text().replace("seen =", "breakpoint()\n        seen ="))
    said = debugged(
        project, "p counter.value, 'there'\nc\nc\nc\n", f"--racecheck-replay={token[1]}"
    )
    assert said.count("PDB set_trace") == 3
    assert "(0, 'there')" in said
    assert "RaceFound: lost update on Counter.value (replayed; 1 preemption)" in said


def test_the_command_that_replays_has_what_it_needs(project, explored, plain) -> None:
    """Ids that mean something to a shell are quoted, and what was typed to find the run is typed again."""
    project.makepyfile("""
        import pytest
        from counting import Counter, count

        @pytest.mark.parametrize("name", ["`touch made`"])
        def test_count(name):
            assert count(Counter()) == 2
    """)
    found = explored("--racecheck-scope=configparser", "--count=2").stdout.str()
    found = " ".join(found.replace("\nE ", " ").split())
    wanted = re.search(
        r"replay: pytest ('[^']*') (--racecheck-replay=\S+ --racecheck-scope=configparser --count=2)",
        found,
    )
    assert wanted, found
    test, *options = shlex.split(" ".join(wanted.groups()))
    result = plain(test, *options)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E   RaceFound: lost update on Counter.value (replayed; *"])


def test_an_interrupt_that_a_thread_raises_itself(project, explored) -> None:
    """No signal has come: it is what this thread fails with, and the session goes on."""
    project.makepyfile("""
        from threading import Thread
        from counting import Counter, concurrently

        def stop():
            raise KeyboardInterrupt

        def test_stop():
            counter = Counter()
            concurrently(counter.increment, counter.increment, stop)

        def test_after():
            pass
    """)
    result = explored("-W", "ignore::pytest.PytestUnhandledThreadExceptionWarning")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        [
            "inconclusive: *::test_stop: it fails under every schedule * controlled: KeyboardInterrupt"
        ]
    )

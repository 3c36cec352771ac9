"""Programs under `pytest --racecheck` that read clocks, draw numbers, and answer attribute access with code."""

from __future__ import annotations

import textwrap

import pytest


@pytest.fixture
def project(project: pytest.Pytester) -> pytest.Pytester:
    """The project without a mode of its own: threads are explored."""
    project.makeini("[pytest]\n")
    return project


DRAWS = """
    import random, threading, time, uuid
    from datetime import datetime, timedelta

    class Ledger:
        def __init__(self):
            self.rows = []
            self.total = 0

        def add(self):
            self.rows.append((datetime.now(), uuid.uuid4().hex, random.random()))
            self.rows.sort()
            if self.rows[0][2] < 2 and datetime.now() < datetime.now() + timedelta(days=1):
                self.total {adds}
            else:
                time.sleep(1)

    def test_ledger():
        ledger = Ledger()
        threads = [threading.Thread(target=ledger.add) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert ledger.total {expected}
"""


def test_a_program_that_reads_clocks_and_draws_numbers_is_explored(project, explored) -> None:
    """Its race is found and named; under every schedule it would do the same again."""
    project.makepyfile(DRAWS.format(adds="+= 1", expected="== 2"))
    result = explored("--racecheck-seed=1")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E   RaceFound: lost update on Ledger.total *"])


def test_one_without_a_race_passes(project, explored) -> None:
    """What it draws and reads makes no two runs of a schedule differ."""
    project.makepyfile(DRAWS.format(adds="= 1", expected="== 1"))
    result = explored("--racecheck-strict")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*inconclusive*")


def test_who_waits_for_a_date_gets_there(project, explored) -> None:
    """Sleeps pass in the same time that `datetime` shows; only the first run, on real threads, takes its time."""
    project.makepyfile("""
        import threading, time
        from datetime import datetime, timedelta

        def test_wait():
            until = datetime.now() + timedelta(seconds=0.1)
            def wait():
                while datetime.now() < until:
                    time.sleep(0.04)
            threads = [threading.Thread(target=wait) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    """)
    result = explored("--racecheck-strict", "--racecheck-max-steps=500")
    result.assert_outcomes(passed=1)


def test_a_failure_by_chance_is_no_race(project, explored) -> None:
    """A test that fails in half of its runs, whatever the schedule, accuses nobody."""
    project.makepyfile("""
        import os, threading

        def test_coin():
            tossed = []
            threads = [threading.Thread(target=tossed.append, args=(n,)) for n in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert os.urandom(1)[0] < 128
    """)
    result = explored()
    result.stdout.no_fnmatch_line("*RaceFound*")


def test_a_class_that_answers_attribute_access_is_explored(project, explored) -> None:
    """Hooks ask it for nothing, so that its answers, which are hooked, do not go round in circles."""
    project.makepyfile("""
        import threading

        class Guarded:
            def __init__(self):
                self.value = 0
                self.asked = 0

            def __getattribute__(self, name):
                found = object.__getattribute__(self, name)
                if name == "value":
                    self.asked += 0
                return found

            @property
            def __class__(self):
                return self.pretended

        def test_guarded():
            guarded = Guarded()
            def add():
                guarded.value += 1
            threads = [threading.Thread(target=add) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert guarded.value == 2
    """)
    result = explored()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E   RaceFound: lost update on Guarded.value *"])


def test_a_module_that_is_loaded_lazily_is_explored(project, explored) -> None:
    """Whoever comes while it is being loaded finds a module that is not there yet."""
    project.makepyfile("""
        import sys, threading, types

        class Lazy(types.ModuleType):
            def __getattribute__(self, name):
                self.__class__ = types.ModuleType
                vars(self)["value"] = 42
                return getattr(self, name)

        def test_lazy():
            module = Lazy("module")
            found = []
            threads = [
                threading.Thread(target=lambda: found.append(getattr(module, "value", None) or module.value))
                for _ in range(2)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert found == [42, 42]
    """)
    result = explored("--racecheck-seed=1")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E   RaceFound: * on *__class__*"])


FINALISER = """
    import threading

    class Pool:
        def __init__(self):
            self.lock = threading.{kind}()
            self.live = 0

        def connect(self):
            with self.lock:
                self.live += 1
            return Connection(self)

        def size(self):
            with self.lock:
                return self.live

    class Connection:
        def __init__(self, pool):
            self.pool = pool
            self.me = self

        def __del__(self):
            with self.pool.lock:
                self.pool.live -= 1

    def test_pool():
        pool = Pool()
        def work():
            pool.connect()
            pool.size()
        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
"""


def test_a_collection_that_takes_a_lock(project, explored) -> None:
    """With --racecheck-gc it is a deadlock, whose token says by itself that collections are choices."""
    project.makepyfile(FINALISER.format(kind="Lock"))
    result = explored("--racecheck-gc", "--racecheck-seed=1")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E   RaceFound: deadlock on Pool.lock *", "*garbage is collected*", "*held by itself*"]
    )
    token = next(
        word.partition("=")[2]
        for line in result.outlines
        for word in line.split()
        if "=rc1:" in word
    )
    again = explored(f"--racecheck-replay={token}")
    again.assert_outcomes(failed=1)
    again.stdout.fnmatch_lines(["E   RaceFound: deadlock on Pool.lock *"])


def test_a_collection_that_may_take_it_again(project, explored) -> None:
    """A lock that its owner may take twice is the remedy, and is not reported."""
    project.makepyfile(FINALISER.format(kind="RLock"))
    explored("--racecheck-gc", "--racecheck-strict").assert_outcomes(passed=1)


PACKAGE = """
    import threading, time

    class Heart:
        def __init__(self):
            self.beats = []

        def start(self):
            self.thread = threading.Thread(target=self.beat, daemon={daemon})
            self.thread.start()

        def beat(self):
            if self.beats is not None:
                self.beats.append(1)

        def stop(self):
            self.beats = None
            time.sleep(1)
"""


def _install_hearts(project, tmp_path_factory, monkeypatch, source) -> None:
    """A package in a folder beside the project's, and a test that uses it."""
    installed = tmp_path_factory.mktemp("installed")
    (installed / "hearts.py").write_text(textwrap.dedent(source))
    monkeypatch.setenv("PYTHONPATH", str(installed))
    project.makepyfile("""
        import hearts

        def test_heart():
            heart = hearts.Heart()
            heart.start()
            heart.stop()
    """)


@pytest.mark.parametrize(("daemon", "outcome"), [(True, {"passed": 1}), (False, {"failed": 1})])
def test_a_daemon_of_a_package(
    project, explored, tmp_path_factory, monkeypatch, daemon, outcome
) -> None:
    """What ends a daemon that a package has started for itself fails no test in real life, either; it is told. Any other thread's is a failure."""
    _install_hearts(project, tmp_path_factory, monkeypatch, PACKAGE.format(daemon=daemon))
    result = explored("--racecheck-scope=hearts", "--racecheck-seed=1")
    result.assert_outcomes(**outcome)
    if daemon:
        result.stdout.fnmatch_lines(
            ["not covered: *AttributeError ended thread beat-1, a daemon *"]
        )


@pytest.mark.parametrize(
    ("daemon", "line"),
    [(True, "*AttributeError ended thread beat-1, a daemon of its*"), (False, "*1 inconclusive")],
)
def test_a_daemon_of_a_package_under_jitter(
    project, explored, tmp_path_factory, monkeypatch, daemon, line
) -> None:
    """The same where nobody decides who goes on: it is told, and any other thread's exception makes the run fail."""
    source = PACKAGE.format(daemon=daemon).replace("if self.beats is not None", "if self.missing")
    source = source.replace("time.sleep(1)", "time.sleep(0.05)")
    _install_hearts(project, tmp_path_factory, monkeypatch, source)
    result = explored(
        "--racecheck-scope=hearts", "--racecheck-mode=jitter", "--racecheck-schedules=10"
    )
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([line])

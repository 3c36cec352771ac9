"""A project under test, and pytest run on it with the plugin on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

# The update loses its race in some 25 to 40 % of jittered runs, whatever the interpreter; a campaign of 100 misses it with a
# probability of at most 0.75 ** 99 < 1e-12.
COUNTING = """
import threading

class Counter:
    def __init__(self):
        self.value = 0
        self.lock = threading.Lock()

    def increment(self):
        value = self.value
        self.value = value + 1

    def increment_safely(self):
        with self.lock:
            self.increment()

def concurrently(*targets):
    threads = [threading.Thread(target=target) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

def count(counter):
    concurrently(counter.increment, counter.increment)
    return counter.value

def count_safely(counter):
    concurrently(counter.increment_safely, counter.increment_safely)
    return counter.value

def note(text):
    with open("notes.txt", "a") as file:
        file.write(text + "\\n")
"""

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project with a module `counting`, and nothing of the session around it in its environment."""
    for name in ("PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "160")
    pytester.makepyfile(counting=COUNTING)
    # The plugin's behaviour does not depend on the engine; what it quotes does. `test_explored_items.py` has the default engine.
    pytester.makeini("[pytest]\nracecheck_mode = jitter\n")
    return pytester


# Words on the command line that mean another plugin, or how plugins are loaded.
_NEIGHBOURS = ("-n", "--count", "--cov", "--timeout", "randomly", "no:racecheck")


@pytest.fixture
def plain(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run pytest on the project, in a process of its own, without reordering.

    Of the plugins that are installed here only ours is loaded, unless `args` name another: importing them takes longer than most tests.
    """

    def run(*args: str) -> pytest.RunResult:
        with monkeypatch.context() as patch:
            if not any(arg.startswith(_NEIGHBOURS) for arg in args):
                patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
                args = ("-p", "pytest_racecheck.plugin", *args)
            return project.runpytest_subprocess("-p", "no:randomly", *args, timeout=120)

    return run


@pytest.fixture
def explored(plain: Run) -> Run:
    """Run pytest --racecheck on the project, with 100 runs a test and as much time as they take."""

    def run(*args: str) -> pytest.RunResult:
        return plain("--racecheck", "--racecheck-schedules=100", "--racecheck-seconds=60", *args)

    return run


@pytest.fixture
def notes(project: pytest.Pytester) -> Callable[[], list[str]]:
    """What the project's tests noted, in order."""

    def read() -> list[str]:
        path = project.path / "notes.txt"
        return path.read_text().splitlines() if path.exists() else []

    return read

"""A project under test, and pytest run on it with the plugin on."""

from __future__ import annotations

import itertools
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from forked_pytest import Sessions

# The update loses its race in some 25 to 40 % of jittered runs, whatever the interpreter; a campaign of 60 misses it with a
# probability of at most 0.75 ** 58 < 1e-7.
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


LIMIT = 120
# Words on the command line that mean another plugin, or how plugins are loaded.
_NEIGHBOURS = ("-n", "--count", "--cov", "--timeout", "randomly", "no:racecheck")


@pytest.fixture(scope="session")
def sessions() -> Iterator[Sessions | None]:
    """What sessions of pytest are forked from, where there is such a thing."""
    sessions = Sessions() if hasattr(os, "fork") else None
    yield sessions
    if sessions is not None:
        sessions.close()


@pytest.fixture
def plain(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, sessions: Sessions | None
) -> Run:
    """Run pytest on the project, in a process of its own, without reordering.

    Of the plugins that are installed here only ours is loaded, unless `args` name another: importing them takes longer than most tests.
    And the process is forked, where that makes no difference.
    """
    numbers = itertools.count()

    def run(*args: str) -> pytest.RunResult:
        if any(arg.startswith(_NEIGHBOURS) for arg in args):
            return project.runpytest_subprocess("-p", "no:randomly", *args, timeout=LIMIT)
        args = ("-p", "pytest_racecheck.plugin", "-p", "no:randomly", *args)
        with monkeypatch.context() as patch:
            patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
            if sessions is None or not sessions.are_like_new(os.environ):
                return project.runpytest_subprocess(*args, timeout=LIMIT)
            return _forked(sessions, project.path / f"session-{next(numbers)}", *args)

    return run


def _forked(sessions: Sessions, folder: Path, *args: str) -> pytest.RunResult:
    """What `runpytest_subprocess` does, told in the same way."""
    folder.mkdir()
    output, errors = folder / "stdout", folder / "stderr"
    began = time.monotonic()
    status = sessions.run((f"--basetemp={folder / 'temporary'}", *args), output, errors, LIMIT)
    seconds = time.monotonic() - began
    lines = [path.read_text(encoding="utf-8").splitlines() for path in (output, errors)]
    for stream, said in zip((sys.stdout, sys.stderr), lines, strict=True):
        print(*said, sep="\n", file=stream)
    return pytest.RunResult(status, *lines, seconds)


@pytest.fixture
def explored(plain: Run) -> Run:
    """Run pytest --racecheck on the project, with 60 runs a test and as much time as they take."""

    def run(*args: str) -> pytest.RunResult:
        return plain("--racecheck", "--racecheck-schedules=60", "--racecheck-seconds=60", *args)

    return run


@pytest.fixture
def notes(project: pytest.Pytester) -> Callable[[], list[str]]:
    """What the project's tests noted, in order."""

    def read() -> list[str]:
        path = project.path / "notes.txt"
        return path.read_text().splitlines() if path.exists() else []

    return read


# A plugin of the sessions. Without it what they leave could not be told from what other tests have, or leave, at that time.
_NAMING = """
from multiprocessing import shared_memory
from multiprocessing.process import current_process

current_process()._config["semprefix"] = "/{mark}"
shared_memory._SHM_NAME_PREFIX = "/{mark}"
"""


@pytest.fixture
def leftovers(
    project: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[], list[str]]:
    """Processes of the project, its temporary files and its shared memory, as far as they still exist."""
    temporary = project.path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setenv("RACECHECK_TEST_PROJECT", str(project.path))
    mark = f"m{secrets.token_hex(3)}"
    plugins = tmp_path_factory.mktemp("plugins")
    (plugins / "naming_what_is_shared.py").write_text(_NAMING.format(mark=mark))
    monkeypatch.setenv("PYTHONPATH", str(plugins), prepend=os.pathsep)
    monkeypatch.setenv("PYTEST_PLUGINS", "naming_what_is_shared")

    def look() -> list[str]:
        found = [f"process {pid}" for pid in processes(str(project.path))]
        found += [
            f"file {p.name}" for p in temporary.iterdir() if not p.name.startswith("pytest-of")
        ]
        memory = Path("/dev/shm")
        names = os.listdir(memory) if memory.is_dir() else []
        return found + [f"shared memory {name}" for name in names if mark in name]

    def settled() -> list[str]:
        end = time.monotonic() + 10
        while (found := look()) and time.monotonic() < end:
            time.sleep(0.05)
        return found

    return settled


def processes(project: str) -> list[int]:
    """The processes whose environment names that project, this one excepted."""
    found = []
    for entry in Path("/proc").iterdir() if Path("/proc/self/environ").exists() else ():
        try:
            environment = (entry / "environ").read_bytes() if entry.name.isdigit() else b""
        except OSError:
            continue
        if (
            f"RACECHECK_TEST_PROJECT={project}".encode() in environment
            and int(entry.name) != os.getpid()
        ):
            found.append(int(entry.name))
    return found

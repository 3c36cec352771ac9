"""Sessions of pytest, each in a process of its own, forked from one that has pytest loaded already.

Most of a short session goes into starting an interpreter and importing pytest and the engines, and the acceptance tests have hundreds. The plugin
itself is not loaded beforehand. When it imports what is looked at in sessions of new interpreters, see `test_loading.py`.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

HERE = str(Path(__file__).parent)
# As `python -m pytest` starts: with nothing of ours on the path, and with a main module that spawned children need not import.
_START = f"import sys; sys.path.insert(0, {HERE!r}); from forked_pytest import serve; sys.path.remove({HERE!r}); serve()"
# What an interpreter, or another process about it, reads once and for all when it starts.
_FIXED = ("PYTHONHASHSEED", "PYTHONPATH", "RACECHECK_TEST_PROJECT")

_ENGINES = (
    "campaign.explore",
    "campaign.jitter",
    "runtime.processes.world",
    "runtime.jitter.thread_backend",
    "report",
)


class Sessions:
    """The process that sessions are forked from, seen from the tests; one session at a time."""

    def __init__(self) -> None:
        self._fixed = [os.environ.get(name) for name in _FIXED]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def are_like_new(self, environment: Mapping[str, str]) -> bool:
        """Whether forked sessions differ in nothing from those of a new interpreter in that environment."""
        return self._fixed == [environment.get(name) for name in _FIXED]

    def run(self, args: Sequence[str], output: Path, errors: Path, timeout: float) -> int:
        """The exit status of `pytest *args`, run here and now, in this environment, with its output in files."""
        request = {"args": args, "folder": os.getcwd(), "environment": dict(os.environ), "files": [str(output), str(errors)]}  # fmt: skip
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        child = self._answer(timeout)
        try:
            return self._answer(timeout)
        except TimeoutError:
            os.kill(child, signal.SIGKILL)
            self._answer(timeout)
            raise

    def _answer(self, timeout: float) -> int:
        answers = self._process.stdout
        assert answers is not None
        with selectors.DefaultSelector() as selector:
            selector.register(answers, selectors.EVENT_READ)
            if not selector.select(timeout):
                raise TimeoutError(f"no end of pytest within {timeout} s")
        return int.from_bytes(os.read(answers.fileno(), 8), "little", signed=True)

    def close(self) -> None:
        """End the process; idle it has nothing to lose."""
        self._process.kill()
        self._process.communicate()


def serve() -> None:
    """In the process itself: fork for each request; the children return from here into their session."""
    import pytest
    from _pytest.config import default_plugins

    for name in default_plugins:
        importlib.import_module(f"_pytest.{name}")
    for name in _ENGINES:
        importlib.import_module(f"pytest_racecheck.{name}")
    while line := os.read(0, 1 << 20):
        # A request may be longer than a pipe holds.
        while not line.endswith(b"\n"):
            line += os.read(0, 1 << 20)
        child = os.fork()
        if not child:
            _become(json.loads(line))
            _end(pytest.console_main())
        _tell(child)
        _, status = os.waitpid(child, 0)
        _tell(os.waitstatus_to_exitcode(status))
    sys.exit()


def _end(code: int) -> NoReturn:
    """Exit as an interpreter does, but for taking apart all modules, which takes a quarter of a short session."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _tell(number: int) -> None:
    os.write(1, number.to_bytes(8, "little", signed=True))


def _become(request: dict[str, object]) -> None:
    """Take on the folder, environment, arguments and streams of the session that is wanted."""
    folder, files = str(request["folder"]), request["files"]
    assert isinstance(files, list)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(request["environment"])  # type: ignore[call-overload]
    sys.path[0] = folder
    sys.argv[:] = [sys.modules["pytest"].__file__ or "pytest", *request["args"]]  # type: ignore[misc]
    for number, name in enumerate([os.devnull, *files]):
        handle = os.open(name, os.O_RDWR | os.O_CREAT)
        os.dup2(handle, number)
        os.close(handle)

"""Kernels explored in a process that holds little else.

A campaign looks through all objects that there are a few times. Beside a whole suite that takes longer than most of its runs, and here
are hundreds of campaigns. Reports travel back as they are.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

from pytest_racecheck import RaceReport

HERE = Path(__file__).parent
_SERVE = "from lean import serve; serve()"


class LeanProcess:
    """The process, seen from the tests. The kernels are its project."""

    def __init__(self) -> None:
        path = os.pathsep.join([str(HERE), *filter(None, sys.path)])
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVE], cwd=HERE, env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def explore(self, name: str, **words: Any) -> RaceReport:
        """The search for the bug of a kernel; `words` are those of `pytest_racecheck.explore`."""
        return self._ask("explore", name, words)

    def replay(self, name: str, token: str | None) -> RaceReport:
        """The replay of a kernel's failure."""
        return self._ask("replay", name, token)

    def _ask(self, *question: Any) -> RaceReport:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump(question, self._process.stdin)
        self._process.stdin.flush()
        report, error = pickle.load(self._process.stdout)
        if error is not None:
            raise error
        assert isinstance(report, RaceReport)
        return report

    def close(self) -> None:
        """End it."""
        self._process.communicate()


def serve() -> None:
    """In the process: answer until there are no more questions."""
    from kernels import BY_NAME
    from replaying import again

    answers = os.fdopen(os.dup(1), "wb")
    # What a kernel may print is no answer.
    os.dup2(2, 1)
    while sys.stdin.buffer.peek(1):
        what, name, how = pickle.load(sys.stdin.buffer)
        try:
            report = again(name, how) if what == "replay" else BY_NAME[name].explore(**how)
            answer = report, None
        except Exception as error:
            answer = None, error
        pickle.dump(answer, answers)
        answers.flush()

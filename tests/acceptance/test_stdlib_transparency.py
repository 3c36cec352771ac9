"""Instrumented code does what it did before: the standard library's own tests pass with every function of their module hooked.

Each case runs twice, in processes of its own: plain, and with hooks that only count. What fails plain is the interpreter's
affair; anything that differs between the two is ours.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import pytest_racecheck.instrument.install

DRIVER = Path(__file__).with_name("transparency_driver.py")
SOURCE = Path(pytest_racecheck.instrument.install.__file__).parents[2]

# Together they have every kind of code: generators, coroutines, decorators, data model, with, threads. The others are run with --thorough.
QUICK = frozenset(
    {
        "test.test_collections", "test.test_contextlib", "test.test_contextlib_async", "test.test_dataclasses",
        "test.test_functools", "test.test_genericalias", "test.test_heapq",
        "test.test_threading.BarrierTests", "test.test_threading.ConditionTests",
    }
)  # fmt: skip
# Module, its tests, and the least number of its functions and of the tests that must take part on any interpreter.
CASES = [
    ("argparse", "test.test_argparse", 100, 1000),
    ("bisect", "test.test_bisect", 4, 20),
    ("collections", "test.test_collections", 80, 80),
    ("configparser", "test.test_configparser", 80, 300),
    ("contextlib", "test.test_contextlib", 40, 80),
    ("contextlib", "test.test_contextlib_async", 40, 40),
    ("csv", "test.test_csv", 15, 90),
    ("dataclasses", "test.test_dataclasses", 40, 150),
    ("enum", "test.test_enum", 60, 150),
    ("functools", "test.test_functools", 60, 200),
    ("heapq", "test.test_heapq", 10, 20),
    ("json", "test.test_json", 20, 150),
    ("pathlib", "test.test_pathlib", 50, 150),
    ("queue", "test.test_queue", 15, 40),
    ("shlex", "test.test_shlex", 10, 10),
    ("shutil", "test.test_shutil", 30, 100),
    ("string", "test.test_string", 10, 20),
    ("tempfile", "test.test_tempfile", 40, 70),
    ("textwrap", "test.test_textwrap", 10, 50),
    ("types", "test.test_types", 5, 70),
    ("typing", "test.test_genericalias", 60, 15),
    ("threading", "test.test_threading.BarrierTests", 60, 10),
    ("threading", "test.test_threading.ConditionTests", 60, 5),
    ("threading", "test.test_threading.EventTests", 60, 5),
    ("threading", "test.test_threading.SemaphoreTests", 60, 8),
]


def start(folder: Path, module: str, tests: str, mode: str) -> subprocess.Popen[str]:
    """Run the driver in a folder of its own."""
    folder.mkdir()
    path = os.pathsep.join([str(SOURCE), *filter(None, sys.path)])
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", str(DRIVER), module, tests, mode],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The driver's last line, once it is through."""
    try:
        output, errors = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 0, errors[-3000:]
    outcome: dict[str, Any] = json.loads(output.splitlines()[-1])
    return outcome


def missing(name: str) -> bool:
    """Whether this interpreter came without that test module; a class within it does not count."""
    module, _, last = name.rpartition(".")
    try:
        return importlib.util.find_spec(module if last[0].isupper() else name) is None
    except ImportError:
        return True


@pytest.mark.parametrize(
    ("module", "tests", "functions", "least"),
    [
        pytest.param(*case, id=case[1], marks=() if case[1] in QUICK else pytest.mark.thorough)
        for case in CASES
    ],
)
def test_the_standard_librarys_own_tests_see_no_difference(
    module: str, tests: str, functions: int, least: int, tmp_path: Path
) -> None:
    """The same tests run, the same pass, and the hooks really fired in rewritten functions."""
    if missing(tests):
        pytest.skip(f"this interpreter has no {tests}")
    both = [start(tmp_path / mode, module, tests, mode) for mode in ("plain", "hooked")]
    try:
        plain, hooked = map(finish, both)
    finally:
        for process in both:
            process.kill()
            process.wait()
    assert hooked["failed"] == []
    assert hooked["rewritten"] >= functions
    assert hooked["ran"] >= least
    assert min(hooked["fired"]) > 0
    assert plain["fired"] == [0, 0]
    assert {key: hooked[key] for key in ("ran", "bad", "skipped")} == {
        key: plain[key] for key in ("ran", "bad", "skipped")
    }

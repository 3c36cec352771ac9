"""Every failure replays from its token, here and in a fresh process under another hash seed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from kernels import FINDABLE
from kernels.kernel import Kernel

from pytest_racecheck import RaceReport, replay

TIMES = 20
# A shared attribute, a container whose error carries a value, and locks.
ELSEWHERE = ("lost_update_2x2", "dict_key_error", "dining_3")

SCRIPT = """
import sys
from kernels import BY_NAME
from pytest_racecheck import replay
for line in sys.argv[1:]:
    name, token = line.split("=", 1)
    kernel = BY_NAME[name]
    failure = replay(token, kernel.bodies, setup=kernel.setup, check=kernel.check).failure
    print(name, failure and (failure.kind, failure.resource, str(failure.exception), failure.preemptions))
"""


def known(report: RaceReport) -> tuple[object, ...]:
    """What must be equal for equal failures."""
    failure = report.failure
    assert failure is not None
    return (failure.kind, failure.resource, str(failure.exception), failure.preemptions)


@pytest.mark.parametrize("kernel", FINDABLE, ids=str)
def test_replay_gives_the_same_failure(kernel: Kernel, found: Callable[[str], RaceReport]) -> None:
    """A token leads to the failure it was given for, in one run."""
    report = found(kernel.name)
    assert report.failure is not None
    assert report.failure.token is not None
    again = replay(report.failure.token, kernel.bodies, setup=kernel.setup, check=kernel.check)
    assert again.runs == 1
    assert known(again) == known(report)


def test_replay_in_fresh_processes(found: Callable[[str], RaceReport]) -> None:
    """20 of 20 fresh processes, each under a hash seed of its own, see the same failures."""
    reports = {name: found(name) for name in ELSEWHERE}
    lines = [f"{name}={r.failure.token}" for name, r in reports.items() if r.failure is not None]
    expected = [f"{name} {known(report)}" for name, report in reports.items()]
    for _ in range(TIMES // 2):
        # Two at a time: one process more would only wait for a core.
        pair = [_fresh_process(lines, seed) for seed in os.urandom(2)]
        for process in pair:
            out, err = process.communicate(timeout=60)
            assert out.splitlines() == expected, err


def _fresh_process(lines: list[str], hash_seed: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *lines],
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=Path(__file__).parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip

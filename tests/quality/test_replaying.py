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
from replaying import again, known

from pytest_racecheck import RaceReport

HERE = Path(__file__).parent
TIMES = 20
Found = Callable[[str], RaceReport]
# A shared attribute, a container whose error carries a value, and locks.
ELSEWHERE = ("lost_update_2x2", "dict_key_error", "dining_3")

SCRIPT = """
import sys
from replaying import again, known
for line in sys.argv[1:]:
    name, token = line.split("=", 1)
    print(name, known(again(name, token)))
"""


@pytest.mark.parametrize("kernel", FINDABLE, ids=str)
def test_replay_gives_the_same_failure(kernel: Kernel, found: Found) -> None:
    """A token leads to the failure it was given for, in one run."""
    report = found(kernel.name)
    assert report.failure is not None
    replayed = again(kernel.name, report.failure.token)
    assert replayed.runs == 1
    assert known(replayed) == known(report)


def test_replay_in_fresh_processes(found: Found) -> None:
    """20 of 20 fresh processes, each under a hash seed of its own, see the same failures."""
    reports = {name: found(name) for name in ELSEWHERE}
    lines = [f"{name}={r.failure.token}" for name, r in reports.items() if r.failure is not None]
    expected = [f"{name} {known(report)}" for name, report in reports.items()]
    for _ in range(TIMES // 2):
        # Two at a time: one process more would only wait for a core.
        pair = [_fresh_process(lines, seed) for seed in os.urandom(2)]
        for out, err in [process.communicate(timeout=60) for process in pair]:
            assert out.splitlines() == expected, err


def _fresh_process(lines: list[str], hash_seed: int) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(HERE), *sys.path])
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *lines],
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": path},
        cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip

"""Failures replay from their tokens in fresh processes under other hash seeds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from kernels import FINDABLE
from replaying import Found, known

HERE = Path(__file__).parent
TIMES, QUICK = 20, 4
# A shared attribute, a container whose error carries a value, and locks.
ELSEWHERE = ("lost_update_2x2", "dict_key_error", "dining_3")

SCRIPT = """
import sys
from replaying import again, known
for line in sys.argv[1:]:
    name, token = line.split("=", 1)
    print(name, known(again(name, token)))
"""


def test_replay_in_fresh_processes(found: Found, thorough: bool) -> None:
    """All of 20 fresh processes, each under a hash seed of its own, see the same failures; where it is not to take long, four and some."""
    names = [kernel.name for kernel in FINDABLE] if thorough else ELSEWHERE
    reports = {name: found(name) for name in names}
    lines = [f"{name}={r.failure.token}" for name, r in reports.items() if r.failure is not None]
    expected = [f"{name} {known(report)}" for name, report in reports.items()]
    for _ in range((TIMES if thorough else QUICK) // 2):
        # Two at a time: one process more would only wait for a core.
        pair = [_fresh_process(lines, seed) for seed in os.urandom(2)]
        for out, err in [process.communicate(timeout=300) for process in pair]:
            assert out.splitlines() == expected, err


def _fresh_process(lines: list[str], hash_seed: int) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(HERE), *sys.path])
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *lines],
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": path},
        cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip

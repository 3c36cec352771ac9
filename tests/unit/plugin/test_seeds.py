"""Seeds are derived, not drawn."""

from __future__ import annotations

import subprocess
import sys
import types

import pytest

from pytest_racecheck.plugin.seeds import WORKER_INPUT, again, derived_seed


def test_each_base_test_and_call_has_its_own() -> None:
    """Another base, another test or another call gives another seed (32 bits, fixed inputs: no chance involved)."""
    seeds = {
        derived_seed(base, nodeid, call)
        for base in (0, 1)
        for nodeid in ("test_a.py::test_a", "test_a.py::test_a[1-3]")
        for call in (0, 1, 2)
    }
    assert len(seeds) == 12
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_the_same_in_every_process() -> None:
    """Python's hash seed plays no part."""
    code = (
        "from pytest_racecheck.plugin.seeds import derived_seed; print(derived_seed(7, 'a::b', 1))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            check=True, capture_output=True, text=True, env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert told == {f"{derived_seed(7, 'a::b', 1)}\n"}


def test_one_line_tells_how_to_draw_the_same_delays() -> None:
    """The session's seed, and the campaign's own; nothing to type where the test itself fixes the seed."""
    config = types.SimpleNamespace(stash=pytest.Stash(), workerinput={WORKER_INPUT: 5})
    words = again(config, 17, "this test alone: @pytest.mark.racecheck(seed={})")
    assert words(17) == "--racecheck-seed=5 (this test alone: @pytest.mark.racecheck(seed=17))"
    assert words(42) == "always, for the test says seed=42"

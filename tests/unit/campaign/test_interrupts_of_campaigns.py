"""Ctrl-C in a finaliser ends a campaign without pytest, too."""

from __future__ import annotations

import glob
import tempfile

import pytest

from pytest_racecheck import explore


class Interrupted:
    """Raises where the interpreter can only drop it."""

    def __del__(self) -> None:
        raise KeyboardInterrupt


@pytest.mark.parametrize("mode", ["jitter", "explore"])
def test_a_lost_interrupt_is_raised_by_the_next_run(mode: str) -> None:
    """The campaign is over before another run begins."""
    runs: list[int] = []

    def check() -> None:
        runs.append(1)
        Interrupted()

    with pytest.raises(KeyboardInterrupt):
        explore(int, workers=2, check=check, mode=mode, schedules=50)
    assert len(runs) == 1


def test_an_interrupted_first_run_leaves_no_folder(monkeypatch, tmp_path) -> None:
    """What children would have written to is removed, however early the end comes."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def check() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        explore(int, workers=2, check=check, backend="process", start_method="fork")
    assert glob.glob(f"{tmp_path}/racecheck-*") == []

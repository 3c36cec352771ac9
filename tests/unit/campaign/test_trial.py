"""The further runs of a judgement: how they are counted."""

from __future__ import annotations

from pytest_racecheck.campaign.trial import Tally
from pytest_racecheck.model.outcome import Outcome, RunResult


def test_a_tally_counts_runs_and_failures() -> None:
    """Hangs and crashes are failures like any other."""
    outcomes = [Outcome.PASSED, Outcome.FAILED, Outcome.POTENTIAL_DEADLOCK, Outcome.CRASHED]
    tally = Tally.of(RunResult(n, outcome) for n, outcome in enumerate(outcomes, 1))
    assert tally == Tally(failures=3, runs=4)
    assert tally.rate == 0.75
    assert tally + Tally(1, 6) == Tally(4, 10)


def test_no_runs_have_no_rate() -> None:
    """Nothing failed where nothing ran."""
    assert Tally().rate == 0.0

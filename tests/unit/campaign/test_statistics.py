"""The confidence interval of a failure rate."""

from __future__ import annotations

import math

import pytest

from pytest_racecheck.campaign.statistics import exact_interval, excess_by_chance, passes_needed


@pytest.mark.parametrize(
    ("failures", "runs", "low", "high"),
    [
        (0, 10, 0.0, 0.308_497_10),
        (1, 10, 0.002_528_58, 0.445_016_12),
        (5, 10, 0.187_086_03, 0.812_913_97),
        (10, 10, 0.691_502_90, 1.0),
    ],
)
def test_agrees_with_published_values(failures: int, runs: int, low: float, high: float) -> None:
    """The bounds are those of standard tables."""
    assert exact_interval(failures, runs) == pytest.approx((low, high), abs=1e-7)


def test_agrees_with_scipy_everywhere() -> None:
    """The bounds equal scipy's exact method for every count of a range of sample sizes."""
    stats = pytest.importorskip("scipy.stats", reason="scipy has no wheel here")
    for runs in (1, 2, 7, 50, 200):
        for failures in range(0, runs + 1, max(1, runs // 10)):
            reference = stats.binomtest(failures, runs).proportion_ci(0.95, method="exact")
            expected = (float(reference.low), float(reference.high))
            assert exact_interval(failures, runs) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("runs", [1, 2, 13, 90])
def test_bounds_solve_the_tails_that_define_them(runs: int) -> None:
    """Summed up term by term with whole binomials, each bound leaves 2.5 % on its side."""
    for failures in range(runs + 1):
        low, high = exact_interval(failures, runs)
        at_least = sum(
            math.comb(runs, k) * low**k * (1 - low) ** (runs - k) for k in range(failures, runs + 1)
        )
        at_most = sum(
            math.comb(runs, k) * high**k * (1 - high) ** (runs - k) for k in range(failures + 1)
        )
        assert failures == 0 or at_least == pytest.approx(0.025, abs=1e-9)
        assert failures == runs or at_most == pytest.approx(0.025, abs=1e-9)


def test_a_million_runs() -> None:
    """The width is that of the normal approximation, which is good there."""
    low, high = exact_interval(500_000, 1_000_000)
    assert (low, high) == pytest.approx((0.49902, 0.50098), abs=1e-5)


def test_without_runs_nothing_is_known() -> None:
    """No runs leave every rate possible."""
    assert exact_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("runs", [1, 10, 1000])
def test_contains_the_observed_rate(runs: int) -> None:
    """The observed rate always lies inside its interval."""
    for failures in range(runs + 1):
        low, high = exact_interval(failures, runs)
        assert low <= failures / runs <= high
        if runs == 1000 and failures > 20:
            break


def test_excess_agrees_with_fishers_test_of_scipy() -> None:
    """The chance of an excess equals scipy's one-sided exact test, wherever that is defined."""
    stats = pytest.importorskip("scipy.stats", reason="scipy has no wheel here")
    for runs, control_runs in [(1, 1), (5, 8), (20, 3), (60, 40), (200, 117)]:
        for failures in range(0, runs + 1, max(1, runs // 6)):
            for control_failures in range(0, control_runs + 1, max(1, control_runs // 5)):
                table = [
                    [failures, runs - failures],
                    [control_failures, control_runs - control_failures],
                ]
                expected = stats.fisher_exact(table, alternative="greater").pvalue
                found = excess_by_chance(failures, runs, control_failures, control_runs)
                assert found == pytest.approx(expected, rel=1e-7, abs=1e-12)


@pytest.mark.parametrize(
    ("failures", "runs", "needed"),
    [(1, 1, 99), (4, 4, 5), (80, 200, 10), (10, 200, 115), (200, 200, 1)],
)
def test_passes_needed_by_rate(failures: int, runs: int, needed: int) -> None:
    """Frequent failures need few control runs, rare ones many; one failure alone needs ninety-nine for each run."""
    assert passes_needed(failures, runs, 0.01) == needed
    assert excess_by_chance(failures, runs, 0, needed) <= 0.01
    assert needed == 1 or excess_by_chance(failures, runs, 0, needed - 1) > 0.01


def test_without_a_failure_no_number_of_passes_tells_anything() -> None:
    """What never failed is not more than what never failed."""
    assert excess_by_chance(0, 200, 0, 50) == 1.0

"""The confidence interval of a failure rate."""

from __future__ import annotations

import pytest

from pytest_racecheck.campaign.statistics import exact_interval


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

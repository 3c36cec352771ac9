"""New schedules that switch only where it matters."""

from __future__ import annotations

from tasks import Standing, begun

from pytest_racecheck.model.schedule import Deviation, Schedule
from pytest_racecheck.strategies.past_cold import PastCold
from pytest_racecheck.strategies.replay import Replay

COLD, HOT = 1, 2


def test_who_was_not_chosen_stays_where_it_is() -> None:
    """The current task goes on through cold places without a question; another one at a cold place is no reason to switch."""
    one, other = Standing(1, point=COLD), Standing(2, point=COLD)
    schedule = Schedule((Deviation(1, 2),))
    strategy = begun(PastCold(Replay(schedule), COLD.__eq__), [])
    assert strategy.choose([one, other], one) is one
    one.point = HOT
    # Choice number 0, and then number 1.
    assert strategy.choose([one, other], one) is one
    assert strategy.choose([one, other], one) is other


def test_where_nobody_is_current_somebody_is_chosen() -> None:
    """That is no interruption."""
    one, other = Standing(1, point=COLD), Standing(2, point=COLD)
    schedule = Schedule((Deviation(0, 2),))
    strategy = begun(PastCold(Replay(schedule), COLD.__eq__), [])
    assert strategy.choose([one, other], None) is other

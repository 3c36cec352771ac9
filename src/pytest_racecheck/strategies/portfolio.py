"""The portfolio: all samplers in turn, since none is best for every bug."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from pytest_racecheck.model.profile import Profile
from pytest_racecheck.strategies.base import Base
from pytest_racecheck.strategies.delay import Delay
from pytest_racecheck.strategies.focus import Focused, focus_of
from pytest_racecheck.strategies.pct import PCT
from pytest_racecheck.strategies.pos import POS
from pytest_racecheck.strategies.protocol import AnyTask, Strategy
from pytest_racecheck.strategies.random_walk import RandomWalk
from pytest_racecheck.strategies.surw import SURW
from pytest_racecheck.strategies.urw import URW

FOCUSED_EACH = 3
# From so many tasks on, the main one included, those that count preemptions or delays hardly ever come to a given one of them.
MANY_TASKS = 16


class Portfolio(Base):
    """Lets one strategy after another make the choices of one run each; `current_name` is whose turn it is.

    Where few of a program's operations are its own, every third run interrupts it at those. Where there are many tasks, those strategies have more
    turns that treat them alike: PCT hits a bug of depth two among n tasks and k steps with a probability of 1 / (n k) and not much more.
    """

    name = "portfolio"

    def __init__(self) -> None:
        pos, surw, urw, walk = POS(), SURW(), URW(), RandomWalk()
        pct, delay = PCT((2,)), Delay()
        self._strategies: tuple[Strategy, ...] = (
            pos, surw, pct, urw, walk, PCT((1,)), delay, PCT((3,)),
        )  # fmt: skip
        self._for_many: tuple[Strategy, ...] = (pos, surw, pct, urw, walk, pos, delay, surw)
        self._focused = Focused()
        self._profile: Profile | None = None
        self._has_focus = False
        self._runs = self._focused_runs = 0
        self._take_over(self._strategies[0])

    def begin(self, random: Random, profile: Profile) -> None:
        self._runs += 1
        if profile is not self._profile:
            self._profile, self._has_focus = profile, focus_of(profile) is not None
        if self._has_focus and not self._runs % FOCUSED_EACH:
            self._focused_runs += 1
            strategy: Strategy = self._focused
        else:
            turn = self._runs - self._focused_runs - 1
            turns = self._strategies if profile.tasks < MANY_TASKS else self._for_many
            strategy = turns[turn % len(turns)]
        strategy.begin(random, profile)
        self._take_over(strategy)

    def _take_over(self, strategy: Strategy) -> None:
        self._strategy = strategy
        self.current_name = strategy.name
        self.fair = strategy.fair
        self.counts = strategy.counts
        self.everywhere = strategy.everywhere
        # The strategy itself is asked from here on: a choice costs what it costs without a portfolio.
        self.choose = strategy.choose  # type: ignore[method-assign]
        self.started = strategy.started  # type: ignore[method-assign]
        self.executed = strategy.executed  # type: ignore[method-assign]
        self.yielded = strategy.yielded  # type: ignore[method-assign]

    def choose(self, enabled: Sequence[AnyTask], current: AnyTask | None) -> AnyTask:
        """What the strategy whose turn it is chooses."""
        return self._strategy.choose(enabled, current)

"""A strategy that takes note of what it met, for a token, or holds it against what a token says.

A replay that merely ran through would prove nothing: the code may have changed, or something that no schedule decides may have gone another
way. So at each deviation it is compared who could go on, what the chosen task was about to do, and what had happened since the one before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from pytest_racecheck.model.profile import Profile
from pytest_racecheck.model.step_check import StepCheck
from pytest_racecheck.model.token import Token, TokenStep, enabled_mask
from pytest_racecheck.strategies.base import Base
from pytest_racecheck.strategies.protocol import AnyTask, Strategy, Task

#: What a task is about to do, as the number of its kind, and the line it does it at.
Describe = Callable[[Task], tuple[int, int]]


class Witness(Base):
    """Chooses as `inner` does; `deviations`, `choices` and `check` are what goes into a token.

    With a token, `difference` is what it says of the first deviation that was met otherwise, and what was met instead (None: the run ended
    before it).
    """

    name = "witness"

    def __init__(self, inner: Strategy, describe: Describe, expected: Token | None = None) -> None:
        self.inner = inner
        self.expected = expected
        self.deviations: list[TokenStep] = []
        self.choices = 0
        self.difference: tuple[TokenStep, TokenStep | None] | None = None
        self._describe = describe
        self._whole, self._since = StepCheck(), StepCheck()
        self._ahead = list(reversed(expected.deviations)) if expected is not None else []

    def begin(self, random: Random, profile: Profile) -> None:
        self.inner.begin(random, profile)

    def started(self, task: Task) -> None:
        self.inner.started(task)

    def yielded(self, task: Task) -> None:
        self.inner.yielded(task)

    def choose(self, enabled: Sequence[AnyTask], current: AnyTask | None) -> AnyTask:
        """What `inner` chooses, written down."""
        chosen = self.inner.choose(enabled, current)
        kind, line = self._describe(chosen)
        default = enabled[0] if current is None else current
        ahead = self._ahead
        wanted = ahead.pop() if ahead and ahead[-1].step == self.choices else None
        if chosen is not default or wanted is not None:
            mask = enabled_mask(task.index for task in enabled)
            met = TokenStep(self.choices, chosen.index, mask, kind, line, self._since.byte)
            self.deviations.append(met)
            if wanted is not None and met != wanted and self.difference is None:
                self.difference = (wanted, met)
            self._since = StepCheck()
        self._since.add(chosen.index, kind, line)
        self._whole.add(chosen.index, kind, line)
        self.choices += 1
        return chosen

    @property
    def check(self) -> int:
        """The check of the whole run."""
        return self._whole.whole

    @property
    def first_difference(self) -> tuple[TokenStep, TokenStep | None] | None:
        """`difference`, once the run has ended: a deviation that it never came to is one, too."""
        if self.difference is None and self._ahead:
            return (self._ahead[-1], None)
        return self.difference

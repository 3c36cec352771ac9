"""Who waits in a loop is not left to go on for ever.

A task that asks again and again whether something has come, and is never made to wait, has the others stand still for whom it waits. No
schedule in which it goes on says anything about the program. So after many choices in a row in its favour the next task gets its turn, in a
circle, for it may wait for any of them (Musuvathi and Qadeer, 2008, give way in the same case). That is part of the default, and neither an
interruption nor a decision of the schedule.
"""

from __future__ import annotations

from typing import Any

from pytest_racecheck.runtime.threads.task import Task

# So many choices in a row in favour of one task, while others could go on, and it is taken to wait in a loop.
SPIN = 1_000
# Where it asks the same again and again so many rounds are enough.
_IN_VAIN = 4


class Fairness:
    """The part of a scheduler that tells who spins: `streak` counts the choices in a row in favour of the `last` one chosen."""

    strategy: Any
    switches: int
    choices: int

    def __init__(self) -> None:
        super().__init__()
        self.spin = SPIN
        self.forget_streak()

    def forget_streak(self) -> None:
        """A run begins."""
        self.streak = 0
        self.last: Task | None = None
        self._asked: tuple[object, ...] = ()
        # Who gave way last, and at which choice.
        self.gave_way: tuple[Task, int] | None = None

    def asked_in_vain(self, task: Task, what: object) -> None:
        """`task` has asked `what`, and was answered at once: if nobody else has gone on since it asked the same, it is the sooner taken to spin."""
        asked = (task, what, self.switches)
        if asked == self._asked:
            self.streak += self.spin // _IN_VAIN
        self._asked = asked

    def stand_back(self, enabled: list[Task], spinning: Task) -> Task:
        """Let the next one in a circle go on."""
        self.strategy.yielded(spinning)
        self.streak = 0
        self.gave_way = (spinning, self.choices)
        later = [task for task in enabled if task.index > spinning.index]
        self.last = later[0] if later else enabled[0]
        return self.last

"""When the first run of a test hangs, and what is said then.

That run is the test's own, on real threads, and may be slow by nature: it sleeps, it waits for a server, it computes. While that may
be, it has at least 20 seconds. Where nothing moves any more, and nothing can ever come, waiting on would tell nothing new.
"""

from __future__ import annotations

import dataclasses
import linecache
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING

from pytest_racecheck.model.outcome import Outcome, TaskError
from pytest_racecheck.runtime import unreached
from pytest_racecheck.runtime.context import MAIN
from pytest_racecheck.runtime.jitter import threads
from pytest_racecheck.runtime.jitter.errors import hang_of

if TYPE_CHECKING:
    from pytest_racecheck.model.result import CampaignResult
    from pytest_racecheck.runtime.jitter.watchdog import Watchdog
    from pytest_racecheck.runtime.jitter.world import World

FIRST_RUN_SECONDS = 20.0
# How long a process must have been at rest: the setting `seconds`, within these bounds.
SHORTEST_REST, LONGEST_REST = 2.0, 5.0
_TIMES = 6
# So much later than the rest it is named what did not let itself be ended.
_LATER = 1.0


@dataclass(frozen=True, slots=True)
class Patience:
    """After how many seconds a first run hangs: at the latest, and if nothing can ever move again."""

    limit: float
    at_rest: float

    @classmethod
    def of(cls, seconds: float) -> Patience:
        """That of a campaign which may take `seconds`."""
        limit = max(FIRST_RUN_SECONDS, _TIMES * seconds)
        return cls(limit, min(LONGEST_REST, max(SHORTEST_REST, seconds), limit))

    def begin(self, watchdog: Watchdog) -> None:
        """The run starts its first task."""
        # First, so that its timer is there before it is looked at what else is.
        unreached.name_in(self.limit + _LATER)
        watchdog.arm(self.limit, self.at_rest)


def hung(
    world: World, name: str, patience: Patience, seconds: float, frame: FrameType | None
) -> str:
    """Note where the main task and all threads are stuck, after `seconds`; returns what the user reads.

    Nobody judges that run: what is raised is all there is to read.
    """
    world.plan = dataclasses.replace(world.plan, deadline=round(seconds, 1))
    world.record(hang_of(MAIN, world.plan.deadline, frame, world.plan.scope.contains))
    threads.tell_where_stuck(world)
    return told(world, name, patience)


def told(world: World, name: str, patience: Patience) -> str:
    """What hangs where, what was expected, and what to do."""
    where = "\n  ".join(_standing(world))
    return (
        f"{name}: its first run, without any delay, hangs: {where}\n"
        f"expected an end within {patience.limit:g} s of its first task ({FIRST_RUN_SECONDS:g}, or six times the setting `seconds`);"
        f" within {patience.at_rest:g} s where nothing moves any more, and nothing can come from outside\n"
        "mend what it waits for; give a test that is slow by nature more `seconds`, or leave it out with"
        " @pytest.mark.racecheck(skip=...)"
    )


def end_in_scope(overdue: BaseException, in_scope: Callable[[str], bool]) -> None:
    """Take off its traceback what follows the program's own last line: the insides of a lock tell nobody anything."""
    last, entry = None, overdue.__traceback__
    while entry is not None:
        if in_scope(entry.tb_frame.f_code.co_filename):
            last = entry
        entry = entry.tb_next
    if last is not None:
        last.tb_next = None


def after_hang(result: CampaignResult, overdue: BaseException) -> CampaignResult:
    """The result of exploring a program whose first run was `overdue`, which each of the two says of the other."""
    if result.is_race:
        also = f"{result.reason}; its first run, which nobody controlled, hung as well"
        return dataclasses.replace(result, reason=also)
    ended = f"it ended under each of {result.runs} schedules, so its hang depends on what they do not control"
    overdue.args = (f"{overdue}\nexplored as well: {result.reason or ended}",)
    return result


def _standing(world: World) -> Iterator[str]:
    """Each task that did not end, with its line."""
    for error in world.errors:
        if error.kind is Outcome.POTENTIAL_DEADLOCK:
            yield f"{error.summary}{_source(error)}"


def _source(error: TaskError) -> str:
    line = linecache.getline(*error.position).strip() if error.position is not None else ""
    return line and f": {line}"

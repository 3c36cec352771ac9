"""One run of the program under a schedule that was tried, and which of two such runs is the smaller."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_racecheck.model.schedule import Schedule

SortKey = tuple[int, int, int, tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of replaying a schedule.

    `failed_alike`: it failed, and in the way that is being shrunk. `schedule` has the deviations that really happened, which may be
    fewer than were asked for. `choices` is the number of points where a choice was made.
    """

    failed_alike: bool
    schedule: Schedule
    preemptions: int
    switches: int
    choices: int


def sort_key(attempt: Attempt) -> SortKey:
    """The smaller of two attempts has the smaller key.

    1. Fewest preemptions: each is a place where a task was interrupted although it could have gone on, and the reader has to
       see why it matters. What happens where a task must wait anyway needs no explanation.
    2. Fewest switches: the fewer blocks, the fewer lanes to read across.
    3. Fewest deviations: the shortest token, and the closest to what happens by itself.
    4. Lowest task numbers: of two workers that do the same, the first.
    5. Latest deviations: before a preemption one task has run undisturbed for longer, and what is left to explain is shorter.
    """
    deviations = attempt.schedule.deviations
    return (
        attempt.preemptions,
        attempt.switches,
        len(deviations),
        tuple(deviation.task for deviation in deviations),
        tuple(-deviation.step for deviation in deviations),
    )

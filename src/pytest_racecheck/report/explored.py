"""The report of the explore engine: the failing schedule as a table, what it means, and how to see it again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from pytest_racecheck.analysis.switching import Opening, openings
from pytest_racecheck.model.errors import RaceNotFound, VerdictError
from pytest_racecheck.model.outcome import Outcome
from pytest_racecheck.model.report import Form
from pytest_racecheck.model.result import CampaignResult, Failure
from pytest_racecheck.model.trace import Action, Waiting, to_blame
from pytest_racecheck.model.verdict import Verdict
from pytest_racecheck.model.wording import plural
from pytest_racecheck.report.lanes import lanes
from pytest_racecheck.report.modules import modules_in_short
from pytest_racecheck.report.prose import INDENT, Prose, elsewhere, without_race
from pytest_racecheck.report.rows import LockNumbers

# The table and the words under it say it all.
_TOLD = (Outcome.DEADLOCK, Outcome.POTENTIAL_DEADLOCK)
_WORDS = {Action.READ: "read", Action.WRITE: "write", Action.CALL: "call"}


class ExploredText(Prose):
    """Writes one report of the explore engine."""

    def __init__(self, result: CampaignResult, width: int, root: Path | None) -> None:
        super().__init__(result, width, root, _files(result.failure))
        self._result = result

    def parts(
        self, form: Form, again: Callable[[int], str], replay: Callable[[str], str]
    ) -> Iterator[str]:
        """The paragraphs, some of them empty."""
        result, failure = self._result, self._result.failure
        yield self._opening(*headline(result, form.error), form.lead, form.note)
        if failure is not None:
            yield lanes(failure.result, self._places, self._names, self._width)
            yield self._lines(self._circle(failure))
            yield self._lines(self._switches(failure))
            if len(result.outcomes) > 2:
                yield self._outcomes(result)
            if form.error is None:
                yield from self._chained(failure)
            stuck = failure.result.explored is not None and failure.result.explored.waiting
            others = (e for e in elsewhere(failure) if not (stuck and e.kind in _TOLD))
            yield from map(self._error, others)
        yield self._lines(self._notes())
        yield self._lines(self._ways_back(again, replay))

    def _circle(self, failure: Failure) -> Iterator[str]:
        """Who waits for whom, of those that could not go on."""
        explored = failure.result.explored
        if explored is None:
            return
        numbers = LockNumbers(explored.trace, explored.waiting)
        shown = to_blame(numbers.told_apart(explored.waiting))
        if shown:
            yield "Nobody can go on:"
        for one in shown:
            yield f"{INDENT}{one.task} {self._wait(one)}"

    def _wait(self, one: Waiting) -> str:
        said = str(one)
        if one.position is not None:
            said += f" at {self._places.short(one.position.file, one.position.line)}"
        if one.holder is None:
            return f"{said}, and nobody is left to wake it" if one.notified else said
        if one.operation == "join":
            return said
        holder = "itself" if one.holder == one.task else one.holder
        said += f", held by {holder}"
        if one.held_since is not None:
            said += f" since {self._places.short(one.held_since.file, one.held_since.line)}"
        return said

    def _switches(self, failure: Failure) -> Iterator[str]:
        """Whether the run needs a build without GIL."""
        explored = failure.result.explored
        found = [] if explored is None else openings(explored.trace)
        build = "CPython {}.{}".format(*sys.version_info[:2])
        never = [one for one in found if one.switchable is False]
        if never:
            yield (
                "Only a free-threaded build can switch there: a GIL build of"
                f" {build} never switches between {self._between(never[0])}."
            )
        elif found and all(one.switchable for one in found):
            yield f"A GIL build of {build} can switch there."

    def _between(self, opening: Opening) -> str:
        before, after = opening.before, opening.after
        first, second = before.position, after.position
        if first is None or second is None:
            return "the two"
        words = _WORDS.get(before.action, "step"), _WORDS.get(after.action, "step")
        if first == second:
            both = (
                f"the {words[0]} and the {words[1]}"
                if words[0] != words[1]
                else f"its two {words[0]}s"
            )
            return f"{both} of {self._places.short(first.file, first.line)}"
        return (
            f"the {words[0]} at {self._places.short(first.file, first.line)}"
            f" and the {words[1]} at {self._places.short(second.file, second.line)}"
        )

    def _notes(self) -> Iterator[str]:
        result = self._result
        if result.reason and result.verdict is not Verdict.INCONCLUSIVE:
            # What fails under every schedule is told by its reason alone.
            is_race = result.verdict is Verdict.RACE_FOUND and result.failures < result.runs
            yield f"a race, because {result.reason}" if is_race else result.reason
        for text in result.not_covered:
            yield f"not covered: {text}"
        if result.modules and result.failure is None:
            yield f"in scope: {modules_in_short(result.modules)}"

    def _ways_back(
        self, again: Callable[[int], str], replay: Callable[[str], str]
    ) -> Iterator[str]:
        failure = self._result.failure
        if failure is not None and failure.token is not None:
            yield f"replay: {replay(failure.token)}"
        if not self._result.replayed:
            yield f"same schedules again: {again(self._result.seed)}"


def headline(result: CampaignResult, error: type[VerdictError] | None = None) -> tuple[str, str]:
    """The verdict in one line, in two parts, as the message of that `error`: what, and how much was tried."""
    failure = result.failure
    if result.verdict is Verdict.RACE_FOUND and failure is not None and error is not RaceNotFound:
        on = f" on {failure.resource}" if failure.resource else ""
        of = f" of {result.schedules}" if result.schedules else ""
        parts = ["replayed" if result.replayed else f"schedule {failure.run}{of}"]
        if failure.preemptions is not None:
            parts.append(plural(failure.preemptions, "preemption"))
        return f"{failure.kind}{on}", f"({'; '.join(parts)})"
    name = result.name.rsplit("::", 1)[-1]
    if result.replayed:
        return f"{without_race(result, name, error)}:", "the one schedule of the token"
    tried = plural(result.runs, "schedule")
    if result.failures:
        tried += f", {result.failures} failed"
    if result.classes:
        tried += f", {plural(result.classes, 'different order')} (happens-before classes)"
    return f"{without_race(result, name, error)}:", tried


def _files(failure: Failure | None) -> set[str]:
    """Every file that the report on a failure names."""
    explored = None if failure is None else failure.result.explored
    if explored is None:
        return set()
    positions = [one.position for one in explored.trace]
    positions += [one.position for one in explored.waiting]
    positions += [one.held_since for one in explored.waiting]
    return {position.file for position in positions if position is not None}

"""What every report has in common: lines that fit, with names and paths as the reader knows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from pytest_racecheck.model.errors import Inconclusive, RaceNotFound, VerdictError
from pytest_racecheck.model.outcome import TaskError
from pytest_racecheck.model.result import CampaignResult, Failure
from pytest_racecheck.model.verdict import Verdict
from pytest_racecheck.model.wording import plural
from pytest_racecheck.report.fold import fold
from pytest_racecheck.report.places import Names, Places
from pytest_racecheck.report.table import table

INDENT = "  "
_MOST_OUTCOMES = 6
_MOST_ERRORS = 3
_MOST_DETAILS = 30


_INSTEAD = {
    Verdict.RACE_FOUND: "found one",
    Verdict.PROVED: "proved that there is none",
    Verdict.NOT_FOUND: "found none",
    Verdict.INCONCLUSIVE: "got no verdict",
}


class Prose:
    """Writes the paragraphs of one report; `files` are those that it names."""

    def __init__(
        self, result: CampaignResult, width: int, root: Path | None, files: Iterable[str]
    ) -> None:
        self._width = width
        failing = {} if result.failure is None else result.failure.result.titles
        self._names = Names({**result.titles, **failing})
        self._places = Places(files, root)

    def _opening(self, head: str, rate: str, lead: int, note: str) -> str:
        """The first paragraph: what, and how often, on one line if that fits."""
        together = self._plain(f"{head} {rate}")
        if lead + len(together) <= self._width:
            lines = [together]
        else:
            lines = fold(self._plain(head), self._width, INDENT, lead)
            lines += self._folded(INDENT + rate)
        return "\n".join([*lines, *self._folded(note)]) if note else "\n".join(lines)

    def _outcomes(self, result: CampaignResult) -> str:
        ranked = sorted(result.outcomes.items(), key=lambda item: -item[1])
        rows = [[f"{count}", self._plain(text)] for text, count in ranked[:_MOST_OUTCOMES]]
        hidden = ranked[_MOST_OUTCOMES:]
        if hidden:
            rows.append(
                [f"{sum(count for _, count in hidden)}", f"in {plural(len(hidden), 'other way')}"]
            )
        return table(["runs", "ended with"], rows, self._width, right=(0,))

    def _error(self, error: TaskError) -> str:
        """One task's error, with the end of its traceback or stack."""
        told = error.summary.startswith(f"{error.task} ")
        first = error.summary if told else f"{error.task}: {error.summary}"
        details = error.details.rstrip().splitlines()[-_MOST_DETAILS:]
        return self._lines([first, *(INDENT + line for line in details)])

    def _chained(self, failure: Failure) -> Iterator[str]:
        """What the report is chained to where it is raised, in one line, for one that is only printed."""
        for error in failure.result.errors:
            if error.exception is not None and error.exception is failure.exception:
                yield self._error(replace(error, summary=self._plain(error.summary), details=""))

    def _plain(self, text: str) -> str:
        """`text` with names and paths as the reader knows them."""
        return self._names.named(self._places.cut(text))

    def _folded(self, line: str) -> list[str]:
        """One line in as many as it takes, keeping its indentation; what stands in parentheses at its end is kept together."""
        indent = line[: len(line) - len(line.lstrip())] + INDENT
        line = self._plain(line)
        before, _, after = line.partition(" (")
        if (
            len(line) > self._width
            and len(indent) + len(after) < self._width
            and after.endswith(")")
        ):
            return [*fold(before, self._width, indent), f"{indent}({after}"]
        return fold(line, self._width, indent)

    def _lines(self, lines: Iterable[str]) -> str:
        return "\n".join(part for line in lines for part in self._folded(line))


def elsewhere(failure: Failure) -> Iterator[TaskError]:
    """What went wrong in tasks other than the one whose exception the report is chained to."""
    chained = failure.exception
    others = [e for e in failure.result.errors if e.exception is None or e.exception is not chained]
    yield from others[:_MOST_ERRORS]


def without_race(result: CampaignResult, name: str, error: type[VerdictError] | None) -> str:
    """The headline of a report that accuses nobody, as the message of that `error`."""
    reason = f": {result.reason}" if result.verdict is Verdict.INCONCLUSIVE else ""
    if error is RaceNotFound:
        return f"expected a race in {name}, {_INSTEAD[result.verdict]}{reason}"
    said = name if error is Inconclusive else f"{result.verdict}: {name}"
    return f"{said}{reason}"

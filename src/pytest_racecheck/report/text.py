"""A campaign's result as text, for a terminal.

The first line answers the question; what follows is in the order a reader asks: what went wrong and how often, where the
tasks were held when it did, why it is called a race, what was not looked at, and how to see it again. Nothing is wider than
the terminal, save what must not be broken.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from pytest_racecheck.model.errors import RaceNotFound, VerdictError
from pytest_racecheck.model.operation import Site
from pytest_racecheck.model.report import PLAIN, Form
from pytest_racecheck.model.result import CampaignResult, Failure
from pytest_racecheck.model.verdict import Verdict
from pytest_racecheck.model.wording import plural
from pytest_racecheck.report.explored import ExploredText
from pytest_racecheck.report.modules import modules_in_short
from pytest_racecheck.report.prose import INDENT, Prose, elsewhere, without_race
from pytest_racecheck.report.table import natural_width, table

_NARROWEST = 60
_MOST_STEPS = 8

_WHERE = ["where", "before", "held", "failed"]
_DELAYS = ["task", "where", "before", "held"]

Spell = Callable[[str, int], str]


def seed_argument(seed: int) -> str:
    """How to ask for the same delays again, from Python."""
    return f"seed={seed}"


def replay_call(token: str) -> str:
    """How to see a failing run again, from Python."""
    return f'pytest_racecheck.replay("{token}", ...)'


def describe(
    result: CampaignResult,
    form: Form = PLAIN,
    *,
    width: int | None = None,
    root: Path | None = None,
    again: Callable[[int], str] = seed_argument,
    replay: Callable[[str], str] = replay_call,
) -> str:
    """The whole report on `result`, no line wider than `width` (the terminal's, when None).

    Paths are relative to `root` (the working directory, when None); `again` says how to ask for a seed, and `replay` how for a token.
    """
    width = max(_NARROWEST, (width or shutil.get_terminal_size().columns) - form.margin)
    if result.mode == "jitter":
        parts = _Text(result, width, root).parts(form, again)
    else:
        parts = ExploredText(result, width, root).parts(form, again, replay)
    return "\n\n".join(part for part in parts if part)


def headline(result: CampaignResult, error: type[VerdictError] | None = None) -> tuple[str, str]:
    """The verdict in one line, in two parts, as the message of that `error`: what, and how often."""
    rate = f"{result.failures} of {plural(result.runs, 'run')} failed"
    if result.failure is not None:
        low, high = result.interval
        rate += f" ({result.failures / result.runs:.1%}; 95 % interval {low:.1%} to {high:.1%})"
    # Of a test only the last part of its node id: pytest says the rest.
    name = result.name.rsplit("::", 1)[-1]
    if (
        result.verdict is Verdict.RACE_FOUND
        and result.failure is not None
        and error is not RaceNotFound
    ):
        on = f" on {result.failure.resource}" if result.failure.resource else ""
        return f"{result.failure.kind}{on} in {name}", rate
    return without_race(result, name, error), rate


class _Text(Prose):
    """Writes one report of the jitter engine."""

    def __init__(self, result: CampaignResult, width: int, root: Path | None) -> None:
        super().__init__(result, width, root, _files(result.failure))
        self._result = result
        self._spell = self._spelling(result.failure)

    def parts(self, form: Form, again: Callable[[int], str]) -> Iterator[str]:
        """The paragraphs, some of them empty."""
        failure = self._result.failure
        head, rate = headline(self._result, form.error)
        yield self._opening(f"{head}:", rate, form.lead, form.note)
        if failure is not None:
            yield self._outcomes(self._result)
            yield self._where(failure)
            yield self._delays(failure)
            if form.error is None:
                yield from self._chained(failure)
            yield from map(self._error, elsewhere(failure))
        yield self._lines(_notes(self._result, again))

    def _where(self, failure: Failure) -> str:
        if not failure.suspects:
            return ""
        said = "Runs that held a task there, and how many of them failed:"
        return f"{said}\n{table(_WHERE, self._suspects(failure), self._width, right=(2, 3))}"

    def _delays(self, failure: Failure) -> str:
        if not any(failure.result.delays()):
            return f"Run {failure.run} failed without any injected delay."
        said = f"Run {failure.run}, the first that failed, with its longest delays:"
        more = sum(1 for _ in failure.result.delays()) - _MOST_STEPS
        tail = f"\n{INDENT}and {more} shorter" if more > 0 else ""
        return f"{said}\n{table(_DELAYS, self._steps(failure), self._width, right=(3,))}{tail}"

    def _spelling(self, failure: Failure | None) -> Spell:
        """Positions are long, unless that makes a table too wide."""
        self._spell = self._places.long
        if failure is None:
            return self._spell
        tables = [[_WHERE, *self._suspects(failure)], [_DELAYS, *self._steps(failure)]]
        fits = all(natural_width(rows) <= self._width for rows in tables)
        return self._spell if fits else self._places.short

    def _suspects(self, failure: Failure) -> list[list[str]]:
        return [
            [self._spell(s.site.file, s.site.line), _operation(s.site), str(s.held), str(s.failed)]
            for s in failure.suspects
        ]

    def _steps(self, failure: Failure) -> list[list[str]]:
        longest = sorted(failure.result.delays(), key=lambda step: -step.delay)[:_MOST_STEPS]
        return [
            [
                self._names.named(step.task),
                self._spell(step.site.file, step.site.line),
                _operation(step.site),
                f"{step.delay * 1e3:.2f} ms",
            ]
            for step in longest
        ]


def _files(failure: Failure | None) -> set[str]:
    """Every file that the report on a failure names."""
    if failure is None:
        return set()
    sites = [step.site for step in failure.result.delays()]
    return {site.file for site in [*sites, *(suspect.site for suspect in failure.suspects)]}


def _operation(site: Site) -> str:
    return f"{site.kind.value} {site.name}".strip()


def _notes(result: CampaignResult, again: Callable[[int], str]) -> Iterator[str]:
    if result.reason and result.verdict is not Verdict.INCONCLUSIVE:
        found = result.verdict is Verdict.RACE_FOUND
        yield f"a race, because {result.reason}" if found else result.reason
    for text in result.not_covered:
        yield f"not covered: {text}"
    if result.modules and result.failure is None:
        yield f"in scope: {modules_in_short(result.modules)}"
    yield f"same delays again: {again(result.seed)}"

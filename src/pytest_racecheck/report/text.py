"""A campaign's result as text, for a terminal.

The first line answers the question; what follows is in the order a reader asks: what went wrong and how often, where the
tasks were held when it did, why it is called a race, and what was not looked at. Nothing is wider than the terminal.
"""

from __future__ import annotations

import os
import shutil
import textwrap
from collections.abc import Iterator, Sequence

from pytest_racecheck.model.outcome import Step, TaskError
from pytest_racecheck.model.result import CampaignResult, Failure, Suspect
from pytest_racecheck.model.verdict import Verdict
from pytest_racecheck.report.table import table

_INDENT = "  "
_MOST_OUTCOMES = 6
_MOST_STEPS = 8
_MOST_MODULES = 8
_MOST_DETAILS = 30


def describe(result: CampaignResult, width: int | None = None) -> str:
    """The whole report on `result`, no line wider than `width` (the terminal's, when None)."""
    width = width or max(60, shutil.get_terminal_size().columns)
    parts = [headline(result)]
    failure = result.failure
    if failure is not None:
        parts += [
            _outcomes(result, width),
            _where(failure, width),
            _delays(failure, width),
            _elsewhere(failure),
        ]
    parts.append(_notes(result))
    return "\n\n".join(_fit(part, width) for part in parts if part)


def headline(result: CampaignResult) -> str:
    """The verdict in one line; of a test only the last part of its node id is said, pytest says the rest."""
    name = result.name.rsplit("::", 1)[-1]
    rate = f"{result.failures} of {_plural(result.runs, 'run')} failed"
    if result.failure is not None:
        low, high = result.interval
        rate += f" ({result.failures / result.runs:.1%}; 95 % interval {low:.1%} to {high:.1%})"
    match result.verdict:
        case Verdict.RACE_FOUND:
            assert result.failure is not None
            on = f" on {result.failure.resource}" if result.failure.resource else ""
            return f"{result.failure.kind}{on} in {name}: {rate}"
        case Verdict.INCONCLUSIVE:
            return f"inconclusive: {name}: {result.reason}; {rate}"
        case _:
            return f"{result.verdict}: {name}: {rate}"


def seed_line(seed: int) -> str:
    """How to ask for the same delays again, from Python."""
    return f"seed={seed} (as an argument or in the marker)"


def _outcomes(result: CampaignResult, width: int) -> str:
    ranked = sorted(result.outcomes.items(), key=lambda item: -item[1])
    rows = [[f"{count}", f"{text}"] for text, count in ranked[:_MOST_OUTCOMES]]
    hidden = len(ranked) - _MOST_OUTCOMES
    if hidden > 0:
        rows.append(
            [f"{sum(count for _, count in ranked[_MOST_OUTCOMES:])}", f"in {hidden} other ways"]
        )
    return table(["runs", "ended with"], rows, width, right=(0,))


def _where(failure: Failure, width: int) -> str:
    rows = [_suspect_row(suspect) for suspect in failure.suspects]
    if not rows:
        return ""
    return "Runs that held a task there, and how many of them failed:\n" + table(
        ["where", "before", "held", "failed"], rows, width, right=(2, 3)
    )


def _suspect_row(suspect: Suspect) -> list[str]:
    site = suspect.site
    return [
        place(site.file, site.line),
        f"{site.kind.value} {site.name}".strip(),
        str(suspect.held),
        str(suspect.failed),
    ]


def _delays(failure: Failure, width: int) -> str:
    steps = sorted(failure.result.delays(), key=lambda step: -step.delay)
    if not steps:
        return f"Run {failure.run} failed without any injected delay."
    rows = [_step_row(step) for step in steps[:_MOST_STEPS]]
    more = len(steps) - len(rows)
    tail = f"\n{_INDENT}and {more} shorter" if more > 0 else ""
    return f"Run {failure.run}, the first that failed, with its longest delays:\n" + (
        table(["task", "where", "before", "held"], rows, width, right=(3,)) + tail
    )


def _step_row(step: Step) -> list[str]:
    site = step.site
    before = f"{site.kind.value} {site.name}".strip()
    return [step.task, place(site.file, site.line), before, f"{step.delay * 1e3:.2f} ms"]


def _elsewhere(failure: Failure) -> str:
    """What went wrong in tasks other than the one whose exception the report is chained to."""
    chained = failure.exception
    others = [e for e in failure.result.errors if e.exception is None or e.exception is not chained]
    return "\n\n".join(_error(error) for error in others[:3])


def _error(error: TaskError) -> str:
    lines = error.details.rstrip().splitlines()[-_MOST_DETAILS:]
    return "\n".join([f"{error.task}: {error.summary}", *(_INDENT + line for line in lines)])


def _notes(result: CampaignResult) -> str:
    return "\n".join(_note_lines(result))


def _note_lines(result: CampaignResult) -> Iterator[str]:
    if result.reason and result.verdict is Verdict.RACE_FOUND:
        yield f"a race, because {result.reason}"
    for text in result.not_covered:
        yield f"not covered: {text}"
    if result.modules:
        yield f"in scope: {_some(result.modules)}"
    yield seed_line(result.seed)


def place(file: str, line: int) -> str:
    """A source position, short: the file's name and the line."""
    return f"{os.path.basename(file)}:{line}"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_MODULES])
    more = len(names) - _MOST_MODULES
    return f"{shown} and {more} more" if more > 0 else shown


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _fit(text: str, width: int) -> str:
    """Fold lines that are too wide, keeping their indentation."""
    lines = []
    for line in text.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        lines += textwrap.wrap(line, width, subsequent_indent=indent + _INDENT) or [""]
    return "\n".join(lines)

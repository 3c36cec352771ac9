"""Tokens made of runs, and runs made of tokens."""

from __future__ import annotations

import os
from collections.abc import Callable

from pytest_racecheck.campaign.counted_lines import CountedLines
from pytest_racecheck.campaign.sameness import CAUSES
from pytest_racecheck.model.operation import Kind
from pytest_racecheck.model.step_check import kind_number, kind_of
from pytest_racecheck.model.token import Token, TokenStep
from pytest_racecheck.model.trace import Action
from pytest_racecheck.runtime.threads.controlled import Controlled
from pytest_racecheck.strategies.protocol import Task
from pytest_racecheck.strategies.witness import Witness

_PRIMITIVE = (kind_number(Action.CALL), 0)


def describer(controlled: Controlled) -> Callable[[Task], tuple[int, int]]:
    """What a task is about to do, in numbers that are the same in every process."""
    points = controlled.points.all
    lines = CountedLines()

    def describe(task: Task) -> tuple[int, int]:
        if task.point < 0:
            return _PRIMITIVE
        site = points[task.point].site
        return (kind_number(site.kind), lines.number(site.file, site.line))

    return describe


def token_of(witness: Witness, controlled: Controlled) -> Token:
    """The token of the run that `witness` has seen."""
    scheduler = controlled.scheduler
    return Token(
        tuple(witness.deviations),
        witness.choices,
        witness.check,
        timeouts="any" if scheduler.any_timeouts else "last",
        gc=controlled.collects,
        hash_seed=hash_seed(),
    )


def hash_seed() -> int | None:
    """What PYTHONHASHSEED fixes in this process; None where it fixes nothing."""
    text = os.environ.get("PYTHONHASHSEED", "")
    return int(text) if text.isdigit() else None


def divergence(witness: Witness) -> str | None:
    """Where a replay went another way than its token says, in words; None where it did not."""
    token = witness.expected
    assert token is not None
    found = witness.first_difference
    if found is not None:
        wanted, met = found
        return (
            f"the replay went another way at choice {wanted.step}: expected {_said(wanted)}; came"
            f" {_said(met) if met is not None else 'the end of the run'}; likely causes: {_causes(token)}"
        )
    if (witness.choices, witness.check) != (token.choices, token.check):
        last = token.deviations[-1].step if token.deviations else 0
        return (
            f"the replay went another way after choice {last}: expected {token.choices} choices with check"
            f" {token.check:06x}; came {witness.choices} with check {witness.check:06x}; likely causes: {_causes(token)}"
        )
    return None


def _said(met: TokenStep) -> str:
    what = kind_of(met.kind)
    if what is None or (what is Action.CALL and not met.line):
        doing = "at a lock or another primitive"
    else:
        doing = f"before {what.value} at line {met.line}" if isinstance(what, Kind) else what.value
    enabled = [str(task) for task in range(met.enabled.bit_length()) if met.enabled >> task & 1]
    return f"task {met.task} {doing} (tasks {', '.join(enabled)} enabled)"


def _causes(token: Token) -> str:
    causes = f"the code has changed, {CAUSES}"
    if token.hash_seed is not None and token.hash_seed != hash_seed():
        causes += f" (the run of the token had PYTHONHASHSEED={token.hash_seed})"
    return causes

"""Control runs: is it the order of events that breaks the program, or does it fail anyway?

The control is the same program with its concurrency taken out: every task is given time to end before the next one starts.
Nothing can race there, so a failure that shows up in it, too, is none. Tasks that wait for each other cannot be run one
after another; then the control is the calm run, without any delay. Where that fails, too, something else has to show that order
matters: that it makes a difference who is slow, or that the delays of failed runs make it fail, and those of passed runs let
it pass, when they are repeated.

How many control runs? A test that draws a random number fails in a few runs of a hundred, and then five that pass say
nothing. So the number follows from the failures themselves: as many as it takes to exclude, by Fisher's exact test, that both
kinds of run fail alike. Counting the campaign's own runs would be enough if a program's mood did not change while it
runs: one that fails at certain times of day has a bad stretch, and a good one afterwards. So failed runs are repeated, with
the same delays, in turn with the control runs. A failure that does not come back proves nothing; a race comes back more often than
it came, since the delays are those that opened its window. That makes rare races cheap to confirm as well, and a campaign that ended
at its first failure.

Four comparisons can be made in one judgement (all runs or the repeated ones alone with control runs, slow tasks, delays), so each has
a quarter of the error that the whole may have. A campaign that ends at its first failure may have met one by a chance that its delays do not
bring back, or so seldom that it would take a thousand control runs; it then goes on, and is judged again at the next one. Each
judgement may use up half of the error that the ones before have left, so that all together stay below the whole, however many there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_racecheck.campaign.statistics import excess_by_chance, passes_needed
from pytest_racecheck.campaign.trial import Tally, Trial
from pytest_racecheck.model.outcome import RunResult
from pytest_racecheck.model.wording import plural
from pytest_racecheck.runtime.jitter.delays import CALM_RUNS

if TYPE_CHECKING:
    from pytest_racecheck.campaign.jitter import JitterCampaign
    from pytest_racecheck.runtime.jitter.world import World

ERROR = 0.01
LEVEL = ERROR / 4
_FEWEST = 5
# Calm runs of a race may fail now and then; then it takes more of them. Not if as high a share fails as with delays.
_FEWEST_CALM = 20
_HOPELESS = 3
_APART = "one task after another"
_SO_CALM = "its tasks wait for each other, so none can be run without concurrency"
_TOO_FEW = "too few to tell a race from a flaky test"


@dataclass(frozen=True, slots=True)
class Control:
    """What the control runs said: whether the failure is a race, and the sentence that says why.

    `settled` is False where failures did not come again, or too seldom, though their delays were repeated: another one may still be
    shown to be a race. `returned`: some came again, so more control runs would settle it, too.
    """

    is_race: bool
    reason: str
    settled: bool = True
    returned: bool = True


def judge(
    campaign: JitterCampaign,
    program: Callable[[World], None],
    level: float = LEVEL,
    share: float = 1.0,
) -> Control:
    """Repeat failed runs, in turn with runs without concurrency, or calm ones where that is impossible, and compare.

    `level` is the chance of an error that each comparison may have, `share` how much of the time is worth spending on control runs.
    """
    trial = Trial(campaign, program, share)
    if trial.control():
        return _of_separable(trial, level)
    return _of_waiting(trial, level)


def _of_separable(trial: Trial, level: float) -> Control:
    """Tasks that can run one after another: not one of those runs may fail."""
    runs, repeats, control = Tally.of(trial.campaign.results), trial.repeats, trial.controls
    _pair_up(trial, until=_any_failed)
    needed = _needed(runs, repeats, level)
    trial.control_until(max(_FEWEST, needed), _any_failed)
    made = plural(control.runs, "control run")
    if control.failures:
        return Control(False, f"no race: it fails {_APART}, too ({control.failures} of {made})")
    if not repeats.failures:
        return _did_not_return(runs, repeats)
    if control.runs < needed:
        return Control(
            False,
            f"it fails in {_share(runs)} of runs; {made} without concurrency are {_TOO_FEW} ({needed} needed)",
            settled=False,
        )
    return Control(
        True,
        f"it fails in {_share(runs)} of runs, {_again(repeats)}, and {_APART} in none of {made}",
    )


def _of_waiting(trial: Trial, level: float) -> Control:
    """Tasks that wait for each other: delays have to make the failure significantly more frequent, or decide about it."""
    calm, runs = (Tally.of(some) for some in _by_delays(trial.campaign.results))
    trial.control_calmly(calm)
    repeats, control = trial.repeats, trial.controls

    def in_vain(control: Tally) -> bool:
        return control.failures >= _HOPELESS and control.rate >= runs.rate

    if runs.failures:
        _pair_up(trial, until=in_vain)
        fewest = _FEWEST_CALM if control.failures else _FEWEST
        trial.control_until(max(fewest, _needed(runs, repeats, level)), in_vain)
    significant = min(_chance(runs + repeats, control), _chance(repeats, control)) <= level
    if control.failures and not significant:
        return _of_frequent(trial, runs, level)
    if not repeats.failures:
        return _did_not_return(runs, repeats)
    rates = (
        f"it fails in {_share(runs)} of jittered runs, {_again(repeats)}, and in {control.failures or 'none'} of"
        f" {control.runs} without delays"
    )
    said = f"{rates}{'' if significant else f': {_TOO_FEW}'} ({_SO_CALM})"
    return Control(significant, said, settled=significant)


def _of_frequent(trial: Trial, runs: Tally, level: float) -> Control:
    """Tasks that wait for each other and fail without delays, too: is it the delays that decide which runs fail?"""
    calm = trial.controls
    often = f"it fails without any delay, too, in {calm.failures} of {plural(calm.runs, 'run')}"
    others, main = trial.compare_slow_tasks()
    said = f"when the main task is slow it fails in {main.failures} of {main.runs}, when the others are in {others.failures} of {others.runs}"
    if _chance(others, main) <= level / 2 or _chance(main, others) <= level / 2:
        return Control(True, f"it is decided by who is slow: {said}")
    failed, passed = trial.compare_delays()
    if _chance(failed, passed) <= level:
        return Control(
            True,
            f"the delays decide: with those of failed runs it fails in {failed.failures} of {failed.runs}, with those of"
            f" passed runs in {passed.failures} of {passed.runs}",
        )
    if calm.failures == calm.runs and runs.failures == runs.runs:
        return Control(False, "no race: it fails in every run, without any delay, too")
    reason = f"{often}; {said}" if main.runs and others.runs else often
    return Control(False, f"{reason}: {_TOO_FEW} ({_SO_CALM})")


def _chance(more: Tally, fewer: Tally) -> float:
    return excess_by_chance(more.failures, more.runs, fewer.failures, fewer.runs)


def _by_delays(results: list[RunResult]) -> tuple[list[RunResult], list[RunResult]]:
    return results[:CALM_RUNS], results[CALM_RUNS:]


def _pair_up(trial: Trial, until: Callable[[Tally], bool]) -> None:
    """Repeat failed runs, each followed by a control run, until enough of them have failed again."""
    while trial.wants_repeats and not until(trial.controls):
        trial.repeat()
        trial.control_again()


def _needed(runs: Tally, repeats: Tally, level: float) -> int:
    """How many control runs have to pass: by all runs taken together, or by the repeated ones alone, whichever are fewer."""
    if not repeats.failures:
        return 0
    return min(passes_needed(t.failures, t.runs, level) for t in (runs + repeats, repeats))


def _any_failed(control: Tally) -> bool:
    return control.failures > 0


def _did_not_return(runs: Tally, repeats: Tally) -> Control:
    """A failure that was not seen again is not called a race."""
    return Control(False, _why_not(runs, repeats), settled=False, returned=False)


def _why_not(runs: Tally, repeats: Tally) -> str:
    made = plural(runs.runs, "run")
    if not runs.failures:
        return f"it failed without delays, and in none of {made} with: {_TOO_FEW}"
    times = f"it failed in {runs.failures} of {made}"
    if repeats.runs:
        again = plural(repeats.runs, "run")
        return f"{times}, but not again in {again} with the same delays: {_TOO_FEW}"
    return f"{times}, and there was no time to repeat it: {_TOO_FEW}"


def _again(repeats: Tally) -> str:
    return f"in {repeats.failures} of {repeats.runs} repeated with the same delays"


def _share(runs: Tally) -> str:
    percent = 100 * runs.rate
    return f"{percent:.0f} %" if percent >= 1 else f"{percent:.1g} %"

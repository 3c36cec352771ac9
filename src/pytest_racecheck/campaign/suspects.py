"""Where the window of a race is, as far as failure counts tell.

A task that was held for long before some operation, in runs that failed more often than the others: that is a clue, and easily a
false one. Sites are many and runs are few, so some site always looks bad. Hence a site has to be held often enough, and its excess
must be no accident even though as many sites were looked at as tasks were held at. And a failing run goes on to places where a
passing one never gets, such as the explanation of its failed assertion: so nothing counts that happened while the main
task was alone.

The window of a lost update is cut at its store, not at the reads on the way. So only a telling store names the resource, and only if
there is but one name: two stores of the same window cannot be told apart by counting.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pytest_racecheck.campaign.statistics import excess_by_chance
from pytest_racecheck.model.operation import Kind, Site
from pytest_racecheck.model.outcome import RunResult
from pytest_racecheck.model.result import Suspect

ERROR = 0.01
FEWEST_HELD = 5
# Methods that change what they are called on, as far as their names alone tell.
_MUTATORS = frozenset({
    "__setitem__", "__delitem__", "__setattr__", "__iadd__", "append", "clear", "extend", "insert", "pop", "popitem", "put",
    "remove", "replace", "rename", "reverse", "send", "send_bytes", "set", "setdefault", "sort", "truncate", "unlink", "update",
})  # fmt: skip


def suspects_of(jittered: Sequence[RunResult]) -> list[Suspect]:
    """The sites at which long delays went with failures, the most telling first."""
    held: Counter[Site] = Counter()
    failed: Counter[Site] = Counter()
    for result in jittered:
        sites = {step.site for step in result.long_holds() if not step.alone}
        held.update(sites)
        if not result.passed:
            failed.update(sites)
    all_failed = sum(not result.passed for result in jittered)
    found = []
    for site, count in failed.items():
        others = all_failed - count, len(jittered) - held[site]
        chance = excess_by_chance(count, held[site], *others)
        if held[site] >= FEWEST_HELD and chance * len(held) <= ERROR:
            found.append((chance, Suspect(site, held[site], count)))
    found.sort(key=lambda one: (one[0], one[1].site.file, one[1].site.line, one[1].site.name))
    return [suspect for _, suspect in found]


def resource_of(suspects: Sequence[Suspect]) -> str | None:
    """What the telling stores store to, by the one name that all of them spell; None if there is none, or more than one."""
    names = {suspect.site.name for suspect in suspects if _is_store(suspect.site)}
    names.discard("")
    return names.pop() if len(names) == 1 else None


def _is_store(site: Site) -> bool:
    if site.kind is Kind.CALL:
        return site.name.rpartition(".")[2] in _MUTATORS
    return site.kind.writes

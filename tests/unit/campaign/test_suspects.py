"""Which sites failures point to, and what the headline may name."""

from __future__ import annotations

import random

import pytest

from pytest_racecheck.campaign.suspects import FEWEST_HELD, resource_of, suspects_of
from pytest_racecheck.model.operation import Kind, Site
from pytest_racecheck.model.outcome import Outcome, RunResult, Step
from pytest_racecheck.model.result import Suspect


def site(kind: Kind, name: str, line: int = 7) -> Site:
    """A site of that kind and name."""
    return Site(kind, name, "counter.py", line, "increment")


STORE, LOAD = site(Kind.STORE_ATTR, "n"), site(Kind.LOAD_ATTR, "config", 3)


def run(number: int, held: Site, failed: bool, alone: bool = False) -> RunResult:
    """A run in which one task was held before `held`."""
    outcome = Outcome.FAILED if failed else Outcome.PASSED
    return RunResult(number, outcome, trace=(Step("t-1", 1, held, 5e-3, alone),))


def test_where_failures_gather_is_told() -> None:
    """A site at which every held run failed, beside one at which none did."""
    runs = [run(n, STORE if n % 2 else LOAD, failed=bool(n % 2)) for n in range(40)]
    assert suspects_of(runs) == [Suspect(STORE, 20, 20)]


def test_too_few_holds_tell_nothing() -> None:
    """Four holds and four failures are no pattern, however rare failures are elsewhere."""
    runs = [run(n, STORE if n < FEWEST_HELD - 1 else LOAD, n < FEWEST_HELD - 1) for n in range(400)]
    assert suspects_of(runs) == []


def test_what_happens_while_main_is_alone_tells_nothing() -> None:
    """A failing run goes on to explain its assertion; nobody is left to race with then."""
    runs = [run(n, STORE if n % 2 else LOAD, bool(n % 2), alone=True) for n in range(40)]
    assert suspects_of(runs) == []


def test_many_sites_raise_the_bar() -> None:
    """Failures that strike at random accuse one of fifty sites in one campaign of a hundred; in 100, more than 9: below 1e-6."""
    rng = random.Random(4)
    sites = [site(Kind.STORE_ATTR, f"a{n}", n) for n in range(50)]
    accused = 0
    for _ in range(100):
        runs = [run(n, rng.choice(sites), rng.random() < 0.3) for n in range(400)]
        accused += bool(suspects_of(runs))
    assert accused <= 9


def test_when_every_run_fails_no_site_stands_out() -> None:
    """Without a passing run there is nothing to compare with."""
    assert suspects_of([run(n, STORE, failed=True) for n in range(40)]) == []


@pytest.mark.parametrize(
    ("sites", "resource"),
    [
        ([], None),
        ([LOAD], None),
        ([LOAD, STORE], "n"),
        ([STORE, site(Kind.STORE_ATTR, "n", 9)], "n"),
        ([STORE, site(Kind.STORE_ATTR, "log")], None),
        ([site(Kind.STORE_ITEM, "")], None),
        ([site(Kind.STORE_ITEM, ""), site(Kind.CALL, "DictProxy.__setitem__")], "DictProxy.__setitem__"),
        ([site(Kind.CALL, "DictProxy.__getitem__")], None),
        ([site(Kind.CALL, "Lock.acquire")], None),
        ([site(Kind.STORE_GLOBAL, "total")], "total"),
    ],
)  # fmt: skip
def test_only_a_store_names_the_resource(sites: list[Site], resource: str | None) -> None:
    """Reads, locks and stores without a name do not, nor do two stores that counting cannot tell apart."""
    assert resource_of([Suspect(one, 20, 20) for one in sites]) == resource

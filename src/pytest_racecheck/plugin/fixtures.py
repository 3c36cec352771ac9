"""`thread_race`, `process_race`, `manager_race` and `race`.

Fixture values are handles: callables that explore their targets on one backend. They live as long as the session, so that a
`@given` test can use them; what belongs to a test (marker, seed, reports it must look at) they ask for at each call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from pytest_racecheck.model.errors import UsageError
from pytest_racecheck.model.settings import BACKENDS, Settings
from pytest_racecheck.plugin.marker import marked
from pytest_racecheck.plugin.options import options_of
from pytest_racecheck.plugin.seeds import again, base_seed, derived_seed, replay_command

if TYPE_CHECKING:
    from pytest_racecheck.model.report import RaceReport
    from pytest_racecheck.plugin.current import CurrentItem


class RaceHandle:
    """Explores targets on one backend: `report = race(target, workers=2, setup=..., check=...)`."""

    def __init__(self, backend: str, config: pytest.Config, current: CurrentItem) -> None:
        self.backend = backend
        self._config = config
        self._current = current

    def __call__(
        self,
        target: Callable[..., object] | Sequence[Callable[..., object]],
        *,
        workers: int | None = None,
        setup: Callable[..., object] | None = None,
        check: Callable[..., object] | None = None,
        **words: Any,
    ) -> RaceReport:
        """Run `target` many times as concurrent tasks and report whether the order of events can break it.

        `words` are those of `pytest_racecheck.explore` and of the marker; those of the call come first. A report with a race
        or without a verdict must be looked at, or it fails the test.
        """
        __tracebackhide__ = True
        from pytest_racecheck.entry import run_targets
        from pytest_racecheck.plugin.output import OneOfMany
        from pytest_racecheck.plugin.stuck_calls import named_on_stderr

        item = self._current.item
        call = self._current.next_call()
        own_seed = derived_seed(base_seed(self._config), item.nodeid, call)
        wanted = options_of(self._config).replay
        layers = [marked(item).settings, Settings(seed=own_seed), *options_of(self._config).layers]
        with named_on_stderr(item), OneOfMany(item).of_campaign() as around:
            report = run_targets(
                target, backend=self.backend, workers=workers, setup=setup, check=check,
                words=words, layers=layers, root=self._config.rootpath,
                again=again(self._config, own_seed, "this call alone: seed={}"),
                token=wanted.token if wanted is not None and wanted.is_for(item, call) else None,
                replayed=replay_command(item, call), around=around,
            )  # fmt: skip
        self._current.add(report)
        return report

    def __repr__(self) -> str:
        return f"<race on backend {self.backend}>"


def _handle(request: pytest.FixtureRequest, backend: str) -> RaceHandle:
    """A handle for the session that `request` belongs to."""
    __tracebackhide__ = True
    from pytest_racecheck.plugin.current import CurrentItem

    item = getattr(request, "_pyfuncitem", None)
    if not isinstance(item, pytest.Item):
        raise UsageError(
            f"fixture {request.fixturename} was asked for outside of a test; expected a test function that asks for it"
        )
    return RaceHandle(backend, request.config, CurrentItem.of(request.config, item))


@pytest.fixture(scope="session")
def thread_race(request: pytest.FixtureRequest) -> RaceHandle:
    """Explore targets as threads: `thread_race(target, workers=2, setup=..., check=...)` returns a RaceReport."""
    return _handle(request, "thread")


@pytest.fixture(scope="session")
def process_race(request: pytest.FixtureRequest) -> RaceHandle:
    """Explore targets as processes that share multiprocessing's own objects; returns a RaceReport."""
    return _handle(request, "process")


@pytest.fixture(scope="session")
def manager_race(request: pytest.FixtureRequest) -> RaceHandle:
    """Explore targets as processes that share proxies of a multiprocessing Manager; returns a RaceReport."""
    return _handle(request, "manager")


@pytest.fixture(scope="session", params=BACKENDS)
def race(request: pytest.FixtureRequest) -> RaceHandle:
    """Explore targets as threads, as processes, and with a Manager: the test runs once for each."""
    return _handle(request, request.param)

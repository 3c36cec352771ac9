"""The state of the project's modules before a test touches it, for the runs that may follow.

It is noted after the fixtures of wider scope are set up, which may set module state for good, and before the first function-scoped
one, whose changes its own teardown takes back. A project in which nothing uses threads or processes is spared all this.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import ModuleType

import pytest

from pytest_racecheck.instrument.scope import Scope
from pytest_racecheck.runtime.snapshot import Snapshot

_CONCURRENT = ("threading", "_thread", "multiprocessing", "concurrent.futures", "pytest_racecheck")
_KEY = pytest.StashKey[Snapshot | None]()


class SameStart:
    """Notes the state once an item, while its fixtures are set up or when its body begins."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._loaded = 0
        self._modules: list[str] = []
        self._concurrent = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
    ) -> None:
        """Note the state before the first function-scoped fixture of an item is set up."""
        if fixturedef.scope == "function" and isinstance(request.node, pytest.Item):
            self.note(request.node)

    def take(self, item: pytest.Item) -> Snapshot | None:
        """The state before the item, for whoever runs it again; it is not kept here any longer."""
        start = self.note(item)
        item.stash[_KEY] = None
        return start

    def note(self, item: pytest.Item) -> Snapshot | None:
        """The state before the item, noted now unless it was already; None where nothing is concurrent."""
        if _KEY not in item.stash:
            self._look_at_modules()
            item.stash[_KEY] = Snapshot(self._modules) if self._concurrent else None
        return item.stash[_KEY]

    def _look_at_modules(self) -> None:
        if len(sys.modules) == self._loaded:
            return
        self._loaded = len(sys.modules)
        self._modules = self._scope.modules()
        loaded = (sys.modules.get(name) for name in self._modules)
        self._concurrent = any(_uses_tasks(module) for module in loaded if module is not None)


def _uses_tasks(module: ModuleType) -> bool:
    return any(_belongs_to(value, _CONCURRENT) for value in list(vars(module).values()))


def _belongs_to(value: object, names: Iterable[str]) -> bool:
    home = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    if not isinstance(home, str):
        return False
    return any(home == name or home.startswith(f"{name}.") for name in names)

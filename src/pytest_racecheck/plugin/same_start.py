"""The state of the project's modules before a test touches it, for the runs that may follow.

It is noted after the fixtures of wider scope are set up, which may set module state for good, and before the first function-scoped
one, whose changes its own teardown takes back. A project in which nothing seems to use threads or processes is spared all
this, until one of its tests starts some.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from pytest_racecheck.instrument.scope import Scope
from pytest_racecheck.runtime.jitter.late_binding import bind_late

if TYPE_CHECKING:
    from pytest_racecheck.runtime.snapshot import Snapshot

_CONCURRENT = (
    "_thread", "asyncio", "concurrent", "http.server", "multiprocessing", "pytest_racecheck", "queue", "socketserver",
    "threading", "xmlrpc.server",
)  # fmt: skip
_KEY = pytest.StashKey["Snapshot | None"]()


class SameStart:
    """Notes the state once an item, while its fixtures are set up or when its body begins."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._loaded = 0
        self._modules: list[str] = []
        self._concurrent = False
        self._surprised = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
    ) -> None:
        """Note the state before the first function-scoped fixture of an item is set up."""
        if fixturedef.scope == "function" and isinstance(request.node, pytest.Item):
            self.note(request.node)

    def begin(self, item: pytest.Item) -> None:
        """The item is about to be run, perhaps not for the first time."""
        if _KEY in item.stash:
            del item.stash[_KEY]

    def expect_tasks(self) -> None:
        """Note the state before every item from now on."""
        self._surprised = True

    def take(self, item: pytest.Item) -> Snapshot | None:
        """The state before the item, for whoever runs it again; it is not kept here any longer."""
        start = self.note(item)
        item.stash[_KEY] = None
        return start

    def note(self, item: pytest.Item) -> Snapshot | None:
        """The state before the item, noted now unless it was already; None where nothing is concurrent."""
        if _KEY not in item.stash:
            self._look_at_modules()
            wanted = self._concurrent or self._surprised
            item.stash[_KEY] = self._snapshot() if wanted else None
        return item.stash[_KEY]

    def _snapshot(self) -> Snapshot:
        from pytest_racecheck.runtime.snapshot import Snapshot

        return Snapshot(self._modules)

    def _look_at_modules(self) -> None:
        if len(sys.modules) == self._loaded:
            return
        self._loaded = len(sys.modules)
        self._modules = self.scope.modules()
        loaded = [sys.modules[name] for name in self._modules if name in sys.modules]
        self._concurrent = any(_uses_tasks(module) for module in loaded)
        for module in loaded:
            bind_late(module)


def _uses_tasks(module: ModuleType) -> bool:
    values = list(vars(module).values())
    return any(_belongs_to(value, _CONCURRENT) or _imports_tasks(value) for value in values)


def _imports_tasks(value: object) -> bool:
    """Whether a function, or a method of a class, imports what starts tasks when it is called."""
    functions = list(vars(value).values()) if isinstance(value, type) else [value]
    names = (getattr(getattr(function, "__code__", None), "co_names", ()) for function in functions)
    return any(
        name in _CONCURRENT or name.partition(".")[0] in _CONCURRENT
        for found in names
        for name in found
    )


def _belongs_to(value: object, names: Iterable[str]) -> bool:
    home = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    if not isinstance(home, str):
        return False
    return any(home == name or home.startswith(f"{name}.") for name in names)

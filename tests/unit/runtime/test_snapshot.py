"""Module state put back to where it was."""

from __future__ import annotations

import functools
import multiprocessing
import sys
import types
from collections import deque
from collections.abc import Iterator

import pytest

from pytest_racecheck.runtime.snapshot import Snapshot

SOURCE = """
import functools
from collections import deque
num = 100
items = [1, 2]
table = {"a": 1}
names = {"x"}
line = deque([1])
raw = bytearray(b"ab")
class Registry:
    entries = []
    count = 0
    def __init__(self): self.values = {}; self.n = 0
registry = Registry()
@functools.cache
def compute(): return 1
"""


@pytest.fixture
def module() -> Iterator[types.ModuleType]:
    """A module with state of every kind."""
    made = types.ModuleType("stateful_module")
    sys.modules["stateful_module"] = made
    exec(SOURCE, made.__dict__)
    yield made
    del sys.modules["stateful_module"]


def change(module: types.ModuleType) -> None:
    """Do to it what a test could do."""
    module.num -= 1
    module.items.append(3)
    module.table["b"] = 2
    module.names.add("y")
    module.line.popleft()
    module.raw.extend(b"c")
    module.Registry.entries.append(1)
    module.Registry.count += 1
    module.Registry.extra = 1
    module.registry.n += 1
    module.registry.values["k"] = 1
    module.compute()
    module.singleton = object()
    del module.functools


def state(module: types.ModuleType) -> list[object]:
    """Everything that may have changed."""
    registry, kind = module.registry, module.Registry
    return [
        module.num, list(module.items), dict(module.table), set(module.names), list(module.line),
        bytes(module.raw), list(kind.entries), kind.count, hasattr(kind, "extra"),
        registry.n, dict(registry.values), module.compute.cache_info().currsize,
        hasattr(module, "singleton"), module.__dict__.get("functools") is functools,
        module.deque is deque,
    ]  # fmt: skip


def test_everything_is_as_it_was(module: types.ModuleType) -> None:
    """Bindings, containers, class and instance attributes and caches are restored, more than once."""
    before = state(module)
    identities = (id(module.items), id(module.table), id(module.registry), id(module.Registry))
    snapshot = Snapshot(["stateful_module"])
    for _ in range(3):
        change(module)
        assert state(module) != before
        snapshot.restore()
        assert state(module) == before
    assert (
        id(module.items), id(module.table), id(module.registry), id(module.Registry)
    ) == identities  # fmt: skip


def test_a_full_cache_is_left_alone(module: types.ModuleType) -> None:
    """What was cached before cannot be brought back, so it is not cleared."""
    module.compute()
    snapshot = Snapshot(["stateful_module"])
    snapshot.restore()
    assert module.compute.cache_info().currsize == 1


SECRETIVE = """
class Lazy:
    def __getattribute__(self, name): raise ImportError(f"asked for {name}")
class Slotted:
    __slots__ = ("n",)
    def __getattr__(self, name): raise ImportError(f"asked for {name}")
class Own:
    lazy, slotted = Lazy(), Slotted()
lazy, slotted = Lazy(), Slotted()
"""


def test_nothing_is_asked_of_values(module: types.ModuleType) -> None:
    """One that would import something in order to answer, and fail to, is bound again where it was, like any other."""
    exec(SECRETIVE, module.__dict__)
    lazy = module.__dict__["lazy"]
    snapshot = Snapshot(["stateful_module"])
    module.lazy = module.slotted = None
    snapshot.restore()
    assert module.__dict__["lazy"] is lazy
    assert module.slotted is not None


def test_modules_that_are_gone_do_not_matter() -> None:
    """A name without a module is passed over."""
    Snapshot(["no_such_module"]).restore()


def test_shared_memory_is_put_back(module) -> None:
    """What a Value or an Array at module level holds is what it held before."""
    module.value = multiprocessing.Value("i", 1)
    module.array = multiprocessing.Array("i", [1, 2], lock=False)
    snapshot = Snapshot([module.__name__])
    module.value.value = 5
    module.array[1] = 5
    snapshot.restore()
    assert (module.value.value, list(module.array)) == (1, [1, 2])

"""Rewritten code put into functions, wherever they are held, and taken out again."""

from __future__ import annotations

import dis
import functools
import gc
import os
import threading
from types import CodeType

import pytest

from pytest_racecheck.instrument.functions import code_key

HELD = """
import functools

def plain(s):
    return s.x

def closure():
    y = 1
    def inner(s):
        return s.x + y
    return inner

class Holder:
    x = 1
    def method(self):
        return self.x
    @classmethod
    def of_class(cls):
        return cls.x
    @staticmethod
    def static(s):
        return s.x
    @property
    def prop(self):
        return self.x
    def __call__(self):
        return self.x
    class Inner:
        def method(self, s):
            return s.x

made = closure()
partial = functools.partial(lambda s: s.x)
cached = functools.lru_cache(lambda s: s.x)
registry = {"f": [lambda s: s.x]}
holder = Holder()
"""

WAYS = {
    "function": lambda m: m.plain(m.holder),
    "closure": lambda m: m.made(m.holder),
    "closure made later": lambda m: m.closure()(m.holder),
    "method": lambda m: m.holder.method(),
    "class method": lambda m: m.Holder.of_class(),
    "static method": lambda m: m.Holder.static(m.holder),
    "property": lambda m: m.holder.prop,
    "callable instance": lambda m: m.holder(),
    "method of an inner class": lambda m: m.Holder.Inner().method(m.holder),
    "partial": lambda m: m.partial(m.holder),
    "cached function": lambda m: m.cached(m.holder),
    "function in a container": lambda m: m.registry["f"][0](m.holder),
}


@pytest.mark.parametrize("way", WAYS)
def test_functions_are_found_wherever_they_are_held(way: str, load, instrument, hooks) -> None:
    """Every way to hold a function leads to rewritten code, and after restoring to none."""
    module = load(HELD)
    instrumentation = instrument()
    WAYS[way](module)
    assert "LOAD_ATTR x" in hooks.events
    instrumentation.restore()
    hooks.seen.clear()
    module.cached.cache_clear()
    WAYS[way](module)
    assert hooks.seen == []


@pytest.mark.parametrize("way", sorted(set(WAYS) - {"function in a container"}))
def test_functions_hidden_by_gc_freeze_are_found(way: str, load, instrument, hooks) -> None:
    """What gc.freeze() hides is found through modules and classes."""
    module = load(HELD)
    gc.freeze()
    try:
        instrument()
        WAYS[way](module)
    finally:
        gc.unfreeze()
    assert "LOAD_ATTR x" in hooks.events


def test_the_hook_gets_the_object_itself(load, instrument, hooks) -> None:
    """Attributes come with their object, globals with the module's dictionary, cells with the cell."""
    module = load(
        """
        n = 1
        def program(obj):
            y = 0
            def inner():
                return y
            obj.x = n
            obj.items.append(inner)
            return inner
        """
    )

    class Thing:
        items: list[object] = []

    thing = Thing()
    instrument()
    inner = module.program(thing)
    inner()
    seen = {(site.kind.name, site.name): obj for obj, site in hooks.seen}
    assert seen["STORE_ATTR", "x"] is thing
    assert seen["LOAD_GLOBAL", "n"] is vars(module)
    assert seen["LOAD_CELL", "y"] is inner.__closure__[0]
    assert seen["CALL", ""].__self__ is Thing.items
    assert all(site.file == module.__file__ for _, site in hooks.seen)
    assert {site.line: site.function for _, site in hooks.seen}[7] == "program"


def test_only_the_code_asked_for_is_rewritten(load, instrument, hooks) -> None:
    """With keys, the rest of the scope costs nothing; nested code goes with its function."""
    module = load(HELD)
    instrument([code_key(module.closure.__code__)])
    module.plain(module.holder)
    assert hooks.seen == []
    module.closure()(module.holder)
    assert [event for event in hooks.events if event not in ("BEGIN", "END")] == [
        "STORE_CELL y", "LOAD_ATTR x", "LOAD_CELL y", "OPERATE", "OPERATE",
    ]  # fmt: skip


LATE = """
class Made:
    def __init__(self):
        self.x = 1
    def method(self):
        return self.x
    def __enter__(self):
        return self.x
    def __exit__(self, *exc):
        return None

class Meta(type):
    def __call__(cls):
        return cls.x

class Counted(metaclass=Meta):
    x = 1

class Callable:
    x = 1
    def __call__(self):
        return self.x

def function(m):
    return m.x

def start(callee):
    return callee()

def enter(manager):
    with manager:
        pass
"""


@pytest.mark.parametrize(
    ("callee", "late"),
    [
        (lambda m: m.Made, ["Made.__init__"]),
        (lambda m: m.Made().method, ["Made.method"]),
        (lambda m: m.Counted, ["Meta.__call__"]),
        (lambda m: m.Callable(), ["Callable.__call__"]),
        (lambda m: functools.partial(m.function, m.Counted), ["function"]),
        (lambda m: functools.partial(functools.lru_cache(m.function), m.Counted), ["function"]),
    ],
)
def test_code_about_to_be_called_is_rewritten(callee, late, load, instrument, hooks) -> None:
    """A path that the first run did not take is covered from its first call on, and is named."""
    module = load(LATE)
    target = callee(module)
    instrumentation = instrument([code_key(module.start.__code__)])
    module.start(target)
    module.start(target)
    assert [name for _, _, name in instrumentation.late] == late
    assert any(event.endswith("_ATTR x") for event in hooks.events)


def test_a_manager_about_to_be_entered_is_rewritten(load, instrument, hooks) -> None:
    """A with statement calls two methods that no call instruction shows."""
    module = load(LATE)
    instrumentation = instrument([code_key(module.enter.__code__)])
    module.enter(module.Made())
    assert [name for _, _, name in instrumentation.late] == ["Made.__enter__", "Made.__exit__"]
    assert "LOAD_ATTR x" in hooks.events


def test_reach_leaves_what_is_out_of_scope(load, instrument) -> None:
    """Builtins, the standard library and odd callables are passed over."""
    module = load(LATE)
    instrumentation = instrument([code_key(module.start.__code__)])
    before = os.path.join.__code__
    for callee in (len, [].append, int, os.path.join, functools.partial(len), str.join, 3):
        instrumentation.reach(callee)
        instrumentation.reach(callee)
    assert os.path.join.__code__ is before
    assert instrumentation.late == []


def test_reach_after_restore_changes_nothing(load, instrument) -> None:
    """A thread that outlives the run does not bring the hooks back."""
    module = load(LATE)
    instrumentation = instrument([])
    instrumentation.restore()
    before = module.function.__code__
    instrumentation.reach(module.function)
    assert module.function.__code__ is before


def test_many_threads_may_reach_the_same_code(load, instrument) -> None:
    """The code is rewritten once, whoever comes first."""
    module = load(LATE)
    instrumentation = instrument([])
    barrier = threading.Barrier(8)

    def reach() -> None:
        barrier.wait()
        instrumentation.reach(module.function)

    threads = [threading.Thread(target=reach) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [name for _, _, name in instrumentation.late] == ["function"]


def test_restore_gives_back_the_very_code_and_may_be_repeated(load, instrument) -> None:
    """Afterwards each function has the code object that it had, also if restored twice."""
    module = load(HELD)
    before = module.plain.__code__, module.Holder.method.__code__
    instrumentation = instrument()
    assert module.plain.__code__ is not before[0]
    assert instrumentation.original(module.plain.__code__) is before[0]
    instrumentation.restore()
    instrumentation.restore()
    assert (module.plain.__code__, module.Holder.method.__code__) == before
    assert module.plain.__code__ is before[0]


def test_functions_made_meanwhile_are_restored(load, instrument, hooks) -> None:
    """A closure made from rewritten code lives on without hooks."""
    module = load(HELD)
    instrumentation = instrument()
    inner = module.closure()
    instrumentation.restore()
    hooks.seen.clear()
    inner(module.holder)
    assert hooks.seen == []


def test_installing_twice_hooks_once(load, instrument, hooks) -> None:
    """A second install finds what is new and leaves what is done."""
    module = load(HELD)
    instrumentation = instrument()
    instrumentation.install()
    module.plain(module.holder)
    assert hooks.events == ["BEGIN", "LOAD_ATTR x", "END"]


def test_what_a_hook_raises_is_raised_in_the_program(load, instrument, hooks) -> None:
    """The program can be stopped at a hook, and its own handlers and finally blocks see that."""
    module = load(
        """
        log = []
        def program(obj):
            try:
                return obj.x
            finally:
                log.append("finally")
        """
    )
    instrument()
    stop = KeyboardInterrupt("stop")

    def access(obj, site) -> None:
        if site.name == "x":
            raise stop

    hooks.access = access
    # The bound hook was taken when the code was bound, so instrument anew with this one.
    instrument()
    with pytest.raises(KeyboardInterrupt):
        module.program(object())
    assert module.log == ["finally"]


def test_a_function_that_cannot_be_rewritten_is_named_and_left(
    load, instrument, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One function that resists does not keep the others from being covered."""
    from pytest_racecheck.instrument import rewrite

    real = rewrite._hooked

    def fails(code: CodeType) -> CodeType:
        if code.co_name == "plain":
            raise ValueError("no")
        return real(code)

    monkeypatch.setattr(rewrite, "_hooked", fails)
    module = load(HELD)
    before = module.plain.__code__
    instrumentation = instrument()
    assert module.plain.__code__ is before
    assert instrumentation.failed == [(code_key(before), "ValueError: no")]
    assert any(
        instruction.opname == "POP_TOP"
        for instruction in dis.get_instructions(module.Holder.method)
    )


def test_the_standard_library_can_instrument_itself(load, instrument, hooks) -> None:
    """Where rewriting uses what is instrumented, it calls no hook and does not wait for itself."""
    module = load(LATE)
    instrumentation = instrument(
        packages=("enum", "functools", "threading", "importlib._bootstrap")
    )
    functools.reduce(lambda a, b: a + b, [1, 2])
    instrumentation.reach(module.function)
    threading.Event().set()
    assert instrumentation.failed == []
    assert any(site.file == threading.__file__ for _, site in hooks.seen)


def test_code_stays_hashable(load, instrument) -> None:
    """Tools keep code objects in sets; the constants of rewritten code must not prevent it."""
    module = load("n = {}\ndef program():\n    return n\n")
    instrument()
    assert {module.program.__code__}

"""Programs written to files of their own, run plain and instrumented, with hooks that write down what they are told."""

from __future__ import annotations

import importlib.util
import sys
import textwrap
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pytest_racecheck.instrument.cache import TemplateCache
from pytest_racecheck.instrument.install import Instrumentation
from pytest_racecheck.instrument.scope import Scope
from pytest_racecheck.model.operation import Site


class RecordingHooks:
    """Hooks that keep each site and the object that came with it."""

    def __init__(self) -> None:
        self.seen: list[tuple[object, Site]] = []

    def access(self, obj: object, site: Site, /) -> None:
        self.seen.append((obj, site))

    def place(self, site: Site, /) -> Site:
        return site

    def call(self, callee: object, site: Site, /, *arguments: object) -> None:
        self.seen.append((callee, site))

    @property
    def events(self) -> list[str]:
        """Each hook call as kind and name; of a call, what is called."""
        return [
            f"{site.kind.name} {site.name or getattr(obj, '__name__', '')}".strip()
            if site.kind.name == "CALL"
            else f"{site.kind.name} {site.name}".strip()
            for obj, site in self.seen
        ]


@dataclass
class Outcome:
    """What calling a program came to: its value or its exception, with the lines of its frames."""

    value: object
    error: str
    lines: list[int]


def outcome_of(program: Callable[[], Any]) -> Outcome:
    """Call `program` and keep what can be compared."""
    try:
        return Outcome(program(), "", [])
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)[1:]
        return Outcome(None, repr(error), [frame.lineno or 0 for frame in frames])


@pytest.fixture
def hooks() -> RecordingHooks:
    """Hooks that remember."""
    return RecordingHooks()


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Callable[..., ModuleType]]:
    """Make a module from source text, with a file under tmp_path."""
    names: list[str] = []

    def make(source: str, name: str = "program_under_test") -> ModuleType:
        path = tmp_path / f"{name}.py"
        path.write_text(textwrap.dedent(source))
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        names.append(name)
        exec(compile(path.read_text(), str(path), "exec", dont_inherit=True), vars(module))
        return module

    yield make
    for name in names:
        sys.modules.pop(name, None)


@pytest.fixture
def instrument(tmp_path: Path, hooks: RecordingHooks) -> Iterator[Callable[..., Instrumentation]]:
    """Instrument what lies under tmp_path, with a cache of its own, until the test ends."""
    made: list[Instrumentation] = []

    def install(*args: Any, packages: tuple[str, ...] = ()) -> Instrumentation:
        made.append(Instrumentation(Scope(tmp_path, packages), hooks, TemplateCache()))
        made[-1].install(*args)
        return made[-1]

    yield install
    for instrumentation in reversed(made):
        instrumentation.restore()


@pytest.fixture
def compare() -> Callable[[Callable[[], Any]], Outcome]:
    """The outcome of a call, for comparing."""
    return outcome_of


@pytest.fixture
def check_program(
    load: Callable[..., ModuleType],
    instrument: Callable[..., Instrumentation],
    hooks: RecordingHooks,
) -> Callable[[str, str | None], None]:
    """Run a module's `program()` plain, instrumented and plain again, and compare outcomes and hook calls."""

    def check(source: str, events: str | None) -> None:
        plain = outcome_of(load(source).program)
        module = load(source)
        instrumentation = instrument()
        instrumented = outcome_of(module.program)
        seen = [event for event in hooks.events if event not in ("CALL super", "BEGIN", "END")]
        instrumentation.restore()
        hooks.seen.clear()
        assert instrumentation.failed == []
        assert instrumented == plain
        if events is not None:
            assert "; ".join(seen) == events
        assert outcome_of(load(source).program) == plain
        assert hooks.seen == []

    return check

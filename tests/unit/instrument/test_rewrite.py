"""What rewritten code keeps of the original, seen on large modules of the standard library."""

from __future__ import annotations

import argparse
import ast
import asyncio.tasks
import contextlib
import dataclasses
import inspect
import typing
from collections.abc import Iterator
from types import CodeType, ModuleType

import pytest

from pytest_racecheck.instrument import emit
from pytest_racecheck.instrument.rewrite import rewrite
from pytest_racecheck.instrument.template import Template

MODULES = [argparse, ast, asyncio.tasks, contextlib, dataclasses, inspect, typing]
KEPT = (
    "co_argcount co_posonlyargcount co_kwonlyargcount co_flags co_varnames co_cellvars"
    " co_freevars co_name co_qualname co_filename co_firstlineno"
).split()


def pairs(code: CodeType, template: Template) -> Iterator[tuple[CodeType, CodeType]]:
    """Each code object with its rewritten form, nested ones too."""
    yield code, template.code
    for index, nested in template.nested.items():
        yield from pairs(code.co_consts[index], nested)


@pytest.fixture(scope="module", params=MODULES, ids=lambda module: module.__name__)
def rewritten(request: pytest.FixtureRequest) -> list[tuple[CodeType, CodeType]]:
    """All code of a module before and after."""
    module: ModuleType = request.param
    code = compile(inspect.getsource(module), module.__file__ or "", "exec", dont_inherit=True)
    found = list(pairs(code, rewrite(code)))
    assert len(found) > 20
    return found


def test_signature_variables_and_names_are_kept(rewritten) -> None:
    """Everything about a function that can be seen from outside is as before."""
    for before, after in rewritten:
        assert [getattr(after, name) for name in KEPT] == [getattr(before, name) for name in KEPT]


def test_every_position_is_kept_and_none_is_new(rewritten) -> None:
    """Tracebacks, coverage and debuggers see the same lines and columns."""
    for before, after in rewritten:
        assert set(after.co_positions()) == set(before.co_positions())


def test_the_stack_grows_by_no_more_than_one_hook_call(rewritten) -> None:
    """Hook calls follow each other and never pile up."""
    for before, after in rewritten:
        assert 0 <= after.co_stacksize - before.co_stacksize <= emit.STACK_USED


def test_handlers_are_kept(rewritten) -> None:
    """Each function has as many protected ranges as before, or more where a hook splits one."""
    for before, after in rewritten:
        assert bool(before.co_exceptiontable) == bool(after.co_exceptiontable)


def test_module_and_class_bodies_are_not_hooked() -> None:
    """What runs once, at import, is left alone; the functions in it are not."""
    code = compile(
        "x = y\nclass A:\n    z = x\n    def f(self):\n        return self.z\n", "m.py", "exec"
    )
    by_name = {after.co_name: (before, after) for before, after in pairs(code, rewrite(code))}
    assert by_name["<module>"][0].co_code == by_name["<module>"][1].co_code
    assert by_name["A"][0].co_code == by_name["A"][1].co_code
    assert by_name["f"][0].co_code != by_name["f"][1].co_code

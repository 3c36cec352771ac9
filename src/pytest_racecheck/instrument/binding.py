"""Templates made into code that runs: placeholders exchanged for hooks, sites and globals.

Constants of code must be hashable, since code objects hash them, and a free-threaded interpreter goes further: it keeps
one copy of equal constants and aborts on types that it cannot compare. So a module's dictionary is never a constant, what
is called is a function or a `partial` of its own, which equal nothing but themselves, and equal sites are one object.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Callable
from functools import cache, partial
from threading import get_ident
from types import CodeType
from typing import Any

from pytest_racecheck.instrument import placeholder
from pytest_racecheck.instrument.hooks import Hooks
from pytest_racecheck.instrument.template import Template
from pytest_racecheck.model.operation import Kind, Site

_FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


class Gateway:
    """What rewritten code calls, by the placeholder's name.

    `reach` is told of every callable that is about to be entered, and `manage` of every context manager, before the hook
    is. Where the standard library itself is instrumented, rewriting runs instrumented code; `paused` holds the threads that
    are inside it, and their hooks are silent. Where it cannot be (`pausable` is false), no access pays for the question.
    """

    def __init__(
        self,
        hooks: Hooks,
        reach: Callable[[object], None],
        manage: Callable[[object], None],
        paused: set[int],
        *,
        pausable: bool,
    ) -> None:
        called = hooks.call
        careful = pausable or _FREE_THREADED
        guarded = _unless_paused(hooks.access, paused) if careful else hooks.access

        def call(callee: object, place: Any, *arguments: object) -> None:
            if not paused or get_ident() not in paused:
                reach(callee)
                called(callee, place, *arguments)

        def enter(manager: object, place: Any) -> None:
            manage(manager)
            guarded(manager, place)

        def leave(method: object, place: Any) -> None:
            guarded(getattr(method, "__self__", method), place)

        self.place = hooks.place
        self._access = guarded
        self._entries: dict[str, Callable[..., Any]] = {
            placeholder.ACCESS: guarded,
            placeholder.CALL: call,
            placeholder.ENTER: enter,
            placeholder.LEAVE: leave,
            placeholder.EXIT_METHOD: exit_method,
            placeholder.ASYNC_EXIT_METHOD: async_exit_method,
            placeholder.MODULES: partial(guarded, sys.modules),
            placeholder.NOTHING: partial(guarded, None),
        }
        self._globals: dict[int, Callable[[Any], None]] = {}

    def entry(self, name: str, namespace: dict[str, Any]) -> Callable[..., Any]:
        """The callable for a placeholder in code whose globals are `namespace`."""
        if name != placeholder.GLOBALS:
            return self._entries[name]
        known = self._globals.get(id(namespace))
        if known is None:
            # The partial keeps the dictionary alive, so its id stays its own.
            known = self._globals[id(namespace)] = partial(self._access, namespace)
        return known


def _unless_paused(
    access: Callable[[object, Any], None], paused: set[int]
) -> Callable[[object, Any], None]:
    def guarded(obj: object, place: Any) -> None:
        if not paused or get_ident() not in paused:
            access(obj, place)

    return guarded


def bind(
    template: Template,
    original: CodeType,
    namespace: dict[str, Any],
    gateway: Gateway,
    originals: dict[int, tuple[CodeType, CodeType]],
) -> CodeType:
    """Runnable code from a template; `originals` gains bound and original code by the bound one's id, nested ones too."""
    constants: list[Any] = list(template.code.co_consts)
    for index, constant in enumerate(constants):
        if not placeholder.is_placeholder(constant):
            continue
        _, name, spelled, number, columns = constant
        if placeholder.is_site(constant):
            constants[index] = gateway.place(
                site(name, spelled, original.co_filename, number, original.co_qualname, columns)
            )
        elif name == placeholder.CODE:
            inner = original.co_consts[number]
            constants[index] = bind(template.nested[number], inner, namespace, gateway, originals)
        else:
            constants[index] = gateway.entry(name, namespace)
    bound = template.code.replace(co_consts=tuple(constants), co_filename=original.co_filename)
    originals[id(bound)] = (bound, original)
    return bound


@cache
def site(
    kind: str, name: str, file: str, line: int, function: str, columns: tuple[int, int, int]
) -> Site:
    """The one `Site` object for these values in this process."""
    return Site(Kind[kind], name, file, line, function, columns)


def exit_method(manager: object) -> object | None:
    """`manager.__exit__` as `with` looks it up, bound; None where there is none."""
    return _special(manager, "__exit__")


def async_exit_method(manager: object) -> object | None:
    """`manager.__aexit__` as `async with` looks it up, bound; None where there is none."""
    return _special(manager, "__aexit__")


def _special(instance: object, name: str) -> object | None:
    kind = type(instance)
    for base in type.__dict__["__mro__"].__get__(kind):
        if name in base.__dict__:
            found: object = base.__dict__[name]
            getter = getattr(type(found), "__get__", None)
            return found if getter is None else getter(found, instance, kind)
    return None

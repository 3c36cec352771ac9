"""How an explicit target travels to a process that was not forked.

cloudpickle takes closures and lambdas, and it works here inside multiprocessing's own pickling, so that locks and values can
come along, as arguments or closed over. Functions and classes go by reference, as multiprocessing has it, if the child will
find the very same module under that name. Otherwise they go by value; so do those of test modules, for a child that imports
one imports pytest and all that the other tests need, at every start.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
import sys
from collections import ChainMap
from collections.abc import Callable
from importlib.machinery import PathFinder
from types import CodeType, FunctionType, ModuleType
from typing import Any, ClassVar

from pytest_racecheck.model.errors import UsageError
from pytest_racecheck.model.wording import shortened, summary_of
from pytest_racecheck.runtime.backend import Body

_SHOWN = 60


class Traveller:
    """Packs bodies for one run.

    `in_scope` tells the project's files. `original` gives the code that rewritten code was made from: hooks do not travel.
    """

    def __init__(
        self, in_scope: Callable[[str], bool], original: Callable[[CodeType], CodeType]
    ) -> None:
        self._in_scope = in_scope
        self._original = original

    def packed(self, body: Body) -> bytes:
        """Target and arguments as bytes, to be made while a process starts; UsageError says what cannot travel."""
        with contextlib.suppress(Exception):
            return self._dumps((body.target, body.args), by_value=self._goes_by_value)
        try:
            return self._dumps((body.target, body.args), by_value=_is_strange)
        except Exception as error:
            raise self._complaint(body, error) from error

    def _goes_by_value(self, module: ModuleType) -> bool:
        loader = type(getattr(module, "__loader__", None)).__module__
        is_test = loader.startswith("_pytest.") and self._in_scope(_file(module) or "")
        return is_test or _is_strange(module)

    def _dumps(self, obj: object, by_value: Callable[[ModuleType], bool]) -> bytes:
        from multiprocessing.reduction import ForkingPickler

        import cloudpickle

        original = self._original
        reduce_code = cloudpickle.Pickler.dispatch_table[CodeType]
        registered: list[ModuleType] = []

        class Pickler(cloudpickle.Pickler):  # type: ignore[misc]
            dispatch_table: ClassVar[Any] = ChainMap(
                {CodeType: lambda code: _with_its_file(code, reduce_code(original(code)))},
                ForkingPickler._extra_reducers,  # type: ignore[attr-defined]
                cloudpickle.Pickler.dispatch_table,
            )

            def reducer_override(self, obj: Any) -> Any:
                module = _module_of(obj)
                if (
                    module is not None
                    and module.__name__ not in cloudpickle.list_registry_pickle_by_value()
                    and by_value(module)
                ):
                    cloudpickle.register_pickle_by_value(module)
                    registered.append(module)
                return super().reducer_override(obj)

        buffer = io.BytesIO()
        try:
            Pickler(buffer).dump(obj)
        finally:
            for module in registered:
                cloudpickle.unregister_pickle_by_value(module)
        return buffer.getvalue()

    def _complaint(self, body: Body, error: Exception) -> UsageError:
        from multiprocessing.context import get_spawning_popen

        what = f"target {body.label!r} with its state"
        parts = [(f"target {body.label!r}", body.target)]
        parts += [(f"state[{i}] of target {body.label!r}", arg) for i, arg in enumerate(body.args)]
        for name, part in parts:
            try:
                self._dumps(part, _is_strange)
            except Exception as cause:
                what, error = f"{name}, {shortened(repr(part), _SHOWN)},", cause
                break
        method = getattr(get_spawning_popen(), "method", "spawn")
        return UsageError(
            f"{what} cannot be pickled for start method {method!r} ({summary_of(error)}); expected what can travel to another"
            " process: plain data, functions, and the objects that `shared` makes"
        )


def _with_its_file(code: CodeType, reduced: Any) -> tuple[Any, ...]:
    """How code travels: cloudpickle leaves out the file it came from, by which scope and reports know it."""
    make, arguments, *rest = reduced
    return _made, (code.co_filename, make, arguments), *rest


def _made(file: str, make: Callable[..., CodeType], arguments: tuple[Any, ...]) -> CodeType:
    return make(*arguments).replace(co_filename=file)


def is_importable(module: ModuleType) -> bool:
    """Whether a fresh interpreter with this one's path finds that very module under its name."""
    file = _file(module)
    return module.__name__ in sys.builtin_module_names or (
        file is not None and _finds(module.__name__, os.path.realpath(file), tuple(sys.path))
    )


@functools.lru_cache(maxsize=1_000)
def _finds(name: str, file: str, _path: tuple[str, ...]) -> bool:
    parts, where, found = name.split("."), None, None
    for end in range(1, len(parts) + 1):
        try:
            found = PathFinder.find_spec(".".join(parts[:end]), where)
        except (ImportError, ValueError):
            return False
        if found is None:
            return False
        where = found.submodule_search_locations
    return found is not None and found.origin is not None and os.path.realpath(found.origin) == file


def _is_strange(module: ModuleType) -> bool:
    return module.__name__ != "__main__" and not is_importable(module)


def _file(module: ModuleType) -> str | None:
    return getattr(module, "__file__", None)


def _module_of(obj: object) -> ModuleType | None:
    if isinstance(obj, FunctionType | type):
        module = sys.modules.get(obj.__module__)
        return module if isinstance(module, ModuleType) else None
    return None

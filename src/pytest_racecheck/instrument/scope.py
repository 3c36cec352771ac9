"""Which source files are the project's own, or were named to be treated like it."""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType
from typing import Any

from pytest_racecheck.model.errors import UsageError

_INSTALLED = frozenset({"site-packages", "dist-packages", ".tox", ".nox", "__pypackages__"})
# What `collections.namedtuple` calls the module of the code that it makes.
_NAMEDTUPLE = "namedtuple_"
_OWN_PACKAGE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))


class ScopeError(UsageError):
    """A package named for the scope cannot be found: `name`, as `where` says."""

    def __init__(self, name: str, where: str = "scope") -> None:
        super().__init__(
            f"{where} names {name!r}, which cannot be found; expected a module or package that can be imported here"
        )
        self.name = name


@dataclass(frozen=True)
class Scope:
    """The code to instrument: what lies under the project's root and is not installed, the packages named, and `files`.

    Named packages are found once, when the scope is made; a copy in another process does not look again.
    """

    root: Path
    packages: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    places: tuple[str, ...] = field(default=(), repr=False, compare=False)
    _known: dict[str, bool] = field(
        default_factory=dict, init=False, repr=False, compare=False, hash=False
    )

    def __post_init__(self) -> None:
        """Find the packages, unless this is a copy that knows their places."""
        object.__setattr__(self, "root", Path(os.path.realpath(self.root)))
        if self.packages and not self.places:
            places = tuple(place for name in self.packages for place in _places(name))
            object.__setattr__(self, "places", places)

    def __reduce__(self) -> tuple[type[Scope], tuple[Path, *tuple[tuple[str, ...], ...]]]:
        """Travel with what was found, without what was asked."""
        return type(self), (self.root, self.packages, self.files, self.places)

    def contains(self, filename: str) -> bool:
        """Whether code from that file is in scope."""
        known = self._known.get(filename)
        if known is None:
            known = self._known[filename] = self._decide(filename)
        return known

    def has(self, code: CodeType, namespace: dict[str, Any]) -> bool:
        """Whether a function with that code and those globals is in scope.

        Code that was made from a string bears the name of no file, and the same name for everybody: the methods of a dataclass and what
        `python -c` runs are both from "<string>". There the module tells whose it is.
        """
        return self.contains(code.co_filename) and not (
            code.co_filename.startswith("<") and self._is_made_elsewhere(namespace)
        )

    def _is_made_elsewhere(self, namespace: dict[str, Any]) -> bool:
        file = namespace.get("__file__")
        if isinstance(file, str):
            return not self.contains(file) and _is_foreign(_real(file), str(self.root))
        return str(namespace.get("__name__")).startswith(_NAMEDTUPLE)

    def is_project(self, filename: str) -> bool:
        """Whether it is in scope by itself, and not because its package was named."""
        if filename in self.files:
            return True
        path, root = _real(filename), str(self.root)
        return path.startswith(root.rstrip(os.sep) + os.sep) and not _is_foreign(path, root)

    def modules(self) -> list[str]:
        """The names of the loaded modules that are in scope, sorted."""
        return sorted(filter(self._has_module, list(sys.modules)))

    def _has_module(self, name: str) -> bool:
        namespace = _namespace(name)
        filename = namespace.get("__file__")
        if isinstance(filename, str) and self.contains(filename):
            return True
        spec = namespace.get("__spec__")
        if not isinstance(spec, ModuleSpec) or spec.origin != "frozen":
            return False
        return self.contains(_frozen(name)) or self.contains(_frozen(spec.name))

    def _decide(self, filename: str) -> bool:
        if filename in self.files:
            return True
        if filename.startswith("<"):
            return filename in self.places or any(
                place.endswith(".") and filename.startswith(place) for place in self.places
            )
        path = _real(filename)
        if any(path == place or path.startswith(place + os.sep) for place in self.places):
            return True
        return self.is_project(filename)


def _is_foreign(path: str, root: str) -> bool:
    """Whether a file under the root belongs to the interpreter, an environment or this plugin, which cannot watch itself."""
    if _is_under(path, _OWN_PACKAGE):
        return True
    if any(_is_under(path, place) and not _is_under(root, place) for place in _foreign_places()):
        return True
    folder = os.path.dirname(path)
    while len(folder) > len(root):
        if os.path.basename(folder) in _INSTALLED or _is_environment(folder):
            return True
        folder = os.path.dirname(folder)
    return False


def _real(path: str) -> str:
    return _absolute(path) if os.path.isabs(path) else os.path.realpath(path)


@cache
def _absolute(path: str) -> str:
    """Where an absolute path leads. A session asks for all modules: a folder that many files share is followed once."""
    folder, name = os.path.split(path)
    if name in ("", os.curdir, os.pardir) or os.path.islink(path):
        return os.path.realpath(path)
    return os.path.join(_absolute(folder), name)


def _is_under(path: str, place: str) -> bool:
    return path == place or path.startswith(place + os.sep)


@cache
def _is_environment(folder: str) -> bool:
    return os.path.exists(os.path.join(folder, "pyvenv.cfg"))


@cache
def _foreign_places() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    named = (paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    return tuple(os.path.realpath(path) for path in named)


def _places(name: str) -> Iterator[str]:
    """Where the code of a package or module comes from: files, folders, and names of frozen code."""
    spec = _find(name)
    yield _frozen(name)
    yield _frozen(name)[:-1] + "."
    for folder in spec.submodule_search_locations or ():
        yield os.path.realpath(folder)
    # A frozen module's functions may still name the file it was frozen from.
    for origin in (spec.origin, getattr(spec.loader_state, "filename", None)):
        if isinstance(origin, str) and os.path.exists(origin):
            yield os.path.realpath(origin)


def check_names(names: Iterable[str], where: str) -> None:
    """Raise ScopeError unless all packages can be found that `where` names."""
    for name in names:
        try:
            _find(name)
        except ScopeError as error:
            raise ScopeError(error.name, where) from None


def _frozen(name: str) -> str:
    aliases = {
        "_frozen_importlib": "importlib._bootstrap",
        "_frozen_importlib_external": "importlib._bootstrap_external",
    }
    return f"<frozen {aliases.get(name, name)}>"


def _find(name: str) -> ModuleSpec:
    namespace = _namespace(name)
    spec, file = namespace.get("__spec__"), namespace.get("__file__")
    if not isinstance(spec, ModuleSpec):
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError):
            # A module may have put an object of its own into its place, which has no spec.
            spec = importlib.util.spec_from_file_location(name, file) if file else None
    if spec is None:
        raise ScopeError(name)
    return spec


def _namespace(name: str) -> dict[str, Any]:
    """What a loaded module holds. To ask the module itself would load one that is loaded lazily."""
    try:
        found: dict[str, Any] = object.__getattribute__(sys.modules.get(name), "__dict__")
    except AttributeError:
        return {}
    return found

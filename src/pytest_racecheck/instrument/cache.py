"""Templates kept from one use to the next, in memory and beside the compiled modules.

Rewriting a function takes milliseconds and binding its template microseconds; without the cache a spawned child would pay
for the same functions at every start.

A template is found by a fingerprint of all that the rewriting depends on, so it does not matter whether a module was edited,
compiled again or passed through pytest's assertion rewriting. All templates of a source file lie in one file in its
`__pycache__`; that file is only a copy of what can be made again, so every trouble with it is passed over in silence.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import marshal
import os
import sys
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any, Final

from pytest_racecheck.instrument.template import Template

#: To be raised whenever the rewriting or the layout of the files changes.
FORMAT: Final = 8

_HEADER: Final = b"racecheck %d\n" % FORMAT + importlib.util.MAGIC_NUMBER
_DIGEST_SIZE: Final = 16
# Edits leave the templates of older text behind; a file that grows beyond this is begun anew.
_MOST_TEMPLATES: Final = 5_000


class TemplateCache:
    """Gives the template of any code, made at most once for each text and interpreter."""

    def __init__(self) -> None:
        # By id of the code, which is kept alive so that the id stays its own.
        self._by_identity: dict[int, tuple[CodeType, Template]] = {}
        self._stores: dict[str, _Store] = {}

    def template(self, code: CodeType) -> Template:
        """The template of `code`; raises RewriteError where it cannot be rewritten."""
        known = self._by_identity.get(id(code))
        if known is None:
            known = self._by_identity[id(code)] = (code, self._find_or_make(code))
        return known[1]

    def save(self) -> None:
        """Write what was made since the last time, as far as it can be written."""
        if not sys.dont_write_bytecode:
            for store in self._stores.values():
                store.save()

    def _find_or_make(self, code: CodeType) -> Template:
        store = self._stores.get(code.co_filename)
        if store is None:
            store = self._stores[code.co_filename] = _Store(cache_path(code.co_filename))
        key = fingerprint(code)
        template = store.get(key)
        if template is None:
            from pytest_racecheck.instrument.rewrite import rewrite

            template = rewrite(code)
            store.put(key, template)
        return template


@cache
def process_cache() -> TemplateCache:
    """The cache that all instrumentations of this process share."""
    return TemplateCache()


class _Store:
    """The templates of one source file, by fingerprint."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._entries = {} if path is None else _read(path)
        self._changed = False

    def get(self, key: bytes) -> Template | None:
        packed = self._entries.get(key)
        if packed is None:
            return None
        try:
            return _from_plain(marshal.loads(packed))
        except (ValueError, EOFError, TypeError):
            return None

    def put(self, key: bytes, template: Template) -> None:
        if len(self._entries) >= _MOST_TEMPLATES:
            self._entries.clear()
        # Other tools may have put constants into the code that cannot be written either.
        with contextlib.suppress(ValueError):
            self._entries[key] = marshal.dumps(_to_plain(template))
            self._changed = True

    def save(self) -> None:
        if self._changed and self._path is not None:
            _write(self._path, self._entries)
        self._changed = False


def cache_path(source: str) -> Path | None:
    """The file for the templates of a source file; None where there is no place for one."""
    if source.startswith("<") or not os.path.exists(source):
        return None
    try:
        compiled = Path(importlib.util.cache_from_source(source))
    except (NotImplementedError, ValueError):
        return None
    return compiled.with_name(f"{compiled.stem}-racecheck-{FORMAT}.pyc")


def _read(path: Path) -> dict[bytes, bytes]:
    try:
        content = path.read_bytes()
    except OSError:
        return {}
    start = len(_HEADER) + _DIGEST_SIZE
    body = content[start:]
    # Marshalled data must be known to be whole before it is loaded: damaged data can crash the interpreter.
    if content[:start] != _HEADER + _digest(body):
        return {}
    entries = marshal.loads(body)
    return entries if isinstance(entries, dict) else {}


def _write(path: Path, entries: dict[bytes, bytes]) -> None:
    body = marshal.dumps(entries)
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(_HEADER + _digest(body) + body)
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_DIGEST_SIZE).digest()


def _to_plain(template: Template) -> tuple[CodeType, dict[int, Any]]:
    return (template.code, {index: _to_plain(inner) for index, inner in template.nested.items()})


def _from_plain(plain: tuple[CodeType, dict[int, Any]]) -> Template:
    code, nested = plain
    return Template(code, {index: _from_plain(inner) for index, inner in nested.items()})


def fingerprint(code: CodeType) -> bytes:
    """The same for two code objects only if they are the same in all that their rewritten form shows."""
    return _digest(repr(_identity(code)).encode("utf-8", "surrogatepass"))


def _identity(value: object) -> object:
    """A value with one `repr` in every process, whatever the seed of its hashes."""
    if isinstance(value, CodeType):
        return (
            *(getattr(value, name) for name in _IDENTIFYING),
            tuple(_identity(constant) for constant in value.co_consts),
        )
    if isinstance(value, tuple):
        return ("tuple", tuple(_identity(item) for item in value))
    if isinstance(value, int):
        # The decimal digits of a long integer are refused.
        return (type(value).__name__, hex(value))
    if isinstance(value, frozenset):
        return ("frozenset", sorted(repr(_identity(item)) for item in value))
    return value


_IDENTIFYING = (
    "co_filename",
    "co_firstlineno",
    "co_qualname",
    "co_name",
    "co_code",
    "co_names",
    "co_varnames",
    "co_freevars",
    "co_cellvars",
    "co_flags",
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_stacksize",
    "co_linetable",
    "co_exceptiontable",
)

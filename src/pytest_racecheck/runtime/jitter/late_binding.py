"""`from _thread import start_new_thread`, without losing sight of what is started.

Patches stand in modules where callers look names up. Who imported the function itself has nothing to look up; so a module in
scope that did gets a function in its place that looks.
"""

from __future__ import annotations

import _thread
from types import ModuleType
from typing import Any

_BARE = _thread.start_new_thread


def bind_late(module: ModuleType) -> None:
    """Have the module find what stands in the place of the bare start, now and later."""
    for name, value in list(vars(module).items()):
        if value is _BARE:
            setattr(module, name, _start_late)


def _start_late(*args: Any) -> int:
    return _thread.start_new_thread(*args)

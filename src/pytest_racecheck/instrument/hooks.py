"""What rewritten code calls: once before each instruction that may touch something shared."""

from __future__ import annotations

from typing import Protocol

from pytest_racecheck.model.operation import Site


class Hooks(Protocol):
    """The two entry points of whoever wants to know; what they raise is raised in the program."""

    def access(self, obj: object, site: Site, /) -> None:
        """Run just before the instruction at `site` acts on `obj`.

        `obj` is the very object: of a global the module's dictionary, of a closure variable its
        cell, of an import `sys.modules`.
        """

    def call(self, callee: object, site: Site, /) -> None:
        """Run just before `callee` is called; a method arrives bound, with its `__self__`."""

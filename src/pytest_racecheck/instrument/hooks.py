"""What rewritten code calls: once before each instruction that may touch something shared."""

from __future__ import annotations

from typing import Any, Protocol

from pytest_racecheck.model.operation import Site


class Hooks(Protocol):
    """The two entry points of whoever wants to know; what they raise is raised in the program."""

    def place(self, site: Site, /) -> Any:
        """What the other hooks are to be handed for `site`: the site itself, or something that is quicker to use."""

    def access(self, obj: object, place: Any, /) -> None:
        """Run just before the instruction at `place` acts on `obj`.

        `obj` is the very object: of a global the module's dictionary, of a closure variable its
        cell, of an import `sys.modules`; and None before a `yield`, which is about the generator that it stands in, and where a function begins or ends.
        """

    def call(self, callee: object, place: Any, /, *arguments: object) -> None:
        """Run just before `callee` is called; a method arrives bound, with its `__self__`.

        `arguments` are the first two at most, and only where the source gives them one by one.
        """

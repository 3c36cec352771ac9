"""The errors the project raises, apart from those of the program under test.

Those that users see carry the package as their module: that is where they are imported from, and what a traceback should say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_racecheck.model.report import RaceReport

_PACKAGE = "pytest_racecheck"


class RacecheckError(Exception):
    """Any error of the tool itself, so that it is never mistaken for one of the program under test."""


class UsageError(RacecheckError, ValueError):
    """The caller asked for something that cannot be: the message names the word, what it was, and what was expected."""

    __module__ = _PACKAGE


class SetupFailed(RacecheckError):
    """`setup` raised, so there was nothing to run; chained to what it raised."""

    __module__ = _PACKAGE


class InternalError(RacecheckError):
    """Something went wrong in the tool itself: nothing is said of the program. Chained to what it was."""

    __module__ = _PACKAGE


class CheckFailed(AssertionError):
    """`check` returned False."""

    __module__ = _PACKAGE


class VerdictError(AssertionError):
    """A report does not bear out what the test asserted of it; `report` is that report."""

    def __init__(self, message: str, report: RaceReport | None = None) -> None:
        super().__init__(message)
        self.report = report

    def __reduce__(self) -> tuple[type[VerdictError], tuple[str]]:
        """Travel to another process without the report, which may hold live objects."""
        return type(self), (str(self),)


class RaceFound(VerdictError):
    """The order of events can break the program. Chained to the program's own exception."""

    __module__ = _PACKAGE


class RaceNotFound(VerdictError):
    """A race was expected and none was found."""

    __module__ = _PACKAGE


class Inconclusive(VerdictError):
    """The campaign ended without a verdict, and the message says why."""

    __module__ = _PACKAGE

"""Modules in few words."""

from __future__ import annotations

from pytest_racecheck.report.modules import modules_in_short


def test_packages_are_counted_and_modules_named() -> None:
    """A package with several modules is one entry."""
    modules = ["app.core", "app.web", "app", "test_core", "tests.only", "app"]
    assert modules_in_short(modules) == "app (3 modules), test_core, tests.only"
    assert modules_in_short([]) == ""

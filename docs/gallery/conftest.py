"""Guarantees that the gallery passes with the plugin on, with it off, and without it.

Racy programs are skipped unless ``--racecheck`` is given: a plain run shows their race only now
and then, and a test that fails now and then is what this project is against.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

GALLERY = Path(__file__).parent
FIXTURES = {"race", "thread_race", "process_race", "manager_race"}
ABSENT = object()


def plugin_is_here(config: pytest.Config) -> bool:
    """True when pytest-racecheck is installed and loaded."""
    return config.getoption("--racecheck", default=ABSENT) is not ABSENT


def plugin_is_on(config: pytest.Config) -> bool:
    """True when tests are run under jitter."""
    return plugin_is_here(config) and bool(config.getoption("--racecheck"))


def pytest_configure(config: pytest.Config) -> None:
    """Makes the marker known without the plugin, and the test modules importable by children.

    A child that is not forked imports its target by name. With ``--import-mode=importlib`` that name
    starts at the root of the project, which is then not on the path by itself.
    """
    if str(config.rootpath) not in sys.path:
        sys.path.append(str(config.rootpath))
    if not plugin_is_here(config):
        config.addinivalue_line("markers", "racecheck(**words): read by pytest-racecheck")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skips what has nothing to say in this session, and says why."""
    for item in items:
        if GALLERY in item.path.parents and (reason := why_skip(config, item)):
            item.add_marker(pytest.mark.skip(reason=reason))


def why_skip(config: pytest.Config, item: pytest.Item) -> str:
    """The reason to leave a gallery test out, or an empty string."""
    if FIXTURES & set(getattr(item, "fixturenames", ())) and not plugin_is_here(config):
        return "uses a fixture of pytest-racecheck, which is not loaded"
    marker = item.get_closest_marker("racecheck")
    racy = marker is not None and marker.kwargs.get("expect") == "race"
    if racy and not plugin_is_on(config):
        return "racy on purpose; shown by --racecheck"
    return ""

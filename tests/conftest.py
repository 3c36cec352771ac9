"""What all tests share."""

from __future__ import annotations

import os

import pytest

# Hundreds of processes are started here. Each would compile anew what it imports where an environment asks for no bytecode on disk.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

pytest_plugins = ["pytester"]

_FORKING = (
    "tests/unit/runtime/processes/",
    "tests/quality/test_processes",
    "tests/unit/runtime/jitter/test_process",
    "tests/property/test_counters",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The suite is to take minutes; the figures that need more are asked for."""
    parser.addoption(
        "--thorough", action="store_true", help="measure search power with all seeds and runs"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "thorough: takes long, and is run with --thorough only")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes long, unless it is asked for, and begin with what forks most: the larger a process has grown, the dearer that is."""
    items.sort(key=lambda item: not _forks_much(item))
    if config.getoption("thorough"):
        return
    left_out = [item for item in items if item.get_closest_marker("thorough")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _forks_much(item: pytest.Item) -> bool:
    return item.nodeid.startswith(_FORKING)


@pytest.fixture(scope="session")
def thorough(pytestconfig: pytest.Config) -> bool:
    """Whether this run may take half an hour."""
    return bool(pytestconfig.getoption("thorough"))

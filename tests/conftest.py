"""What all tests share."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """The suite is to take minutes; the figures that need more are asked for."""
    parser.addoption(
        "--thorough", action="store_true", help="measure search power with all seeds and runs"
    )


@pytest.fixture(scope="session")
def thorough(pytestconfig: pytest.Config) -> bool:
    """Whether this run may take half an hour."""
    return bool(pytestconfig.getoption("thorough"))

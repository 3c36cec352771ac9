"""The fixtures, for projects that turn the automatic loading of plugins off: import the ones you need in a conftest.py."""

from __future__ import annotations

from pytest_racecheck.plugin.fixtures import manager_race, process_race, race, thread_race

__all__ = ["manager_race", "process_race", "race", "thread_race"]

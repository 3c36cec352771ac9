"""How many operations a task has before it."""

from __future__ import annotations

from pytest_racecheck.strategies.remaining import Remaining


def test_descendants_count_for_their_ancestors() -> None:
    """A task that will start others has their operations before it, too, down to the last generation."""
    parents = {"main": None, "main/a": "main", "main/a/b": "main/a", "main/c": "main"}
    remaining = Remaining({"main": 1, "main/a": 2, "main/a/b": 4, "main/c": 8}, parents)
    assert [remaining.of(key) for key in parents] == [15, 6, 4, 8]


def test_a_task_that_did_nothing_has_nothing_before_it() -> None:
    """Being known and not counted is zero; being unknown is the least of the counts."""
    remaining = Remaining({"a": 5, "b": 3}, {"a": None, "b": None, "idle": None})
    assert remaining.of("idle") == 0
    assert remaining.of("new") == 3
    assert Remaining({}, {}).of("new") == 0

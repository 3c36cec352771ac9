"""What a watched run did, step by step: one whole number a step.

A run may have millions of steps, and two such logs are compared. As tuples each step would take a hundred bytes, and most of the time of a long run
would go into getting memory for it.
"""

from __future__ import annotations

from array import array
from typing import TypeAlias

#: The steps of one run.
Log: TypeAlias = "array[int]"
_TASK_BITS, _POINT_BITS = 12, 24
# Points of primitives have numbers below zero.
_BELOW = 1 << (_POINT_BITS - 1)


def new_log() -> Log:
    """One with no steps."""
    return array("q")


def packed(task: int, point: int, resource: int) -> int:
    """A step: which task did something where, and to which resource."""
    return (((resource << _POINT_BITS) + point + _BELOW) << _TASK_BITS) + task


def unpacked(step: int) -> tuple[int, int, int]:
    """Task, point and resource of a step."""
    rest, task = divmod(step, 1 << _TASK_BITS)
    resource, point = divmod(rest, 1 << _POINT_BITS)
    return task, point - _BELOW, resource

"""What a watched run did, a number a step."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_racecheck.campaign.sameness import first_difference
from pytest_racecheck.runtime.threads.log import new_log, packed, unpacked


@given(
    st.integers(0, (1 << 12) - 1),
    st.integers(-(1 << 23), (1 << 23) - 1),
    st.integers(0, (1 << 27) - 1),
)
def test_a_step_comes_back_as_it_was(task: int, point: int, resource: int) -> None:
    """Numbers of primitives, which are below zero, included; and it fits in its place."""
    log = new_log()
    log.append(packed(task, point, resource))
    assert unpacked(log[0]) == (task, point, resource)


def test_the_first_difference_is_told() -> None:
    """By the step's number and what it was."""
    first, second = new_log(), new_log()
    first.append(packed(0, -3, 1))
    second.append(packed(0, -3, 1))
    assert first_difference(first, second, lambda _: None) is None
    first.append(packed(1, -4, 2))
    told = first_difference(first, second, lambda _: None)
    assert told is not None
    assert "step 1 was task 1 at primitive 4 (resource 2) and then the end of the run" in told

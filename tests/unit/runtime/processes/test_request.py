"""What a task asks for, as it travels."""

from __future__ import annotations

import marshal

import pytest

from pytest_racecheck.runtime.processes.request import Request, Told

PLACE = ("counter.py", 7, "add")


@pytest.mark.parametrize(
    "request_",
    [
        Request("touch", ("memory", 1, 2, 0), True),
        Request("take", ("semaphore", "/mp-1"), True, PLACE, None, (1, True, None)),
        Request("touch", ("file", "x"), False, PLACE, Told("READ", "'x'", (1, 2, 3), "read", "1")),
    ],
    ids=lambda request: request.what,
)
def test_a_request_survives_its_journey(request_: Request) -> None:
    """It consists of plain values, and is the same on the other side, whether a report wants to know more or not."""
    arrived = Request.of(marshal.loads(marshal.dumps(request_.plain())))
    assert arrived == request_
    assert type(arrived.told) is type(request_.told)

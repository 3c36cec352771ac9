"""How much of a family of tests an ordinary run of the suite goes through.

What costs a fork or a server for every schedule takes minutes for all members of a family that share their mechanism. So one of each
kind is run every time, and all of them with `--thorough`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pytest


def one_of_each_kind(cases: Iterable[Any], kinds: Collection[Any]) -> list[Any]:
    """Parameters: the cases among `kinds`, by themselves or by their texts, and the others for thorough runs only."""
    return [
        case
        if case in kinds or str(case) in kinds
        else pytest.param(case, marks=pytest.mark.thorough)
        for case in cases
    ]

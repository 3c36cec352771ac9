"""What a campaign concludes."""

from __future__ import annotations

import enum


class Verdict(enum.Enum):
    """The answer to: can the order of events break the program?"""

    RACE_FOUND = "race found"
    PROVED = "proved race-free"
    NOT_FOUND = "not found"
    INCONCLUSIVE = "inconclusive"

    def __str__(self) -> str:
        return self.value

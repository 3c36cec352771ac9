"""What `--racecheck-replay` asks for: a token, and which of a test's campaigns it is for.

An unmodified test is one campaign. A test that uses the fixtures may ask for several, and the others then have to be what they always are, or
the test would not come as far as the one that is wanted. So the command that a report prints ends in `@2` where its campaign was the second.
Hypothesis calls a test as often as it likes, and tries what failed before first: there the number says nothing, and all are replays.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from pytest_racecheck.model.errors import UsageError


class WantedReplay(NamedTuple):
    """A token and the number of the campaign within its test, from 1."""

    token: str
    campaign: int = 1

    @classmethod
    def parse(cls, text: object, source: str) -> WantedReplay:
        """What `text` asks for. Raises UsageError, in one line, for anything else; `source` spells where it came from."""
        from pytest_racecheck.model.token import Token

        token, at, number = text.partition("@") if isinstance(text, str) else (text, "", "")
        parsed = str(Token.parse(token, source))
        campaign = int(number) if number.isdecimal() else 0
        if at and not campaign:
            raise UsageError(
                f"{source} ends in {at + number!r}; expected nothing or, as in '@2', the number of a campaign after the token"
            )
        return cls(parsed, campaign or 1)

    def is_for(self, item: pytest.Item, call: int) -> bool:
        """Whether the `call`-th campaign that the test asks for, from 1, is the one."""
        return call == self.campaign or is_called_again(item)


def is_called_again(item: pytest.Item) -> bool:
    """Whether it is hypothesis that calls the test."""
    return bool(getattr(getattr(item, "obj", None), "is_hypothesis_test", False))


def spelled(token: str, item: pytest.Item, call: int) -> str:
    """What asks for the token of the `call`-th campaign of a test."""
    return token if call == 1 or is_called_again(item) else f"{token}@{call}"

"""What a test's own time limit leaves for a campaign.

pytest-timeout limits the whole test, all runs together. A campaign that took its default budget would make every test with
a short limit fail; so its budget is at most two fifths of it, for a judgement may take as long again. The limit is learned from the hook that pytest-timeout calls when it
starts its clock, which is public, rather than from its options.
"""

from __future__ import annotations

from typing import Any

import pytest

from pytest_racecheck.model.settings import DEFAULT_SECONDS, Settings

_SHARE = 0.4
_KEY = pytest.StashKey[float]()


class TimeLimits:
    """Notes the limit of each test that has one."""

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_timeout_set_timer(self, item: pytest.Item, settings: Any) -> None:
        """Note the limit and leave the clock to others."""
        item.stash[_KEY] = float(settings.timeout)


def within_limit(settings: Settings, item: pytest.Item) -> Settings:
    """`settings` with no more seconds than the item's time limit leaves."""
    limit = item.stash.get(_KEY, None)
    if limit is None:
        return settings
    seconds = min(settings.seconds or DEFAULT_SECONDS, limit * _SHARE)
    return Settings(seconds=seconds).over(settings)


def timed_out(error: BaseException) -> bool:
    """Whether `error` was raised by pytest-timeout's signal handler, wherever the test stood."""
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_globals.get("__name__") == "pytest_timeout":
            return True
        traceback = traceback.tb_next
    return False

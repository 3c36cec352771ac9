"""Waiting for signals: `signal.sigwait` goes on waiting whatever its handlers raise, `sigwaitinfo` does not.

All tasks share one OS thread, and nothing else could get it out of such a call.
"""

from __future__ import annotations

import signal
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.patches import Replacement

_sigwait: Any = getattr(signal, "sigwait", None)
_signals: Any = getattr(signal, "Signals", int)
_wait_for: Any = getattr(signal, "sigwaitinfo", None)


def sigwait(sigset: Iterable[int]) -> signal.Signals:
    """Wait for one of the signals in `sigset`."""
    number = _wait_for(sigset).si_signo
    try:
        return _signals(number)  # type: ignore[no-any-return]
    except ValueError:
        # Most real-time signals have no names.
        return number  # type: ignore[no-any-return]


REPLACEMENTS: tuple[Replacement, ...] = (
    ((_sigwait, sigwait),) if _sigwait is not None and _wait_for is not None else ()
)

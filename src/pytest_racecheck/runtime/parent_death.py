"""Ending with one's parent: whoever is killed has no time to end its children."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Any

_PR_SET_PDEATHSIG = 1
# Found once: each child would have to find it for itself.
_prctl: Any = getattr(ctypes.pythonapi, "prctl", None) if sys.platform == "linux" else None


def end_with_parent(parent: int = 0) -> None:
    """Have the kernel kill this process when its parent ends, where it can see to that; if `parent` is given, and is that no more, end at once."""
    if _prctl is None:
        return
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent and os.getppid() != parent:
        os._exit(1)

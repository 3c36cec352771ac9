"""Forks that are ours and not the program's."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def unwarned_fork(context: Any) -> Iterator[None]:
    """Fork inside the block without Python's warning that this process has threads.

    Whoever made the threads (the program, a worker of pytest-xdist) did not choose to fork beside them, and cannot mend it.
    From 3.15 on a warning that is an error would even lose the child: it is raised when the child is already there.
    """
    with warnings.catch_warnings():
        if context.get_start_method() == "fork":
            warnings.filterwarnings("ignore", ".*use of fork", DeprecationWarning)
        yield

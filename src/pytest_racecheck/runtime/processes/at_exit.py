"""What multiprocessing does at the end of a process: it joins the children that are left, and waits until what was put into queues has gone.

Up to 3.12 that is the last thing in `Process._bootstrap`. From 3.13 on it is a function that the process calls at exit, which is later than all that
we see of it; so it is called here, when the process's own code is through. What is called at exit is called once.
"""

from __future__ import annotations

import atexit
import sys

_IS_LATER = sys.version_info >= (3, 13)


def finish() -> None:
    """Do now what is left to do at exit."""
    if _IS_LATER:
        atexit._run_exitfuncs()

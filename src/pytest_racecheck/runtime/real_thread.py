"""The class that threads are really made of.

A project, or what it debugs with, may put a class of its own in the place of `threading.Thread`. What is to hold for all threads is done to the
class that has the methods, which the main thread is made of as well; and nothing is left behind in anybody else's.
"""

from __future__ import annotations

import threading
from typing import Any

RealThread: Any = next(
    kind for kind in type(threading.main_thread()).__mro__ if "_bootstrap_inner" in vars(kind)
)

"""What most programs of these tests do: run a few functions in processes, at the same time."""

from __future__ import annotations

import multiprocessing
from typing import Any

FORK = multiprocessing.get_context("fork")


def concurrently(*targets: Any) -> None:
    """Run each target, with its arguments, in a process."""
    processes = [FORK.Process(target=target, args=args) for target, *args in targets]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

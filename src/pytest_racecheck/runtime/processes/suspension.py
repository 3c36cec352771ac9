"""What the library does by the way is nobody's operation."""

from __future__ import annotations

from typing import Any

from pytest_racecheck.runtime.context import IDLE, control


class uncontrolled:  # noqa: N801
    """Inside the block the calling task is none, and whatever is called is the original; nobody else goes on meanwhile.

    `patiently`: it may take long, and hangs all the same for nobody.
    """

    def __init__(self, *, patiently: bool = False) -> None:
        self._patiently = patiently

    def __enter__(self) -> None:
        """Forget the task."""
        scheduler: Any = control.scheduler
        self._scheduler, self._outer = scheduler, control.suspended
        if scheduler is IDLE:
            return
        self._current, self._patient = scheduler.current, scheduler.patient
        # Hooks ask the scheduler that they know, primitives the one in control.
        scheduler.current = IDLE.current
        control.scheduler, control.suspended = IDLE, scheduler
        scheduler.patient |= self._patiently

    def __exit__(self, *exc: object) -> None:
        """Become the task again."""
        scheduler = self._scheduler
        if scheduler is IDLE:
            return
        scheduler.patient = self._patient
        if scheduler.current is IDLE.current:
            scheduler.current = self._current
        if control.scheduler is IDLE:
            control.scheduler = scheduler
        control.suspended = self._outer

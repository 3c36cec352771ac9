"""What the library does by the way is nobody's operation."""

from __future__ import annotations

from pytest_racecheck.runtime.context import IDLE, control


class uncontrolled:  # noqa: N801
    """Inside the block the calling task is none, and whatever is called is the original; nobody else goes on meanwhile.

    `patiently`: it may take long, and hangs all the same for nobody.
    """

    def __init__(self, *, patiently: bool = False) -> None:
        self._patiently = patiently

    def __enter__(self) -> None:
        """Forget the task."""
        scheduler = control.scheduler
        if self._patiently:
            self._patient = getattr(scheduler, "patient", False)
            scheduler.patient = True
        self._scheduler = scheduler
        self._current = scheduler.current
        if scheduler is not IDLE:
            scheduler.current = IDLE.current

    def __exit__(self, *exc: object) -> None:
        """Become the task again."""
        if self._patiently:
            self._scheduler.patient = self._patient
        if self._scheduler is not IDLE and self._scheduler.current is IDLE.current:
            self._scheduler.current = self._current

"""What is mapped into the memory of this process, as the system lists it."""

from __future__ import annotations

import os
from dataclasses import dataclass

# While a campaign is on, modules hold a controlled one.
_open = open


@dataclass(frozen=True, slots=True)
class Mapping:
    """A file, or what stands for one, by device and number; how far into it the mapping begins, and whether others see what is written."""

    device: str
    number: str
    offset: int
    shared: bool

    @property
    def file(self) -> tuple[int, int]:
        """Device and number, as `os.stat` gives them."""
        major, minor = (int(part, 16) for part in self.device.split(":"))
        return os.makedev(major, minor), int(self.number)


def mapped_at(address: int) -> Mapping | None:
    """What lies at that address; None for memory of the process's own, and where the system does not say."""
    try:
        with _open("/proc/self/maps", encoding="ascii", errors="replace") as file:
            lines = file.read().splitlines()
    except OSError:
        return None
    for line in lines:
        span, access, offset, device, number, *_ = line.split(None, 5)
        start, _, end = span.partition("-")
        if int(start, 16) <= address < int(end, 16):
            return (
                None if number == "0" else Mapping(device, number, int(offset, 16), "s" in access)
            )
    return None

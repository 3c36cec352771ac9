"""How one thing is said everywhere alike: counts, labels, values and exceptions in a few words."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")
_WIDTH = 120


def plural(count: int, noun: str) -> str:
    """`count` of them: "1 run", "2 runs"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def shortened(text: str, width: int = _WIDTH) -> str:
    """`text`, cut off with an ellipsis where it is longer than `width`."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def summary_of(error: BaseException) -> str:
    """The exception's type and the first line of its message, without addresses: they differ from run to run."""
    lines = _ADDRESS.sub("0x…", str(error).strip()).splitlines()
    kind = type(error).__name__
    return shortened(f"{kind}: {lines[0]}") if lines else kind


def label_of(target: object, otherwise: str) -> str:
    """What a report calls tasks with that target: its name, that of the function in a partial, or `otherwise`."""
    named = getattr(target, "__name__", None) or getattr(
        getattr(target, "func", None), "__name__", None
    )
    return str(named or otherwise).strip("<>_") or "task"

"""Which modules were in scope, in a few words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from pytest_racecheck.model.wording import plural


def modules_in_short(modules: Iterable[str]) -> str:
    """The packages with how many of their modules, and modules outside of packages by name."""
    names = sorted(set(modules))
    counts = Counter(name.partition(".")[0] for name in names)
    alone = [root for root, count in counts.items() if count == 1]
    by_root = {name.partition(".")[0]: name for name in names}
    return ", ".join(
        by_root[root] if root in alone else f"{root} ({plural(count, 'module')})"
        for root, count in sorted(counts.items())
    )

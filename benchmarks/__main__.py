"""The command: `python -m benchmarks [TABLE ...] [--quick]`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

QUALITY = Path(__file__).resolve().parent.parent / "tests" / "quality"


def main() -> None:
    """Print the tables asked for, or all."""
    # The kernels are the project under test: found by name, and in scope.
    sys.path.insert(0, str(QUALITY))
    os.chdir(QUALITY)
    from benchmarks import finding, memory, processes, rates, speed, steps, stretch, twins

    tables = {
        "speed": speed.table, "processes": processes.table, "steps": steps.table, "memory": memory.table, "rates": rates.table,
        "finding": finding.table, "twins": twins.table, "safestack": stretch.table,
    }  # fmt: skip
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"of: {', '.join(tables)}")
    parser.add_argument("--quick", action="store_true", help="a tenth of the schedules")
    chosen = parser.parse_args()
    unknown = set(chosen.tables) - set(tables)
    if unknown:
        parser.error(f"no such table: {', '.join(sorted(unknown))}; there are {', '.join(tables)}")
    for name in chosen.tables or tables:
        tables[name](0.1 if chosen.quick else 1.0)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    main()

"""What the source says at a place."""

from __future__ import annotations

import heapq  # noqa: F401
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_racecheck.model.operation import Kind, Site
from pytest_racecheck.runtime.threads.spelling import spelled

CALLS = """
import sys
from pathlib import Path
from pytest_racecheck.model.operation import Kind, Site
from pytest_racecheck.runtime.threads.spelling import spelled
Path("source.py").write_text("account.total += 1\\n")
before = set(sys.modules)
print(spelled(Site(Kind.LOAD_ATTR, "total", "source.py", 1, "f", (0, 1, 13))), set(sys.modules) - before)
"""


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("total", "total"),
        ("self.items.append(1)", "self.items"),
        ("table[key]", "table"),
        ("account.totals[0].value", "account.totals"),
        ("len(self.items)", "self.items"),
        ("heapq.heappush(jobs, 1)", "jobs"),
        ("key in self.known", "self.known"),
        ("'a text'.join(x)", ""),
        ("no expression at all", ""),
    ],
)
def test_what_is_touched(source: str, said: str, tmp_path: Path) -> None:
    """That is the variable, or the attribute of one, that the expression begins with."""
    file = tmp_path / "source.py"
    file.write_text(f"{source}\n")
    site = Site(Kind.CALL, "", str(file), 1, "f", (0, 1, len(source)))
    assert spelled(site) == said


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("with self.lock:  # a note\n    pass", "self.lock"),
        ("with count.get_lock():\n    pass", "count"),
        ("with lock: pass", "lock"),
        ("with first, second:\n    pass", ""),
    ],
)
def test_what_is_entered(source: str, said: str, tmp_path: Path) -> None:
    """Up to 3.13 a `with` is entered at its statement as a whole; of several things it is not known which."""
    file = tmp_path / "source.py"
    file.write_text(f"{source}\n")
    lines = source.splitlines()
    columns = (0, len(lines), len(lines[-1]))
    assert spelled(Site(Kind.ENTER, "", str(file), 1, "f", columns)) == said


def test_nothing_is_imported_for_it(tmp_path: Path) -> None:
    """The locks of an import would be steps of the task that stands there."""
    done = subprocess.run(
        [sys.executable, "-c", CALLS], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "account.total set()\n"

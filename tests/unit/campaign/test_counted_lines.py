"""How tokens count lines."""

from __future__ import annotations

from pathlib import Path

from pytest_racecheck.campaign.counted_lines import CountedLines


def test_breakpoints_do_not_count(tmp_path: Path) -> None:
    """What follows a line that is only a breakpoint keeps the number it has without."""
    file = tmp_path / "stopped.py"
    file.write_text("a = 1\nbreakpoint()\nb = 2; breakpoint()\n    breakpoint()  \nc = 3\n")
    numbers = [CountedLines().number(str(file), line) for line in (1, 3, 5)]
    assert numbers == [1, 2, 3]


def test_what_cannot_be_read_counts_as_it_is() -> None:
    """Code without a file has the lines that it says."""
    assert CountedLines().number("<string>", 7) == 7

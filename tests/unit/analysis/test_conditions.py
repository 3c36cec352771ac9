"""What the source tells about values that are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_racecheck.analysis.conditions import is_made_into
from pytest_racecheck.model.operation import Kind, Site


@pytest.mark.parametrize(
    ("between", "made"),
    [
        ("pass", True),
        ("value = value + 1", True),
        ("other = make()", True),
        ("value = make()", False),
        ("if not value:\n        value = make()", False),
        ("value: int = make()", False),
    ],
)
def test_a_name_that_is_given_anew_no_longer_holds_what_was_read(
    tmp_path: Path, between: str, made: bool
) -> None:
    """What is stored is made of what was read unless the name got a value of its own on the way."""
    file = tmp_path / "source.py"
    text = f"def f(self):\n    value = self.x\n    {between}\n    self.x = value\n"
    file.write_text(text)
    last = text.count("\n")
    read = Site(Kind.LOAD_ATTR, "x", str(file), 2, "f", (12, 2, 18))
    written = Site(Kind.STORE_ATTR, "x", str(file), last, "f", (4, last, 10))
    assert is_made_into(read, written) is made

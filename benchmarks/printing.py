"""Tables as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


class Table:
    """A table that prints each row as soon as it is known; the first column is text, the others are figures."""

    def __init__(self, title: str, columns: Sequence[str], first: int = 26) -> None:
        self._widths = [first, *(max(len(column), 9) for column in columns[1:])]
        print(f"\n{title}\n")
        self.row(columns)
        print("  ".join("─" * width for width in self._widths))

    def row(self, cells: Iterable[object]) -> None:
        """Print one row."""
        texts = [_text(cell) for cell in cells]
        padded = [texts[0].ljust(self._widths[0])]
        padded += [
            text.rjust(width) for text, width in zip(texts[1:], self._widths[1:], strict=False)
        ]
        print("  ".join(padded), flush=True)


def _text(cell: object) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, float):
        return f"{cell:,.0f}" if cell >= 100 else f"{cell:.3f}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)

"""Whole numbers in as few bytes as they need."""

from __future__ import annotations

import pytest

from pytest_racecheck.model.varint import Malformed, Reader, write


@pytest.mark.parametrize(
    ("number", "length"), [(0, 1), (127, 1), (128, 2), (16_383, 2), (16_384, 3), (2**64 - 1, 10)]
)
def test_small_numbers_are_short(number: int, length: int) -> None:
    """Seven bits go into each byte, and reading gives them back."""
    data = bytearray()
    write(number, data)
    reader = Reader(bytes(data))
    assert (len(data), reader.number(), reader.rest()) == (length, number, 0)


@pytest.mark.parametrize("number", [-1, 2**64])
def test_what_does_not_fit_is_not_written(number: int) -> None:
    """Negative numbers and those of more than 64 bits have no spelling."""
    with pytest.raises(ValueError, match="does not fit"):
        write(number, bytearray())


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xff" * 9 + b"\x7f", b"\xff" * 30])
def test_what_was_never_written_is_not_read(data: bytes) -> None:
    """Missing bytes, and numbers beyond 64 bits, are malformed."""
    with pytest.raises(Malformed):
        Reader(data).number()

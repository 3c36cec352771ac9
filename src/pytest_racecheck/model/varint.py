"""Whole numbers in as few bytes as they need: seven bits a byte, the lowest first, the eighth bit set on all but the last."""

from __future__ import annotations

# Larger than any number that is ever written; reading stops there, however long the text is.
MOST_BITS = 64


class Malformed(ValueError):
    """The bytes are not what was written."""


def write(number: int, into: bytearray) -> None:
    """Append `number`, which is not negative and has at most MOST_BITS bits."""
    if number < 0 or number.bit_length() > MOST_BITS:
        raise ValueError(f"{number} does not fit: expected 0 to 2 ** {MOST_BITS} - 1")
    while number > 127:
        into.append(number & 127 | 128)
        number >>= 7
    into.append(number)


class Reader:
    """Takes numbers off the beginning of `data`. Raises Malformed where there are none."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def byte(self) -> int:
        """The next byte."""
        if self._at >= len(self._data):
            raise Malformed
        self._at += 1
        return self._data[self._at - 1]

    def number(self) -> int:
        """The next number."""
        number = shift = 0
        while True:
            byte = self.byte()
            number |= (byte & 127) << shift
            if byte < 128:
                break
            shift += 7
            if shift > MOST_BITS:
                raise Malformed
        if number.bit_length() > MOST_BITS:
            raise Malformed
        return number

    def rest(self) -> int:
        """How many bytes are left."""
        return len(self._data) - self._at

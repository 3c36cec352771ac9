"""Tokens: short, printable, and refused unless they are what was printed."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import replace

import pytest

from pytest_racecheck.model.errors import UsageError
from pytest_racecheck.model.schedule import Schedule
from pytest_racecheck.model.token import MASKED_TASKS, Token, TokenStep, enabled_mask

FIRST = TokenStep(step=118, task=2, enabled=0b111, kind=1, line=341, check=0xA7)
SECOND = TokenStep(step=1204, task=1, enabled=0b110, kind=133, line=1027, check=0x3C)
ONE = Token((FIRST,), choices=205, check=0xC0FFEE)
TWO = replace(ONE, deviations=(FIRST, SECOND), choices=1999)
EXPECTED = re.escape("expected a token as a report prints it, starting with rc1:")


def printed(data: bytes) -> str:
    """Any bytes, spelled as a token is."""
    data += binascii.crc_hqx(data, 0).to_bytes(2, "big")
    return "rc1:" + base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.mark.parametrize(
    "token",
    [
        ONE,
        TWO,
        Token((), choices=0, check=0),
        replace(TWO, mode="prove", timeouts="any", gc=True, hash_seed=0),
        replace(ONE, hash_seed=2**32 - 1),
        replace(ONE, deviations=(replace(FIRST, task=2**40, enabled=2**64 - 1, step=0),)),
    ],
)
def test_reading_gives_back_what_was_printed(token: Token) -> None:
    """Nothing is lost, also with blanks around."""
    assert Token.parse(str(token)) == token
    assert Token.parse(f"  {token}\n") == token


@pytest.mark.parametrize("token", [ONE, TWO])
def test_a_usual_token_is_short(token: Token) -> None:
    """One or two deviations take 45 characters at most, none of which a shell knows."""
    assert len(str(token)) <= 45
    assert re.fullmatch(r"rc1:[\w-]+", str(token))


def test_printing_never_changes() -> None:
    """A token of this version means the same for ever."""
    assert str(ONE) == "rc1:AAF2AgcB1QKnzQHA_-73yA"
    assert Token.parse("rc1:AAF2AgcB1QKnzQHA_-73yA") == ONE


def test_its_schedule_is_that_of_the_deviations() -> None:
    """Steps and tasks make the schedule."""
    assert TWO.schedule == Schedule.of([(118, 2), (1204, 1)])


def test_the_mask_of_enabled_tasks() -> None:
    """Each task has the bit of its number; those far out have none."""
    assert enabled_mask([0, 2, 5]) == 0b100101
    assert enabled_mask([1, MASKED_TASKS, 500]) == 0b10
    assert enabled_mask(range(200)) == 2**MASKED_TASKS - 1


@pytest.mark.parametrize(
    "text", ["", "rc1", "rc1:", "1:0", None, 7, "rc1:AB CD", "rcx:AAAA", "rc1:ä"]
)
def test_what_looks_like_no_token_is_refused(text: object) -> None:
    """The complaint shows it and says what was expected, in one line."""
    with pytest.raises(UsageError, match=f"^the token is .*; {EXPECTED}$"):
        Token.parse(text)


def test_a_very_long_text_is_refused_and_not_repeated() -> None:
    """What is shown of it is its beginning."""
    with pytest.raises(UsageError, match=EXPECTED) as caught:
        Token.parse("rc1:" + "A" * 1_000_000)
    assert len(str(caught.value)) < 200


def test_another_version_is_named() -> None:
    """A token of a later or earlier version is told apart from one that is damaged."""
    with pytest.raises(
        UsageError, match="^--racecheck-replay is of version rc2; expected version rc1"
    ):
        Token.parse(str(ONE).replace("rc1", "rc2"), "--racecheck-replay")


@pytest.mark.parametrize("length", range(5, len(str(TWO))))
def test_a_truncated_token_is_refused(length: int) -> None:
    """However much is missing."""
    with pytest.raises(UsageError, match=f"incomplete or altered; {EXPECTED}$"):
        Token.parse(str(TWO)[:length])


@pytest.mark.parametrize("place", range(4, len(str(TWO))))
def test_a_mistyped_token_is_refused(place: int) -> None:
    """Any one character replaced by any other, and any two neighbours exchanged, is noticed."""
    text = str(TWO)
    altered = [text[:place] + other + text[place + 1 :] for other in "ABCxyz019-_"]
    altered.append(text[:place] + text[place : place + 2][::-1] + text[place + 2 :])
    for other in altered:
        if other != text:
            with pytest.raises(UsageError, match="incomplete or altered"):
                Token.parse(other)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        b"\x00\x00",
        b"\x00\x00\x00\x00\x00",
        b"\x00\x00\x80\x00\x00\x00\x00",
        b"\x18\x00\x00\x00\x00\x00",
        b"\x20\x00\x00\x00\x00\x00",
        b"\x04\xff\xff\xff\xff\x7f\x00\x00\x00\x00\x00",
        b"\x00\x01\x05\x01\x03\x00\x01\x00\x05\x00\x00\x00",
        b"\x00\x01\x00\x02\x03\x00\x01\x00\x05\x00\x00\x00",
        b"\x00" + b"\xff" * 9 + b"\x7f" + b"\x00" * 9,
        b"\x00\x00\x01\x00\x00\x00\x00",
    ],
    ids=[
        "nothing", "flags only", "no choices", "short check", "padded number", "unknown mode", "unknown flag",
        "hash seed too large", "step behind the last choice", "task that was not enabled", "endless", "more at the end",
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(data: bytes) -> None:
    """A right checksum does not make a token of numbers that cannot be."""
    with pytest.raises(UsageError, match="incomplete or altered"):
        Token.parse(printed(data))

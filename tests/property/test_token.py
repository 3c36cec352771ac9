"""Tokens of every content come back as they were, and any other text is refused politely."""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from pytest_racecheck.model.errors import UsageError
from pytest_racecheck.model.settings import MODES, TIMEOUTS
from pytest_racecheck.model.token import Token, TokenStep, enabled_mask

NUMBERS = st.integers(0, 2**40)
BYTES = st.integers(0, 255)


@st.composite
def tokens(draw: st.DrawFn) -> Token:
    """Any token that a report may print."""
    steps = sorted(draw(st.sets(NUMBERS, max_size=12)))
    deviations = []
    for step in steps:
        task = draw(st.integers(0, 100))
        enabled = enabled_mask([task, *draw(st.lists(st.integers(0, 100), max_size=5))])
        deviations.append(
            TokenStep(step, task, enabled, draw(BYTES), draw(st.integers(0, 10**6)), draw(BYTES))
        )
    return Token(
        tuple(deviations),
        choices=(steps[-1] + 1 if steps else 0) + draw(NUMBERS),
        check=draw(st.integers(0, 2**24 - 1)),
        mode=draw(st.sampled_from(MODES)),
        timeouts=draw(st.sampled_from(TIMEOUTS)),
        gc=draw(st.booleans()),
        hash_seed=draw(st.none() | st.integers(0, 2**32 - 1)),
    )


@given(tokens())
def test_every_token_comes_back(token: Token) -> None:
    """What is printed can be read, and is printed the same again."""
    text = str(token)
    assert text.isascii()
    assert text.isprintable()
    assert Token.parse(text) == token


@given(
    st.text()
    | st.from_regex(r"rc\d:[\w-]*", fullmatch=True)
    | st.from_regex(r"rc1:[A-Za-z0-9_-]+", fullmatch=True)
    | st.binary()
    | st.none()
)
def test_any_other_text_is_a_usage_error_of_one_line(text: object) -> None:
    """Nothing but UsageError comes of it, and what is accepted is exactly what would be printed."""
    try:
        token = Token.parse(text)
    except UsageError as error:
        assert "\n" not in str(error)
        assert "expected" in str(error)
    else:
        assert str(token) == str(text).strip()


@given(tokens(), st.data())
def test_an_altered_token_is_refused(token: Token, data: st.DataObject) -> None:
    """One character replaced never reads as another token, and nothing worse than UsageError comes of more."""
    text = str(token)
    place = data.draw(st.integers(4, len(text) - 1))
    other = data.draw(st.characters(codec="ascii"))
    altered = text[:place] + other + text[place + 1 :]
    with contextlib.suppress(UsageError):
        assert Token.parse(altered) == token
    spliced = text[: data.draw(st.integers(0, len(text)))] + data.draw(st.text()) + text[place:]
    with contextlib.suppress(UsageError):
        Token.parse(spliced)

"""A token: one run, as a line of text that fits beside a command.

It holds the deviations of the run's schedule and, so that a replay that goes another way is noticed where it does, what each of them met: who
could go on, what the task was about to do, and a check of all steps since the one before. There is no seed in it and nothing of the program. It
is data: reading it executes nothing, and text that no report has printed is refused, whatever it is.

After the version comes base64, in the alphabet that needs no quoting, of

    flags, hash seed if there is one, number of deviations,
    for each: steps since the one before, task, enabled tasks, kind, line, check,
    number of choices, check of the whole trace, checksum of all this

in variable-length numbers, so that usual tokens stay below 45 characters. The checksum is a cyclic one: it notices every change that
stays within sixteen bits, thus every mistyped character and every two neighbours exchanged.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass

from pytest_racecheck.model.errors import UsageError
from pytest_racecheck.model.schedule import Deviation, Schedule
from pytest_racecheck.model.settings import MODES, TIMEOUTS
from pytest_racecheck.model.varint import Malformed, Reader, write

VERSION = "rc1"
# The tasks whose being enabled is checked. A run may have more.
MASKED_TASKS = 64
# Commands cannot take much more than this, and no shrunk schedule comes near it.
LONGEST = 100_000
_EXPECTED = f"expected a token as a report prints it, starting with {VERSION}:"
_SHOWN = 40
_ANY_TIMEOUTS, _GC, _HASH_SEED, _MODE_SHIFT = 1, 2, 4, 3
_MOST_HASH_SEED = 2**32 - 1


@dataclass(frozen=True, slots=True)
class TokenStep:
    """One deviation and what it met.

    At choice number `step`, task number `task` went on. `enabled` has a bit for each task that could have. The task was about to do
    what `kind` is the number of (`step_check.kind_number`), at `line`; `check` is that of all steps since the deviation before.
    """

    step: int
    task: int
    enabled: int
    kind: int
    line: int
    check: int


@dataclass(frozen=True, slots=True)
class Token:
    """What replays one run; `str` prints it, `parse` reads it back.

    `choices` and `check` are those of the whole run. `hash_seed` is what PYTHONHASHSEED fixed in the process of that run, None where
    it fixed nothing.
    """

    deviations: tuple[TokenStep, ...]
    choices: int
    check: int
    mode: str = "explore"
    timeouts: str = "last"
    gc: bool = False
    hash_seed: int | None = None

    @property
    def schedule(self) -> Schedule:
        """The schedule to follow."""
        return Schedule(tuple(Deviation(met.step, met.task) for met in self.deviations))

    def __str__(self) -> str:
        data = _packed(self)
        data += binascii.crc_hqx(data, 0).to_bytes(2, "big")
        return f"{VERSION}:{base64.urlsafe_b64encode(data).decode().rstrip('=')}"

    @classmethod
    def parse(cls, text: object, source: str = "the token") -> Token:
        """The token that `text` is. Raises UsageError, in one line, for anything else; `source` spells where it came from."""
        shown = _shown(text)
        if not isinstance(text, str) or not (found := _FORM.fullmatch(text.strip())):
            raise UsageError(f"{source} is {shown}; {_EXPECTED}")
        if found["version"] != VERSION:
            raise UsageError(
                f"{source} is of version {found['version']}; expected version {VERSION}, printed by this version of pytest-racecheck"
            )
        try:
            token = _unpacked(found["data"])
        except Malformed:
            raise UsageError(f"{source} {shown} is incomplete or altered; {_EXPECTED}") from None
        return token


_FORM = re.compile(rf"(?P<version>rc[0-9]{{1,9}}):(?P<data>[A-Za-z0-9_-]{{1,{LONGEST}}})")


def _shown(text: object) -> str:
    if not isinstance(text, str):
        return f"of type {type(text).__name__}"
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


def enabled_mask(tasks: Iterable[int]) -> int:
    """The bits of those tasks, by their numbers; tasks beyond MASKED_TASKS have none."""
    mask = 0
    for task in tasks:
        if task < MASKED_TASKS:
            mask |= 1 << task
    return mask


def _packed(token: Token) -> bytes:
    data = bytearray()
    data.append(
        _ANY_TIMEOUTS * (token.timeouts == "any")
        | _GC * token.gc
        | _HASH_SEED * (token.hash_seed is not None)
        | MODES.index(token.mode) << _MODE_SHIFT
    )
    if token.hash_seed is not None:
        write(token.hash_seed, data)
    write(len(token.deviations), data)
    before = -1
    for met in token.deviations:
        for number in (met.step - before - 1, met.task, met.enabled):
            write(number, data)
        data.append(met.kind)
        write(met.line, data)
        data.append(met.check)
        before = met.step
    write(token.choices, data)
    data += token.check.to_bytes(3, "big")
    return bytes(data)


def _unpacked(text: str) -> Token:
    if len(text) % 4 == 1:
        raise Malformed
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if len(data) < 2 or binascii.crc_hqx(data, 0):
        raise Malformed
    token = _read(Reader(data[:-2]))
    # One token has one spelling: numbers with leading zeros and stray bits behind the last byte are not what was printed.
    if str(token) != f"{VERSION}:{text}":
        raise Malformed
    return token


def _read(reader: Reader) -> Token:
    flags = reader.byte()
    mode = flags >> _MODE_SHIFT
    hash_seed = reader.number() if flags & _HASH_SEED else None
    if mode >= len(MODES) or (hash_seed or 0) > _MOST_HASH_SEED:
        raise Malformed
    deviations = []
    before = -1
    for _ in range(reader.number()):
        met = _read_step(reader, before)
        deviations.append(met)
        before = met.step
    choices = reader.number()
    check = int.from_bytes(bytes(reader.byte() for _ in range(3)), "big")
    if reader.rest() or before >= choices:
        raise Malformed
    return Token(
        tuple(deviations),
        choices,
        check,
        MODES[mode],
        TIMEOUTS[flags & _ANY_TIMEOUTS],
        bool(flags & _GC),
        hash_seed,
    )


def _read_step(reader: Reader, before: int) -> TokenStep:
    step = before + 1 + reader.number()
    task, enabled = reader.number(), reader.number()
    if task < MASKED_TASKS and not enabled >> task & 1:
        raise Malformed
    return TokenStep(step, task, enabled, reader.byte(), reader.number(), reader.byte())

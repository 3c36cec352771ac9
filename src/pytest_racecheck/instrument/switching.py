"""Where a build with GIL lets another thread in, told from bytecode.

CPython looks whether somebody else wants the GIL only in certain instructions: when a function is entered, when a jump goes backwards, and
when a call of something written in C has returned. Between two instructions with none of these on the way it never switches, and a race
that needs it to shows on free-threaded builds only. All versions from 3.11 to 3.15 have that in common; `tests/unit/instrument/test_switching.py`
tries it with real threads.

Other instructions run Python code, and so enter functions, if the objects are of classes that define it (`a + b`, `a.b`, `for`): of those
it is not known. Calls of a few functions, `len` or `list.append`, lose their look once they have run often; in new code they have it.

What is examined is rewritten code, and the calls of our own hooks in it do not count.
"""

from __future__ import annotations

import dis
import enum
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any


class Look(enum.IntEnum):
    """Whether there is a look at the GIL on a way through the code."""

    NEVER = 0
    PERHAPS = 1
    ALWAYS = 2


_CALLS = frozenset({"CALL", "CALL_KW", "CALL_FUNCTION_EX"})
# Of plain numbers and strings these run no Python code.
_ARITHMETIC = frozenset(
    {"BINARY_OP", "COMPARE_OP", "UNARY_NEGATIVE", "UNARY_NOT", "UNARY_INVERT", "TO_BOOL", "CONTAINS_OP"}
)  # fmt: skip
_SURE = ("LOAD_FAST", "STORE_FAST", "DELETE_FAST", "LOAD_CONST", "LOAD_SMALL_INT", "LOAD_GLOBAL", "STORE_GLOBAL",
         "LOAD_DEREF", "STORE_DEREF", "LOAD_CLOSURE", "POP_", "PUSH_", "COPY", "SWAP", "NOP", "JUMP_FORWARD", "CACHE",
         "RESUME", "PRECALL", "KW_NAMES", "EXTENDED_ARG", "RETURN_", "BUILD_TUPLE", "BUILD_LIST", "BUILD_SLICE",
         "MAKE_", "END_FOR", "IS_OP", "NOT_TAKEN", "LOAD_COMMON_CONSTANT", "LOAD_ASSERTION_ERROR", "BUILD_STRING",
         "JUMP_BACKWARD_NO_INTERRUPT", "COPY_FREE_VARS", "YIELD_VALUE", "PUSH_NULL", "LOAD_CLASSDEREF")  # fmt: skip
_BETWEEN = frozenset({"POP_TOP", "KW_NAMES", "PRECALL", "EXTENDED_ARG", "CACHE"})
_ENDS = ("RETURN_", "YIELD_VALUE")
_NOWHERE_ELSE = ("RETURN_", "RAISE_", "RERAISE", "JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_ABSOLUTE")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a task stands in each of its functions, the innermost first: the frame's address, its code, and the instruction."""

    frames: tuple[tuple[int, CodeType, int], ...]

    @classmethod
    def of(cls, frame: FrameType | None, ours: str) -> Standing:
        """From `frame` outwards, but for functions in files below `ours`."""
        found = []
        while frame is not None:
            if not frame.f_code.co_filename.startswith(ours):
                found.append((id(frame), frame.f_code, frame.f_lasti))
            frame = frame.f_back
        return cls(tuple(found))


class Switching:
    """Answers for code that has been rewritten."""

    def __init__(self) -> None:
        self._flows: dict[int, _Flow] = {}

    def possible(self, before: Standing, after: Standing, *, plain: bool) -> bool | None:
        """Whether a GIL build could have switched on the way from one to the other; None where that depends.

        `plain`: what was computed with on the way are numbers, strings and the like.
        """
        known = {address: place for place, (address, _, _) in enumerate(before.frames)}
        if not after.frames or after.frames[0][0] not in known:
            return True
        place = known[after.frames[0][0]]
        _, code, offset = after.frames[0]
        if before.frames[place][1] is not code or before.frames[place + 1 :] != after.frames[1:]:
            # Another call of the same function, at the same address.
            return True
        looks = {self._flow(code).look(before.frames[place][2], offset, plain, own=not place)}
        for inner, (_, left, at) in enumerate(before.frames[:place]):
            looks.add(self._flow(left).look(at, None, plain, own=not inner))
        if Look.ALWAYS in looks:
            return True
        return False if looks == {Look.NEVER} else None

    def _flow(self, code: CodeType) -> _Flow:
        found = self._flows.get(id(code))
        if found is None:
            found = self._flows[id(code)] = _Flow(code)
        return found


class _Flow:
    """The instructions of one code object, and which may follow which."""

    def __init__(self, code: CodeType) -> None:
        # Kept, since it is known by its address.
        self.code = code
        self._all = list(dis.get_instructions(code))
        self._at = {one.offset: place for place, one in enumerate(self._all)}
        self._offsets = [one.offset for one in self._all]
        self._ours = set(_hook_calls(self._all))
        # A loop goes the same way again and again.
        self._known: dict[tuple[int, int | None, bool, bool], Look] = {}

    def look(self, start: int, end: int | None, plain: bool, *, own: bool) -> Look:
        """On the ways from the instruction at `start` to that at `end`, or to where the function is left.

        `own`: the instruction that comes next after a hook at `start` is part of the way.
        """
        asked = (start, end, plain, own)
        found = self._known.get(asked)
        if found is None:
            found = self._known[asked] = self._looked_up(start, end, plain, own)
        return found

    def _looked_up(self, start: int, end: int | None, plain: bool, own: bool) -> Look:
        first = self._place_of(start)
        last = None if end is None else self._place_of(end)
        hooked = own and first in self._ours
        # A call that went into another function, as all do but the innermost, does not look again.
        begin = self._look_of(first, plain) if own and not hooked else Look.NEVER
        place = self._hooked_by(first) if hooked else first
        if hooked and self._all[place].opname in _CALLS:
            begin = Look.ALWAYS
        return self._on_all_ways(place, begin, last, plain)

    def _hooked_by(self, call: int) -> int:
        """The instruction that the hook called there stands before: it touches data and runs none of the program's code."""
        place = call + 1
        while self._all[place].opname in _BETWEEN:
            place += 1
        return place

    def _place_of(self, offset: int) -> int:
        """Up to 3.12 a frame that has called a function stands in the inline cache behind the call."""
        return bisect_right(self._offsets, offset) - 1

    def _on_all_ways(self, first: int, begin: Look, end: int | None, plain: bool) -> Look:
        looks: set[Look] = {begin} if self._is_end(first, end) else set()
        seen = {(first, begin)}
        ways = [] if looks else [(first, begin)]
        while ways:
            place, so_far = ways.pop()
            for following in self._following(place):
                if self._is_end(following, end):
                    looks.add(so_far)
                    continue
                way = (following, max(so_far, self._look_of(following, plain)))
                if way not in seen:
                    seen.add(way)
                    ways.append(way)
        if not looks:
            # There is no way: the function was left and entered again.
            return Look.ALWAYS
        return looks.pop() if len(looks) == 1 else Look.PERHAPS

    def _is_end(self, place: int, end: int | None) -> bool:
        one = self._all[place]
        return one.opname.startswith(_ENDS) if end is None else place == end

    def _following(self, place: int) -> Iterator[int]:
        one = self._all[place]
        if one.opcode in dis.hasjrel or one.opcode in dis.hasjabs:
            target: Any = one.argval
            if target in self._at:
                yield self._at[target]
        if not one.opname.startswith(_NOWHERE_ELSE) and place + 1 < len(self._all):
            yield place + 1

    def _look_of(self, place: int, plain: bool) -> Look:
        one = self._all[place]
        name = one.opname
        if name in _CALLS:
            return Look.NEVER if place in self._ours else Look.ALWAYS
        if "BACKWARD" in name and not name.endswith("NO_INTERRUPT"):
            return Look.ALWAYS
        if name.startswith(_SURE) or one.opcode in dis.hasjrel:
            return Look.PERHAPS if name in ("FOR_ITER", "SEND") else Look.NEVER
        return Look.NEVER if plain and name in _ARITHMETIC else Look.PERHAPS


def _hook_calls(instructions: list[dis.Instruction]) -> Iterator[int]:
    """The calls that belong to hooks: no other code has something callable among its constants."""
    loaded = False
    for place, one in enumerate(instructions):
        if one.opname == "LOAD_CONST" and callable(one.argval):
            loaded = True
        elif loaded and one.opname == "CALL":
            loaded = False
            yield place

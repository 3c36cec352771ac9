"""Which instruction produced each value on the stack, at every instruction of a function.

Two things cannot be read off an instruction alone. On 3.11 and 3.12 a call finds its callable in one of two places, and the
other one may hold NULL, which must never be copied. And a value that was made a moment ago, a literal, a comparison's result,
needs no hook. Both follow from where a stack slot came from, so the function is followed once along all its paths with a
stack of origins in place of values. Walking backwards from the call would be shorter, and wrong at the first conditional
expression among the arguments.
"""

from __future__ import annotations

from typing import Any

from bytecode import Bytecode, Instr, Label
from bytecode.instr import TryBegin

from pytest_racecheck.instrument.opcodes.names import names
from pytest_racecheck.instrument.opcodes.rules import FRESH

#: The instruction that pushed a value; None where it is not known.
Origin = Instr | None
Stack = tuple[Origin, ...]

# These only look at what lies below the top, or put it back as it was.
_LEAVES_THE_REST = names(
    "LIST_APPEND SET_ADD MAP_ADD LIST_EXTEND SET_UPDATE DICT_UPDATE DICT_MERGE FOR_ITER"
    " WITH_EXCEPT_START GET_LEN MATCH_MAPPING MATCH_SEQUENCE MATCH_KEYS GET_ANEXT PUSH_EXC_INFO"
    " IMPORT_FROM"
)

# Of these the library knows by how much the stack grows, but not that the top is another value afterwards.
_REPLACES_THE_TOP = names(
    "BEFORE_WITH LOAD_SPECIAL LOAD_METHOD CALL_INTRINSIC_1 CALL_INTRINSIC_2 FORMAT_WITH_SPEC"
    " YIELD_VALUE SEND END_SEND CLEANUP_THROW STORE_FAST_LOAD_FAST"
)


def is_fresh(origin: Origin) -> bool:
    """Whether a value is known to be private to this frame, or to hold nothing that can change."""
    return origin is not None and origin.name in FRESH


def argument(instr: Instr) -> Any:
    """What an instruction carries; of which type, its name decides."""
    return instr.arg


def stacks_before(code: Bytecode) -> list[Stack | None]:
    """The stack of origins before each item of `code`; None for what cannot be reached."""
    items = list(code)
    before: list[Stack | None] = [None] * len(items)
    positions = {item: index for index, item in enumerate(items) if isinstance(item, Label)}
    paths: list[tuple[int, Stack]] = [(0, ())]
    while paths:
        index, stack = paths.pop()
        while index < len(items) and before[index] is None:
            before[index] = stack
            item = items[index]
            index += 1
            if isinstance(item, TryBegin):
                paths.append((positions[_label(item)], _handler(item, stack)))
            elif isinstance(item, Instr):
                if isinstance(item.arg, Label) and item.name != "END_ASYNC_FOR":
                    paths.append((positions[item.arg], _after(item, stack, jump=True)))
                if item.is_final():
                    break
                stack = _after(item, stack, jump=False)
    return before


def _label(begin: TryBegin) -> Label:
    assert isinstance(begin.target, Label)
    return begin.target


def _handler(begin: TryBegin, stack: Stack) -> Stack:
    """What a handler finds: the stack cut to its depth, the exception, and below it the position if asked for."""
    return stack[: int(begin.stack_depth)] + (None,) * (1 + begin.push_lasti)


def _after(instr: Instr, stack: Stack, *, jump: bool) -> Stack:
    name = instr.name
    if name == "COPY":
        return _copied(stack, argument(instr))
    if name == "SWAP":
        return _swapped(stack, argument(instr))
    taken, given = instr.pre_and_post_stack_effect(jump)
    if name in _LEAVES_THE_REST:
        return _grown(stack, instr, taken + given)
    if name in _REPLACES_THE_TOP:
        return _grown(stack[: min(taken, 0) - 1], instr, max(taken, 0) + 1)
    if name == "GET_ITER" and is_fresh(stack[-1]):
        return _grown(stack[:-1], stack[-1], given)
    return _grown(_grown(stack, instr, taken), instr, given)


def _grown(stack: Stack, origin: Origin, by: int) -> Stack:
    return stack + (origin,) * by if by >= 0 else stack[:by]


def _copied(stack: Stack, depth: int) -> Stack:
    """A value that is on the stack twice may be stored from one place and used from the other: its origin says nothing."""
    place = len(stack) - depth
    return (*stack[:place], None, *stack[place + 1 :], None)


def _swapped(stack: Stack, depth: int) -> Stack:
    slots = list(stack)
    slots[-1], slots[-depth] = slots[-depth], slots[-1]
    return tuple(slots)

"""Which objects an instruction touches, and where they lie: the cases that its name alone does not decide.

Each function here takes the instruction and the stack of origins before it, and returns the hook calls that go before it, in
order. An object whose place may hold NULL, or whose origin is not known, is left out rather than guessed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple

from bytecode import Instr
from bytecode.instr import BinaryOp, SpecialMethod

from pytest_racecheck.instrument import placeholder
from pytest_racecheck.instrument.opcodes.names import names
from pytest_racecheck.instrument.opcodes.rules import BY_DEPTH
from pytest_racecheck.instrument.stack import Origin, Stack, argument, is_fresh
from pytest_racecheck.model.operation import Kind

_NULL_BELOW = sys.version_info < (3, 13)
_EXIT_DEPTH = 4 if sys.version_info < (3, 14) else 5
_ITERATOR_DEPTH = 1 if sys.version_info < (3, 15) else 2

# Calls of these were made by the compiler for its own ends, and are hooked elsewhere or touch nothing.
_NO_CALL = names(
    "MAKE_FUNCTION SET_FUNCTION_ATTRIBUTE LOAD_BUILD_CLASS LOAD_ASSERTION_ERROR"
    " LOAD_COMMON_CONSTANT"
)
_EXIT_SOURCES = frozenset({"BEFORE_WITH", "BEFORE_ASYNC_WITH", "LOAD_SPECIAL"})


class Operand(NamedTuple):
    """One hook call: which hook, what for, how deep its object lies, and how deep the arguments that go with it."""

    hook: str
    kind: Kind
    depth: int
    arguments: tuple[int, ...] = ()


def operands(instr: Instr, stack: Stack) -> list[Operand]:
    """The objects on the stack that `instr` touches, the one it acts on last."""
    special = _BY_ARGUMENT.get(instr.name)
    found = special(instr, stack) if special else _by_depth(instr)
    return [operand for operand in found if not _needless(operand, stack)]


def _needless(operand: Operand, stack: Stack) -> bool:
    return operand.hook == placeholder.ACCESS and is_fresh(_at(stack, operand.depth))


def _by_depth(instr: Instr) -> list[Operand]:
    hook = placeholder.ENTER if instr.name.startswith("BEFORE_") else placeholder.ACCESS
    return [Operand(hook, kind, depth) for kind, depth in BY_DEPTH.get(instr.name, ())]


def _access(kind: Kind, depth: int) -> Operand:
    return Operand(placeholder.ACCESS, kind, depth)


def _at(stack: Stack, depth: int) -> Origin:
    return stack[-depth] if depth <= len(stack) else None


def _binary(instr: Instr, _stack: Stack) -> list[Operand]:
    operator = BinaryOp(argument(instr))
    if operator.name == "SUBSCR":
        return [_access(Kind.LOAD_ITEM, 2)]
    left = Kind.UPDATE if operator.name.startswith("INPLACE") else Kind.OPERATE
    return [_access(Kind.OPERATE, 1), _access(left, 2)]


def _for_iter(_instr: Instr, _stack: Stack) -> list[Operand]:
    return [_access(Kind.ITERATE, _ITERATOR_DEPTH)]


def _format_value(instr: Instr, _stack: Stack) -> list[Operand]:
    return [_access(Kind.OPERATE, 2 if argument(instr) & 4 else 1)]


def _load_special(instr: Instr, _stack: Stack) -> list[Operand]:
    if instr.arg in (SpecialMethod.ENTER, SpecialMethod.AENTER):
        return [Operand(placeholder.ENTER, Kind.ENTER, 1)]
    return []


def _with_except_start(_instr: Instr, _stack: Stack) -> list[Operand]:
    return [Operand(placeholder.LEAVE, Kind.EXIT, _EXIT_DEPTH)]


def _call(instr: Instr, stack: Stack) -> list[Operand]:
    count = argument(instr)
    return _callee(stack, count, tuple(range(count, max(count - 2, 0), -1)))


def _call_kw(instr: Instr, stack: Stack) -> list[Operand]:
    """The tuple of keyword names lies on top of the arguments."""
    count = argument(instr) + 1
    return _callee(stack, count, tuple(range(count, max(count - 2, 1), -1)))


def _call_function_ex(instr: Instr, stack: Stack) -> list[Operand]:
    """`f(*a, **k)`: the call itself takes the arguments out of `a` and `k`, when the compiler did not do so before."""
    always = sys.version_info >= (3, 14)
    has_keywords = always or bool(argument(instr) & 1)
    found = [_access(Kind.ITERATE, 1 + has_keywords)]
    keywords = _at(stack, 1)
    if has_keywords and keywords is not None and keywords.name != "PUSH_NULL":
        found.append(_access(Kind.ITERATE, 1))
    return found + _callee(stack, 1 + has_keywords)


def _callee(stack: Stack, above: int, arguments: tuple[int, ...] = ()) -> list[Operand]:
    """The callable below `above` values. It has two slots; up to 3.12 either may be the one that is NULL."""
    depth = above + 2
    origin = _at(stack, depth)
    if origin is None:
        return [] if _NULL_BELOW else [Operand(placeholder.CALL, Kind.CALL, depth, arguments)]
    if _NULL_BELOW and _pushed_null(origin):
        depth -= 1
        origin = _at(stack, depth)
    if origin is not None:
        if origin.name in _EXIT_SOURCES:
            return _exit(origin, depth)
        if origin.name in _NO_CALL:
            return []
    return [Operand(placeholder.CALL, Kind.CALL, depth, arguments)]


def _exit(origin: Instr, depth: int) -> list[Operand]:
    if origin.arg in (SpecialMethod.ENTER, SpecialMethod.AENTER) and origin.name == "LOAD_SPECIAL":
        return []
    return [Operand(placeholder.LEAVE, Kind.EXIT, depth)]


def _pushed_null(origin: Instr) -> bool:
    if origin.name in ("PUSH_NULL", "LOAD_METHOD"):
        return True
    return isinstance(origin.arg, tuple) and origin.arg[0] is True


_BY_ARGUMENT: dict[str, Callable[[Instr, Stack], list[Operand]]] = {
    "BINARY_OP": _binary,
    "FOR_ITER": _for_iter,
    "FORMAT_VALUE": _format_value,
    "LOAD_SPECIAL": _load_special,
    "WITH_EXCEPT_START": _with_except_start,
    "PRECALL": _call,
    "CALL": _call,
    "CALL_KW": _call_kw,
    "CALL_FUNCTION_EX": _call_function_ex,
}

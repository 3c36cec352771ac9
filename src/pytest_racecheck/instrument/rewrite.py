"""A function's code with a hook call before each instruction that may touch something shared.

The stack and its depth at each handler are the same after a hook call as before it, so the library's two expensive passes
over the control flow are not needed: the depths of the original are kept and the stack grows by what one hook call uses.

What is kept exactly: the order of local variables (`locals()` shows it), cells, flags, qualified name, and every instruction's
position, the hooks taking that of the instruction they precede; so tracebacks, coverage and debuggers see the same lines.

Method loads become attribute loads. Their second form leaves either a bound method or a function with its `self`, and only
the former can be shown to a hook; the call, not the load, is then where `items.append(...)` touches `items`.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from types import CodeType
from typing import Any

from bytecode import Bytecode, ConcreteBytecode, Instr, Label
from bytecode.instr import InstrLocation, SetLineno, SpecialMethod, TryBegin, TryEnd

from pytest_racecheck.instrument import emit, placeholder
from pytest_racecheck.instrument.opcodes import is_hooked
from pytest_racecheck.instrument.opcodes.rules import CELLS, GLOBALS
from pytest_racecheck.instrument.operands import operands
from pytest_racecheck.instrument.stack import Stack, argument, stacks_before
from pytest_racecheck.instrument.template import RewriteError, Template
from pytest_racecheck.model.operation import Kind

Item = Instr | Label | TryBegin | TryEnd | SetLineno

_RETURNS = frozenset({"RETURN_VALUE", "RETURN_CONST"})
# What its own thread's loop drives.
_AWAITED = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR

_METHODS = {
    SpecialMethod.EXIT: placeholder.EXIT_METHOD,
    SpecialMethod.AEXIT: placeholder.ASYNC_EXIT_METHOD,
}


def rewrite(code: CodeType) -> Template:
    """The template of `code` and of all code nested in it; raises RewriteError."""
    nested = {
        index: rewrite(constant)
        for index, constant in enumerate(code.co_consts)
        if isinstance(constant, CodeType)
    }
    if not _is_function(code):
        return Template(_with_nested_only(code, nested), nested)
    try:
        return Template(_hooked(code), nested)
    except Exception as error:
        raise RewriteError(code, f"{type(error).__name__}: {error}") from error


def _is_function(code: CodeType) -> bool:
    """Module and class bodies run once, at import; annotations are evaluated against globals that are not real."""
    return bool(code.co_flags & inspect.CO_OPTIMIZED) and code.co_name != "__annotate__"


def _with_nested_only(code: CodeType, nested: dict[int, Template]) -> CodeType:
    constants: list[Any] = list(code.co_consts)
    for index in nested:
        constants[index] = placeholder.nested(index)
    return code.replace(co_consts=tuple(constants))


def _hooked(code: CodeType) -> CodeType:
    concrete = ConcreteBytecode.from_code(code)
    bytecode = concrete.to_bytecode(conserve_exception_block_stackdepth=True)
    # The library numbers local variables as it meets them, unless they are arguments.
    bytecode.argnames = list(code.co_varnames)
    bytecode[:] = list(_instructions(bytecode, code))
    new = bytecode.to_code(
        stacksize=code.co_stacksize + emit.STACK_USED, compute_exception_stack_depths=False
    )
    if new.co_varnames != code.co_varnames:
        raise ValueError(f"local variables {code.co_varnames} became {new.co_varnames}")
    return code.replace(
        co_code=new.co_code,
        co_consts=new.co_consts,
        co_names=new.co_names,
        co_linetable=new.co_linetable,
        co_exceptiontable=new.co_exceptiontable,
        co_stacksize=new.co_stacksize,
    )


def _instructions(bytecode: Bytecode, code: CodeType) -> Iterator[Item]:
    keyword_names: Instr | None = None
    items = list(bytecode)
    entry = _entry(items, code)
    for index, (item, stack) in enumerate(zip(items, stacks_before(bytecode), strict=True)):
        if not isinstance(item, Instr):
            yield item
        elif item.name == "KW_NAMES":
            # It sets what the very next call consumes, so the hook has to come before it.
            keyword_names = item
        else:
            hooked = is_hooked(item.name)
            if hooked and stack is not None:
                yield from _hooks_before(item, stack, code)
            if keyword_names is not None:
                yield keyword_names
                keyword_names = None
            if entry is not None and item.name in _RETURNS:
                yield from _hook_at_bound(Kind.END, item.location, code)
            yield from _replacement(item, code)
        if index == entry:
            yield from _hook_at_bound(Kind.BEGIN, _first_location(items[index + 1 :]), code)


def _entry(items: Sequence[Item], code: CodeType) -> int | None:
    """Which instruction is the last before the function's own code; None where that is no function that C code can call."""
    generates = code.co_flags & inspect.CO_GENERATOR
    named = not code.co_name.startswith("<") or code.co_name == "<lambda>"
    if code.co_flags & _AWAITED or not (generates or named):
        return None
    names = [item.name if isinstance(item, Instr) else "" for item in items]
    # What stands before that is done where the generator is made.
    made = names.index("RETURN_GENERATOR") if generates else 0
    return names.index("RESUME", made) if "RESUME" in names[made:] else None


def _first_location(items: Sequence[Item]) -> InstrLocation | None:
    """Where the function's own code begins: whoever follows lines is to see none that it did not see before."""
    located = (item.location for item in items if isinstance(item, Instr))
    return next((one for one in located if one is not None and one.lineno), None)


def _hook_at_bound(kind: Kind, location: InstrLocation | None, code: CodeType) -> Sequence[Instr]:
    line = (location.lineno if location else None) or code.co_firstlineno
    site = placeholder.site(kind, "", line, _columns(location))
    return emit.hook_on_known(placeholder.NOTHING, site, location)


def _hooks_before(instr: Instr, stack: Stack, code: CodeType) -> Iterator[Instr]:
    line = (instr.location.lineno if instr.location else None) or code.co_firstlineno
    name, location = _spelled(instr), instr.location
    columns = _columns(location)
    if instr.name in GLOBALS:
        site = placeholder.site(GLOBALS[instr.name], name, line, columns)
        yield from emit.hook_on_known(placeholder.GLOBALS, site, location)
    elif instr.name in CELLS:
        # `__class__`, which super() reads, is written once, before the class can be seen.
        if name != "__class__":
            site = placeholder.site(CELLS[instr.name], name, line, columns)
            yield from emit.hook_on_cell(placeholder.ACCESS, site, argument(instr), location)
    elif instr.name == "IMPORT_NAME":
        site = placeholder.site(Kind.IMPORT, name, line, columns)
        yield from emit.hook_on_known(placeholder.MODULES, site, location)
    elif instr.name == "YIELD_VALUE":
        # What a coroutine awaits is driven by its own thread's loop.
        if code.co_flags & inspect.CO_GENERATOR:
            site = placeholder.site(Kind.YIELD, name, line, columns)
            yield from emit.hook_on_known(placeholder.NOTHING, site, location)
    else:
        for hook, kind, depth, arguments in operands(instr, stack):
            site = placeholder.site(kind, name, line, columns)
            yield from emit.hook_on_stack(hook, site, depth, location, arguments)


def _columns(location: InstrLocation | None) -> tuple[int, int, int]:
    if location is None:
        return (-1, -1, -1)
    ends = (location.col_offset, location.end_lineno, location.end_col_offset)
    start, line, end = (-1 if value is None else value for value in ends)
    return (start, line, end)


def _spelled(instr: Instr) -> str:
    """The name in the source that an instruction carries."""
    arg = argument(instr)
    if instr.name in CELLS:
        # From 3.14 on a cell that is an argument is given by its name.
        return arg if isinstance(arg, str) else str(arg.name)
    if isinstance(arg, tuple):
        arg = arg[-1]
    return arg if isinstance(arg, str) and instr.name not in ("LOAD_CONST", "CALL_KW") else ""


def _replacement(instr: Instr, code: CodeType) -> Sequence[Instr | Label]:
    """The instruction itself, or what does the same in a form that hooks can follow."""
    location, arg = instr.location, argument(instr)
    if instr.name == "LOAD_CONST" and isinstance(arg, CodeType):
        index = next(i for i, constant in enumerate(code.co_consts) if constant is arg)
        return [Instr("LOAD_CONST", placeholder.nested(index), location=location)]
    if instr.name == "LOAD_METHOD":
        return [Instr("LOAD_ATTR", arg, location=location), *emit.as_callable(location)]
    if instr.name in ("LOAD_ATTR", "LOAD_SUPER_ATTR") and isinstance(arg, tuple) and arg[0]:
        plain = Instr(instr.name, (False, *arg[1:]), location=location)
        return [plain, *emit.as_callable(location)]
    if instr.name == "LOAD_SPECIAL" and arg in _METHODS:
        return emit.replace_by_method(_METHODS[arg], instr)
    return [instr]

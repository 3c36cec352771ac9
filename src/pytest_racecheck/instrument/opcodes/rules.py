"""How each hooked instruction is hooked: what kind of access it is and where on the stack its object lies.

Depth 1 is the top of the stack. An instruction with two objects names the one it acts on last, so that this hook stands
directly before the instruction.
"""

from __future__ import annotations

from pytest_racecheck.instrument.opcodes.names import names
from pytest_racecheck.model.operation import Kind

Rule = tuple[tuple[Kind, int], ...]

#: Instructions whose object lies on the stack at a place that their name alone tells.
BY_DEPTH: dict[str, Rule] = {
    "LOAD_ATTR": ((Kind.LOAD_ATTR, 1),),
    "LOAD_METHOD": ((Kind.LOAD_ATTR, 1),),
    "LOAD_SUPER_ATTR": ((Kind.LOAD_ATTR, 1),),
    "IMPORT_FROM": ((Kind.LOAD_ATTR, 1),),
    "STORE_ATTR": ((Kind.STORE_ATTR, 1),),
    "DELETE_ATTR": ((Kind.DELETE_ATTR, 1),),
    "BINARY_SUBSCR": ((Kind.LOAD_ITEM, 2),),
    "BINARY_SLICE": ((Kind.LOAD_ITEM, 3),),
    "MATCH_KEYS": ((Kind.LOAD_ITEM, 2),),
    "MATCH_CLASS": ((Kind.LOAD_ATTR, 3),),
    "STORE_SUBSCR": ((Kind.STORE_ITEM, 2),),
    "STORE_SLICE": ((Kind.STORE_ITEM, 3),),
    "DELETE_SUBSCR": ((Kind.DELETE_ITEM, 2),),
    "GET_ITER": ((Kind.ITERATE, 1),),
    "GET_YIELD_FROM_ITER": ((Kind.ITERATE, 1),),
    "GET_AITER": ((Kind.ITERATE, 1),),
    "GET_ANEXT": ((Kind.ITERATE, 1),),
    "LIST_EXTEND": ((Kind.ITERATE, 1),),
    "SET_UPDATE": ((Kind.ITERATE, 1),),
    "DICT_UPDATE": ((Kind.ITERATE, 1),),
    "DICT_MERGE": ((Kind.ITERATE, 1),),
    "CONTAINS_OP": ((Kind.CONTAINS, 1),),
    "COMPARE_OP": ((Kind.COMPARE, 1), (Kind.COMPARE, 2)),
    "UNPACK_SEQUENCE": ((Kind.UNPACK, 1),),
    "UNPACK_EX": ((Kind.UNPACK, 1),),
    "GET_LEN": ((Kind.TEST, 1),),
    "TO_BOOL": ((Kind.TEST, 1),),
    "UNARY_NOT": ((Kind.TEST, 1),),
    "POP_JUMP_IF_TRUE": ((Kind.TEST, 1),),
    "POP_JUMP_IF_FALSE": ((Kind.TEST, 1),),
    "POP_JUMP_FORWARD_IF_TRUE": ((Kind.TEST, 1),),
    "POP_JUMP_FORWARD_IF_FALSE": ((Kind.TEST, 1),),
    "POP_JUMP_BACKWARD_IF_TRUE": ((Kind.TEST, 1),),
    "POP_JUMP_BACKWARD_IF_FALSE": ((Kind.TEST, 1),),
    "JUMP_IF_TRUE_OR_POP": ((Kind.TEST, 1),),
    "JUMP_IF_FALSE_OR_POP": ((Kind.TEST, 1),),
    "UNARY_NEGATIVE": ((Kind.OPERATE, 1),),
    "UNARY_POSITIVE": ((Kind.OPERATE, 1),),
    "UNARY_INVERT": ((Kind.OPERATE, 1),),
    "CONVERT_VALUE": ((Kind.OPERATE, 1),),
    "FORMAT_SIMPLE": ((Kind.OPERATE, 1),),
    "FORMAT_WITH_SPEC": ((Kind.OPERATE, 2),),
    "BEFORE_WITH": ((Kind.ENTER, 1),),
    "BEFORE_ASYNC_WITH": ((Kind.ENTER, 1),),
}

#: Instructions that name a global; they may read or write the module's dictionary.
GLOBALS: dict[str, Kind] = {
    "LOAD_GLOBAL": Kind.LOAD_GLOBAL,
    "LOAD_NAME": Kind.LOAD_GLOBAL,
    "LOAD_FROM_DICT_OR_GLOBALS": Kind.LOAD_GLOBAL,
    "STORE_GLOBAL": Kind.STORE_GLOBAL,
    "STORE_NAME": Kind.STORE_GLOBAL,
    "DELETE_GLOBAL": Kind.DELETE_GLOBAL,
    "DELETE_NAME": Kind.DELETE_GLOBAL,
}

#: Instructions that name a variable shared between a function and those nested in it.
CELLS: dict[str, Kind] = {
    "LOAD_DEREF": Kind.LOAD_CELL,
    "LOAD_CLASSDEREF": Kind.LOAD_CELL,
    "LOAD_FROM_DICT_OR_DEREF": Kind.LOAD_CELL,
    "STORE_DEREF": Kind.STORE_CELL,
    "DELETE_DEREF": Kind.DELETE_CELL,
}

#: Instructions whose objects depend on their argument or on what lies below; `rewrite` has a function for each.
BY_ARGUMENT: frozenset[str] = names(
    "BINARY_OP FOR_ITER FORMAT_VALUE IMPORT_NAME LOAD_SPECIAL WITH_EXCEPT_START"
    " PRECALL CALL CALL_KW CALL_FUNCTION_EX YIELD_VALUE"
)

#: What these leave on the stack was made by them and is not yet known to anyone else, or holds nothing that can change.
FRESH: frozenset[str] = names(
    "LOAD_CONST LOAD_SMALL_INT LOAD_COMMON_CONSTANT LOAD_ASSERTION_ERROR LOAD_BUILD_CLASS"
    " BUILD_LIST BUILD_TUPLE BUILD_SET BUILD_MAP BUILD_CONST_KEY_MAP BUILD_STRING BUILD_SLICE"
    " FORMAT_VALUE FORMAT_SIMPLE FORMAT_WITH_SPEC CONVERT_VALUE MAKE_FUNCTION"
    " SET_FUNCTION_ATTRIBUTE LIST_TO_TUPLE CALL_INTRINSIC_1 GET_LEN IS_OP CONTAINS_OP COMPARE_OP"
    " UNARY_NOT TO_BOOL MATCH_SEQUENCE MATCH_MAPPING MATCH_KEYS MATCH_CLASS CHECK_EXC_MATCH"
    " CHECK_EG_MATCH WITH_EXCEPT_START PUSH_EXC_INFO"
)

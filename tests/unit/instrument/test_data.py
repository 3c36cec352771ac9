"""Programs that touch attributes, globals and containers: the same result, and a hook before each access."""

from __future__ import annotations

from collections.abc import Callable

import pytest

# Name, program, and kind and name of each hook call in order. "CALL super", seen on 3.11 only, is left out.
PROGRAMS: dict[str, tuple[str, str | None]] = {
    "attributes": (
        """
        class Point:
            pass
        def program():
            p = Point()
            p.x = 1
            p.x += 1
            y = p.x
            del p.x
            return y, vars(p)
        """,
        (
            "LOAD_GLOBAL Point; CALL Point; STORE_ATTR x; LOAD_ATTR x; UPDATE; STORE_ATTR x; "
            "LOAD_ATTR x; DELETE_ATTR x; LOAD_GLOBAL vars; CALL vars"
        ),
    ),
    "property": (
        """
        class Box:
            def __init__(self):
                self._v = 1
            @property
            def v(self):
                return self._v
            @v.setter
            def v(self, new):
                self._v = new
        def program():
            b = Box()
            b.v = b.v + 1
            return b.v
        """,
        (
            "LOAD_GLOBAL Box; CALL Box; STORE_ATTR _v; LOAD_ATTR v; LOAD_ATTR _v; OPERATE; "
            "STORE_ATTR v; STORE_ATTR _v; LOAD_ATTR v; LOAD_ATTR _v"
        ),
    ),
    "slots": (
        """
        class Slotted:
            __slots__ = ("a",)
        def program():
            s = Slotted()
            s.a = 1
            return s.a
        """,
        "LOAD_GLOBAL Slotted; CALL Slotted; STORE_ATTR a; LOAD_ATTR a",
    ),
    "globals": (
        """
        n = 0
        def program():
            global n, m
            n += 1
            m = n
            del m
            return n
        """,
        (
            "LOAD_GLOBAL n; UPDATE; STORE_GLOBAL n; LOAD_GLOBAL n; STORE_GLOBAL m; "
            "DELETE_GLOBAL m; LOAD_GLOBAL n"
        ),
    ),
    "items": (
        """
        def program():
            d = {}
            d["k"] = [1]
            d["k"] += [2]
            y = d["k"]
            del d["k"]
            return y, d
        """,
        "STORE_ITEM; LOAD_ITEM; UPDATE; STORE_ITEM; LOAD_ITEM; DELETE_ITEM",
    ),
    "slices": (
        """
        def program():
            a = list(range(4))
            a[1:3] = [9]
            del a[0:1]
            return a[0:2]
        """,
        (
            "LOAD_GLOBAL list; LOAD_GLOBAL range; CALL range; CALL list; STORE_ITEM; DELETE_ITEM; "
            "LOAD_ITEM"
        ),
    ),
    "unpacking": (
        """
        def program():
            pair = [1, 2, 3]
            a, b, c = pair
            first, *rest = pair
            a, b = b, a
            x, (y, z) = 0, [1, 2]
            return a, b, c, first, rest, [*pair, *rest], {*pair}, {**{"k": 1}}
        """,
        "UNPACK; UNPACK; ITERATE; ITERATE; ITERATE",
    ),
    "comparison": (
        """
        def program():
            a, b = [1], [1]
            return a == b, 1 in a, a is b, a < b
        """,
        "COMPARE; COMPARE; CONTAINS; COMPARE; COMPARE",
    ),
    "f-string": (
        """
        def program():
            a = [1]
            return f"{a!r:>5} {a} {len(a):{3}}"
        """,
        "OPERATE; OPERATE; LOAD_GLOBAL len; CALL len; OPERATE",
    ),
    "locals()": (
        """
        def program():
            b = 1
            a = 2
            if False:
                never = 1
            return list(locals().items()), program.__code__.co_varnames
        """,
        (
            "LOAD_GLOBAL list; LOAD_GLOBAL locals; CALL locals; LOAD_ATTR items; CALL items; "
            "CALL list; LOAD_GLOBAL program; LOAD_ATTR __code__; LOAD_ATTR co_varnames"
        ),
    ),
}


@pytest.mark.parametrize(
    ("source", "events"), [pytest.param(*case, id=name) for name, case in PROGRAMS.items()]
)
def test_a_program_does_the_same_and_its_hooks_come_in_order(
    source: str, events: str | None, check_program: Callable[[str, str | None], None]
) -> None:
    """Attributes, globals and containers: the same outcome and traceback lines, and the expected hooks."""
    check_program(source, events)

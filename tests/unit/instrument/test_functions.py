"""Programs of functions: closures, decorators, methods, `super()` and every way to pass arguments."""

from __future__ import annotations

from collections.abc import Callable

import pytest

# Name, program, and kind and name of each hook call in order. "CALL super", seen on 3.11 only, is left out.
PROGRAMS: dict[str, tuple[str, str | None]] = {
    "cells": (
        """
        def program():
            n = 0
            def bump():
                nonlocal n
                n += 1
                return n
            return bump(), n
        """,
        "STORE_CELL n; CALL bump; LOAD_CELL n; UPDATE; STORE_CELL n; LOAD_CELL n; LOAD_CELL n",
    ),
    "empty cell": (
        """
        def program():
            def inner():
                return late
            inner()
            late = 1
        """,
        "CALL inner; LOAD_CELL late",
    ),
    "argument that is a cell": (
        """
        def program(x=1):
            f = lambda: x
            x = 2
            return f(), x
        """,
        "STORE_CELL x; CALL <lambda>; LOAD_CELL x; LOAD_CELL x",
    ),
    "deleted cell": (
        """
        def program():
            x = 1
            def f():
                return x
            del x
            return f()
        """,
        "STORE_CELL x; DELETE_CELL x; CALL f; LOAD_CELL x",
    ),
    "star arguments": (
        """
        def f(*a, **k):
            return a, k
        def program():
            args, kwargs = [1], {"x": 2}
            return f(*args), f(0, *args, y=1, **kwargs), f(**kwargs)
        """,
        (
            "LOAD_GLOBAL f; ITERATE; CALL f; LOAD_GLOBAL f; ITERATE; ITERATE; CALL f; "
            "LOAD_GLOBAL f; ITERATE; CALL f"
        ),
    ),
    "keyword call": (
        """
        def f(a, *, b):
            return a, b
        def program():
            s = ["x"]
            return f(s[0], b=s), "{a}".format(a=1)
        """,
        "LOAD_GLOBAL f; LOAD_ITEM; CALL f; CALL format",
    ),
    "super": (
        """
        class A:
            def __init__(self, x):
                self.x = x
            def get(self):
                return self.x
        class B(A):
            def __init__(self):
                super().__init__(1)
            def get(self):
                return super().get() + super(B, self).x
            @classmethod
            def make(cls):
                return cls()
            @staticmethod
            def plain():
                return 3
        def program():
            return B.make().get() if hasattr(A, "x") else B.make().x + B.plain()
        """,
        (
            "LOAD_GLOBAL hasattr; LOAD_GLOBAL A; CALL hasattr; TEST; LOAD_GLOBAL B; "
            "LOAD_ATTR make; CALL make; CALL B; LOAD_GLOBAL super; LOAD_ATTR __init__; "
            "CALL __init__; STORE_ATTR x; LOAD_ATTR x; LOAD_GLOBAL B; LOAD_ATTR plain; "
            "CALL plain; OPERATE; OPERATE"
        ),
    ),
    "super without an attribute": (
        """
        class A:
            pass
        class B(A):
            def get(self):
                return super().get()
        def program():
            return B().get()
        """,
        "LOAD_GLOBAL B; CALL B; LOAD_ATTR get; CALL get; LOAD_GLOBAL super; LOAD_ATTR get",
    ),
    "decorators": (
        """
        import functools
        def twice(f):
            @functools.wraps(f)
            def wrapper(*args):
                return f(*args), f(*args)
            return wrapper
        def add(n):
            def decorate(f):
                return lambda *a: f(*a) + (n,)
            return decorate
        @add(1)
        @twice
        def shown(x):
            return x
        @functools.lru_cache
        def cached(x):
            return x
        def program():
            return shown(1), cached(2), functools.partial(shown, 3)()
        """,
        (
            "LOAD_GLOBAL shown; CALL <lambda>; LOAD_CELL f; ITERATE; CALL shown; LOAD_CELL f; "
            "ITERATE; CALL shown; LOAD_CELL f; ITERATE; CALL shown; LOAD_CELL n; OPERATE; "
            "LOAD_GLOBAL cached; CALL cached; LOAD_GLOBAL functools; LOAD_ATTR partial; "
            "LOAD_GLOBAL shown; CALL partial; CALL; LOAD_CELL f; ITERATE; CALL shown; "
            "LOAD_CELL f; ITERATE; CALL shown; LOAD_CELL f; ITERATE; CALL shown; LOAD_CELL n; "
            "OPERATE"
        ),
    ),
    "closures made later": (
        """
        def outer(n):
            class Local:
                def get(self):
                    return self.x + n
                x = n
            return Local
        def program():
            return outer(2)().get()
        """,
        (
            "LOAD_GLOBAL outer; CALL outer; CALL Local; LOAD_ATTR get; CALL get; LOAD_ATTR x; "
            "LOAD_CELL n; OPERATE; OPERATE"
        ),
    ),
    "lambda and default": (
        """
        def program(key=lambda x: -x):
            return sorted([1, 2], key=key), (lambda: 1)()
        """,
        "LOAD_GLOBAL sorted; CALL sorted; OPERATE; OPERATE",
    ),
}


@pytest.mark.parametrize(
    ("source", "events"), [pytest.param(*case, id=name) for name, case in PROGRAMS.items()]
)
def test_a_program_does_the_same_and_its_hooks_come_in_order(
    source: str, events: str | None, check_program: Callable[[str, str | None], None]
) -> None:
    """Calls and closures: the same outcome and traceback lines, and the expected hooks."""
    check_program(source, events)

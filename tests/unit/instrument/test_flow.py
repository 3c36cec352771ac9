"""Programs of statements that steer: loops, `with`, `try`, `match`, generators and coroutines."""

from __future__ import annotations

from collections.abc import Callable

import pytest

# Name, program, and kind and name of each hook call in order. "CALL super", seen on 3.11 only, is left out.
PROGRAMS: dict[str, tuple[str, str | None]] = {
    "with": (
        """
        class M:
            def __enter__(self):
                return 5
            def __exit__(self, *exc):
                return True
        def program():
            with M() as m:
                raise KeyError(m)
            with M() as m:
                pass
            return m
        """,
        (
            "LOAD_GLOBAL M; CALL M; ENTER; LOAD_GLOBAL KeyError; CALL KeyError; EXIT; "
            "LOAD_GLOBAL M; CALL M; ENTER; EXIT"
        ),
    ),
    "with that returns from within": (
        """
        import threading
        lock = threading.Lock()
        def program():
            with lock:
                return lock.locked()
        """,
        "LOAD_GLOBAL lock; ENTER; LOAD_GLOBAL lock; LOAD_ATTR locked; CALL locked; EXIT",
    ),
    "with on something else": (
        """
        def program():
            with 3:
                pass
        """,
        None,
    ),
    "for": (
        """
        def program():
            total = 0
            for x in [1, 2]:
                total += x
            items = [total]
            for x in items:
                total -= x
            else:
                total = total or 7
            return total
        """,
        "OPERATE; UPDATE; OPERATE; UPDATE; ITERATE; ITERATE; OPERATE; UPDATE; ITERATE; TEST",
    ),
    "comprehensions": (
        """
        def program():
            a = [1, 2]
            return [x + 1 for x in a if x], {x: x for x in a}, {x for x in a}
        """,
        (
            "ITERATE; ITERATE; TEST; OPERATE; ITERATE; TEST; OPERATE; ITERATE; ITERATE; ITERATE; "
            "ITERATE; ITERATE; ITERATE; ITERATE; ITERATE; ITERATE"
        ),
    ),
    "generator": (
        """
        def numbers(n):
            got = yield n
            yield from [got]
        def program():
            g = numbers(3)
            return next(g), g.send(4), list(g)
        """,
        (
            "LOAD_GLOBAL numbers; CALL numbers; LOAD_GLOBAL next; CALL next; YIELD; "
            "LOAD_ATTR send; CALL send; YIELD; LOAD_GLOBAL list; CALL list"
        ),
    ),
    "generator closed early": (
        """
        log = []
        def numbers():
            try:
                yield 1
            finally:
                log.append("closed")
        def program():
            g = numbers()
            next(g)
            g.close()
            return log.pop()
        """,
        (
            "LOAD_GLOBAL numbers; CALL numbers; LOAD_GLOBAL next; CALL next; YIELD; "
            "LOAD_ATTR close; CALL close; LOAD_GLOBAL log; LOAD_ATTR append; CALL append; LOAD_GLOBAL log; "
            "LOAD_ATTR pop; CALL pop"
        ),
    ),
    "coroutine": (
        """
        class Manager:
            async def __aenter__(self):
                return 1
            async def __aexit__(self, *exc):
                return True
        class Numbers:
            def __init__(self):
                self.left = 2
            def __aiter__(self):
                return self
            async def __anext__(self):
                if not self.left:
                    raise StopAsyncIteration
                self.left -= 1
                return self.left
        async def main():
            seen = [x async for x in Numbers()]
            async with Manager() as m:
                seen.append(m)
                raise KeyError
            async with Manager():
                pass
            return seen
        def program():
            try:
                main().send(None)
            except StopIteration as stop:
                return stop.value
        """,
        (
            "LOAD_GLOBAL main; CALL main; LOAD_ATTR send; CALL send; LOAD_GLOBAL Numbers; "
            "CALL Numbers; STORE_ATTR left; ITERATE; ITERATE; LOAD_ATTR left; TEST; "
            "LOAD_ATTR left; UPDATE; STORE_ATTR left; LOAD_ATTR left; ITERATE; LOAD_ATTR left; "
            "TEST; LOAD_ATTR left; UPDATE; STORE_ATTR left; LOAD_ATTR left; ITERATE; "
            "LOAD_ATTR left; TEST; LOAD_GLOBAL StopAsyncIteration; LOAD_GLOBAL Manager; "
            "CALL Manager; ENTER; LOAD_ATTR append; CALL append; LOAD_GLOBAL KeyError; EXIT; "
            "TEST; LOAD_GLOBAL Manager; CALL Manager; ENTER; EXIT; LOAD_GLOBAL StopIteration; "
            "LOAD_ATTR value"
        ),
    ),
    "match": (
        """
        class P:
            __match_args__ = ("x",)
            x = 1
        def program():
            out = []
            for s in ([1, 2], {"k": 3}, P(), "s"):
                match s:
                    case [a, *rest]:
                        out.append((a, rest))
                    case {"k": v, **others}:
                        out.append((v, others))
                    case P(x):
                        out.append(x)
                    case _:
                        out.append(None)
            return out
        """,
        (
            "LOAD_GLOBAL P; CALL P; TEST; UNPACK; LOAD_ATTR append; CALL append; TEST; LOAD_ITEM; "
            "UNPACK; ITERATE; DELETE_ITEM; LOAD_ATTR append; CALL append; LOAD_GLOBAL P; "
            "LOAD_ATTR; UNPACK; LOAD_ATTR append; CALL append; LOAD_GLOBAL P; LOAD_ATTR; "
            "LOAD_ATTR append; CALL append"
        ),
    ),
    "try": (
        """
        log = []
        def program():
            try:
                try:
                    raise ValueError("a")
                except KeyError:
                    log.append("no")
                finally:
                    log.append("finally")
            except (ValueError, TypeError) as e:
                log.append(str(e))
            else:
                log.append("else")
            return log.copy()
        """,
        (
            "LOAD_GLOBAL ValueError; CALL ValueError; LOAD_GLOBAL KeyError; LOAD_GLOBAL log; "
            "LOAD_ATTR append; CALL append; LOAD_GLOBAL ValueError; LOAD_GLOBAL TypeError; "
            "LOAD_GLOBAL log; LOAD_ATTR append; LOAD_GLOBAL str; CALL str; CALL append; "
            "LOAD_GLOBAL log; LOAD_ATTR copy; CALL copy"
        ),
    ),
    "except star": (
        """
        def program():
            try:
                raise ExceptionGroup("g", [ValueError(1), KeyError(2)])
            except* ValueError as e:
                a = len(e.exceptions)
            except* KeyError:
                b = 2
            return a, b
        """,
        (
            "LOAD_GLOBAL ExceptionGroup; LOAD_GLOBAL ValueError; CALL ValueError; "
            "LOAD_GLOBAL KeyError; CALL KeyError; CALL ExceptionGroup; LOAD_GLOBAL ValueError; "
            "LOAD_GLOBAL len; LOAD_ATTR exceptions; CALL len; LOAD_GLOBAL KeyError"
        ),
    ),
    "raise from deep": (
        """
        def deep(n):
            if n:
                return deep(n - 1)
            return {}[
                n
            ]
        def program():
            return deep(2)
        """,
        (
            "LOAD_GLOBAL deep; CALL deep; TEST; LOAD_GLOBAL deep; OPERATE; CALL deep; TEST; "
            "LOAD_GLOBAL deep; OPERATE; CALL deep; TEST"
        ),
    ),
    "walrus": (
        """
        def program():
            items = [1]
            if (n := len(items)) and (items := items + [2])[0]:
                return n, items
        """,
        "LOAD_GLOBAL len; CALL len; TEST; OPERATE; LOAD_ITEM; TEST",
    ),
    "conditional callee and arguments": (
        """
        def f(*a):
            return a
        def g(*a):
            return a[::-1]
        def program():
            x = [1]
            return (f if x else g)(1 if x else 2, x[0] and 3, not x)
        """,
        "TEST; LOAD_GLOBAL f; TEST; LOAD_ITEM; TEST; TEST; CALL f",
    ),
    "truth and length": (
        """
        def program():
            items = [1]
            while items:
                items.pop()
            return not items, len(items)
        """,
        "TEST; LOAD_ATTR pop; CALL pop; TEST; TEST; LOAD_GLOBAL len; CALL len",
    ),
    "assert": (
        """
        def program():
            a = []
            assert a, "empty"
        """,
        "TEST",
    ),
    "import": (
        """
        def program():
            import os.path as p
            from os import sep, path
            return p is path, sep
        """,
        "IMPORT os.path; LOAD_ATTR path; IMPORT os; LOAD_ATTR sep; LOAD_ATTR path",
    ),
}


@pytest.mark.parametrize(
    ("source", "events"), [pytest.param(*case, id=name) for name, case in PROGRAMS.items()]
)
def test_a_program_does_the_same_and_its_hooks_come_in_order(
    source: str, events: str | None, check_program: Callable[[str, str | None], None]
) -> None:
    """Statements that steer: the same outcome and traceback lines, and the expected hooks."""
    check_program(source, events)

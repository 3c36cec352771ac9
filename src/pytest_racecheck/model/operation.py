"""What a task is about to do: the kinds of operation, and the place in the source that does it.

The instrumentation builds one `Site` for every instruction it hooks, once, when it rewrites the code. A hook receives
that site and the object the instruction acts on, so nothing has to be looked up while the program runs.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Access(enum.Enum):
    """How an operation touches its resource; two operations conflict unless both only read it."""

    READ = "read"
    WRITE = "write"
    SYNC = "synchronise"


class Kind(enum.Enum):
    """What an instruction does, as far as other tasks can tell, and the access that implies.

    The value is how a report spells it. Of a call nothing is known, so it counts as synchronisation.
    """

    access: Access
    writes: bool

    def __new__(cls, label: str, access: Access) -> Kind:
        """Keep `access` and `writes` as plain attributes: hooks read `writes` at every operation."""
        kind = object.__new__(cls)
        kind._value_ = label
        kind.access = access
        kind.writes = access is Access.WRITE
        return kind

    LOAD_ATTR = "load attribute", Access.READ
    STORE_ATTR = "store attribute", Access.WRITE
    DELETE_ATTR = "delete attribute", Access.WRITE
    LOAD_GLOBAL = "load global", Access.READ
    STORE_GLOBAL = "store global", Access.WRITE
    DELETE_GLOBAL = "delete global", Access.WRITE
    LOAD_CELL = "load cell", Access.READ
    STORE_CELL = "store cell", Access.WRITE
    DELETE_CELL = "delete cell", Access.WRITE
    LOAD_ITEM = "load item", Access.READ
    STORE_ITEM = "store item", Access.WRITE
    DELETE_ITEM = "delete item", Access.WRITE
    ITERATE = "iterate", Access.READ
    CONTAINS = "test membership", Access.READ
    COMPARE = "compare", Access.READ
    TEST = "test truth or length", Access.READ
    OPERATE = "operate on", Access.READ
    UPDATE = "update in place", Access.WRITE
    UNPACK = "unpack", Access.READ
    ENTER = "enter", Access.SYNC
    EXIT = "exit", Access.SYNC
    CALL = "call", Access.SYNC
    IMPORT = "import", Access.SYNC
    YIELD = "yield", Access.WRITE
    BEGIN = "begin a function", Access.READ
    END = "end a function", Access.READ


#: What they change is how far a generator has come, which nothing shows.
ADVANCES = frozenset({Kind.ITERATE, Kind.YIELD})
#: They are operations only where C code has called the function, and then in the middle of one.
BOUNDS = frozenset({Kind.BEGIN, Kind.END})


@dataclass(frozen=True, slots=True)
class Site:
    """One hooked instruction: what it does, the name it spells, and where it stands.

    `name` is the attribute, global or cell as the source spells it, and "" where the instruction spells none. `columns` are the first
    column, the last line and the last column of the expression it belongs to; -1 where they are not known.
    """

    kind: Kind
    name: str
    file: str
    line: int
    function: str
    columns: tuple[int, int, int] = (-1, -1, -1)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

"""A manager's server without a process."""

from __future__ import annotations

import pickle
import threading
from multiprocessing import process
from multiprocessing.managers import SyncManager, Token
from typing import Any

import pytest

from pytest_racecheck.runtime.processes.kept_server import KeptServer, dumped, gone, writes

ADDRESS = "racecheck-manager-test"


class Unpicklable:
    """Cannot travel."""

    def __reduce__(self) -> Any:
        raise TypeError("not me")


@pytest.fixture
def server() -> KeptServer:
    """Serves what a SyncManager does."""
    return KeptServer(dict(SyncManager._registry), ADDRESS)


def ask(server: KeptServer, ident: str | None, name: str, *args: Any, **kwds: Any) -> Any:
    """The kind and the content of an answer."""
    return pickle.loads(server.serve(dumped((ident, name, args, kwds))))


def made(server: KeptServer, typeid: str, *args: Any) -> str:
    """A new object's number."""
    kind, (ident, exposed) = ask(server, None, "create", typeid, *args)
    assert kind == "#RETURN"
    assert exposed
    return ident


def test_objects_are_numbered_in_order(server) -> None:
    """Where they lie in memory has no part in it, so they have the same numbers in every run."""
    assert [made(server, "list", [1]), made(server, "dict"), made(server, "Lock")] == [
        "1",
        "2",
        "3",
    ]


def test_methods_are_called(server) -> None:
    """What they return is returned, and what they raise is raised at the other end."""
    items = made(server, "list", [1])
    assert ask(server, items, "append", 2) == ("#RETURN", None)
    assert ask(server, items, "__getitem__", 1) == ("#RETURN", 2)
    kind, error = ask(server, items, "__getitem__", 2)
    assert (kind, type(error)) == ("#ERROR", IndexError)


def test_arguments_and_results_are_copies(server) -> None:
    """They travel, as to a server in a process of its own."""
    mine = [1]
    items = made(server, "list", [mine])
    mine.append(2)
    ask(server, items, "__getitem__", 0)[1].append(3)
    assert ask(server, items, "__getitem__", 0) == ("#RETURN", [1])


def test_what_cannot_travel_is_told(server) -> None:
    """The other end is to raise for it; the server goes on."""
    items = made(server, "list", [])
    server.id_to_obj[items][0].append(Unpicklable())
    assert ask(server, items, "pop")[0] == "#UNSERIALIZABLE"
    assert ask(server, items, "__len__") == ("#RETURN", 0)


@pytest.mark.parametrize("name", ["no_such_method", "__class__", "__init__"])
def test_only_what_is_exposed_can_be_called(server, name) -> None:
    """Everything else is refused with the server's traceback."""
    kind, text = ask(server, made(server, "list"), name)
    assert kind == "#TRACEBACK"
    assert "Traceback" in text


def test_bookkeeping_by_name(server) -> None:
    """Only what a server offers to its clients is done for them."""
    assert ask(server, None, "accept_connection", "a name")[0] == "#RETURN"
    assert ask(server, None, "serve_forever")[0] == "#TRACEBACK"


def test_fallbacks(server) -> None:
    """A proxy's text, and a copy of what it stands for."""
    items = made(server, "list", [1])
    assert ask(server, items, "__str__") == ("#RETURN", "[1]")
    assert ask(server, items, "#GETVALUE") == ("#RETURN", [1])


def test_a_method_that_returns_a_proxy(server) -> None:
    """Its result stays at the server, under a number of its own."""
    values = made(server, "dict", {"a": 1})
    kind, (exposed, token) = ask(server, values, "__iter__")
    assert kind == "#PROXY"
    assert "__next__" in exposed
    assert isinstance(token, Token)
    assert (token.address, token.id) == (ADDRESS, "2")
    assert ask(server, token.id, "__next__") == ("#RETURN", "a")


def test_references_are_counted(server) -> None:
    """What no proxy stands for any more is let go."""
    items = made(server, "list", [1])
    ask(server, None, "incref", items)
    ask(server, None, "decref", items)
    assert items in server.id_to_obj
    ask(server, None, "decref", items)
    assert items not in server.id_to_obj


def test_what_tasks_wait_for_is_known(server) -> None:
    """Locks and the like are controlled themselves; a list is not."""
    kinds = ("Lock", "RLock", "Semaphore", "Condition", "Event", "Queue", "JoinableQueue")
    assert all(server.is_primitive(made(server, kind)) for kind in kinds)
    assert server.is_primitive(made(server, "Barrier", 2))
    assert not server.is_primitive(made(server, "list"))
    assert not server.is_primitive("no such number")


def test_this_process_is_a_manager_only_while_it_unpickles(server) -> None:
    """Proxies that come back to their own server are unpickled as its own objects, and nobody else's are."""
    seen.clear()
    items = made(server, "list", [1])
    ask(server, items, "append", Looks())
    assert seen == [server]
    assert getattr(process.current_process(), "_manager_server", None) is None


seen: list[Any] = []


def look() -> None:
    """Note who is the manager."""
    seen.append(getattr(process.current_process(), "_manager_server", None))


class Looks:
    """Looks when it is unpickled."""

    def __reduce__(self) -> Any:
        return look, ()


def test_a_server_that_was_shut_down() -> None:
    """Is answered for: its proxies raise what they would."""
    kind, error = pickle.loads(gone(ADDRESS))
    assert (kind, type(error)) == ("#ERROR", ConnectionRefusedError)
    assert ADDRESS in str(error)


def test_which_methods_only_read() -> None:
    """Whatever is not known to only read may write."""
    assert [writes(name) for name in ("get", "__getitem__", "is_set")] == [False] * 3
    assert [writes(name) for name in ("pop", "__setitem__", "setdefault", "whatever")] == [True] * 4


def test_a_lock_is_the_callers(server) -> None:
    """It is done in the thread that asks, so a lock that is taken is taken here."""
    lock = made(server, "Lock")
    assert ask(server, lock, "acquire") == ("#RETURN", True)
    assert ask(server, lock, "acquire", False) == ("#RETURN", False)
    assert isinstance(server.id_to_obj[lock][0], type(threading.Lock()))

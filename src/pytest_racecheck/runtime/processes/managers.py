"""Managers under control: starting one starts no process, and what a proxy asks for is a request to whoever schedules.

Proxies and managers talk to their server through a connection that they open by its address. For an address of ours they get one that hands over what
they send, and returns the answer; so all of the library's own code for proxies runs as it is. See `kept_server.py` for the other end.

A server that is really there, because it was started before the run or by other means, goes on serving. A call of one of its proxies is one
operation.
"""

from __future__ import annotations

import itertools
import pickle
import sys
from multiprocessing import managers, util
from typing import TYPE_CHECKING, Any

from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.processes.kept_server import KeptServer, dumped, writes
from pytest_racecheck.runtime.processes.request import Request, Told
from pytest_racecheck.runtime.processes.standing import place_of, told_of
from pytest_racecheck.runtime.processes.suspension import uncontrolled
from pytest_racecheck.runtime.threads.identities import calling_task
from pytest_racecheck.runtime.threads.values import as_text

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.patches import Attribute

_PREFIX = "racecheck-manager-"
_KINDS = {"__getitem__": "LOAD_ITEM", "__setitem__": "STORE_ITEM", "__delitem__": "DELETE_ITEM", "__contains__": "CONTAINS",
          "__len__": "TEST"}  # fmt: skip
_ATTRIBUTES = {"__getattribute__": "LOAD_ATTR", "__setattr__": "STORE_ATTR"}
_VALUES = {"get": "LOAD_ATTR", "set": "STORE_ATTR"}
# Methods that are as good as reading what they return.
_LOOKING = {"get", "keys", "values", "items", "copy", "count", "index"}
_LOCKING = {"acquire": "ACQUIRE", "release": "RELEASE"}
# What marks a connection to a server that is no part of the program.
_OUTSIDE = "_racecheck_outside"
_start = managers.BaseManager.start
_serve_forever: Any = managers.Server.serve_forever
_callmethod: Any = managers.BaseProxy._callmethod
_dispatch: Any = vars(managers)["dispatch"]
_clients: dict[str, Any] = vars(managers)["listener_client"]
_State: Any = vars(managers)["State"]


def is_ours(address: object) -> bool:
    """Whether a server has no process of its own."""
    return isinstance(address, str) and address.startswith(_PREFIX)


class KeptServers:
    """The servers of one run, in the process that schedules."""

    def __init__(self) -> None:
        self._servers: dict[str, KeptServer] = {}

    def open(self, address: str, registry: dict[str, Any]) -> None:
        """Have a server at that address."""
        self._servers[address] = KeptServer(registry, address)

    def at(self, address: str) -> KeptServer | None:
        """The server there, if there still is one."""
        return self._servers.get(address)

    def close(self, address: str) -> None:
        """It is shut down."""
        self._servers.pop(address, None)
        managers.BaseProxy._address_to_local.pop(address, None)

    def clear(self) -> None:
        """The run is over."""
        for address in list(self._servers):
            self.close(address)


class Connection:
    """What a proxy gets for the address of such a server."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._request: tuple[Any, ...] = ()

    def send(self, request: tuple[Any, ...]) -> None:
        """The request is done when its answer is asked for."""
        self._request = request

    def recv(self) -> Any:
        """The answer."""
        ident, name, args, _ = self._request
        request = dumped(self._request)
        processes = control.scheduler.processes if calling_task() is not None else None
        if processes is None:
            raise ConnectionRefusedError(self._address)
        if ident is None:
            asked = Request("manage", (), False, None, None, (self._address, request))
        else:
            asked = self._asked(processes, ident, name, args, request)
        return pickle.loads(processes.perform(asked))

    def _asked(self, processes: Any, ident: str, name: str, args: Any, request: bytes) -> Request:
        told = None
        if processes.recorded:
            # Who calls is the proxy's `_callmethod`.
            told = told_of_call(name, args, sys._getframe(2).f_locals.get("self"))
        place = place_of(control.scheduler.in_scope, 3)
        key = ("manager", self._address, ident)
        return Request("serve", key, writes(name), place, told, (self._address, ident, request))

    def close(self) -> None:
        """There is nothing to let go of."""


def told_of_call(name: str, args: Any, proxy: object) -> Told:
    """What a report is to say of a call of a proxy's method; `get` and `set` are an attribute of a Value alone, as queues and others have them, too."""
    if name in _KINDS and args:
        value = as_text(args[1]) if len(args) > 1 else None
        return told_of(None, _KINDS[name], attribute=name, suffix=f"[{args[0]!r}]", value=value)
    if name in _ATTRIBUTES and args:
        value = as_text(args[1]) if len(args) > 1 else None
        return told_of(
            None, _ATTRIBUTES[name], attribute=args[0], suffix=f".{args[0]}", value=value
        )
    if name in _VALUES and isinstance(proxy, managers.ValueProxy):
        value = as_text(args[0]) if args else None
        return told_of(None, _VALUES[name], attribute="value", suffix=".value", value=value)
    if name in _LOOKING:
        return told_of(None, "LOAD_ITEM", attribute=name)
    return told_of(None, _LOCKING.get(name, "CALL"), attribute=name)


def start(self: Any, initializer: Any = None, initargs: Any = ()) -> None:
    """`BaseManager.start`."""
    processes = control.scheduler.processes if calling_task() is not None else None
    is_plain = initializer is None and type(self)._Server is managers.Server
    if processes is None or not is_plain or self._state.value != _State.INITIAL:
        with uncontrolled():
            _start(self, initializer, initargs)
        return
    address = f"{_PREFIX}{processes.ticket}{next(_COUNT)}"
    processes.open_server(address, self._registry)
    self._address = address
    self._process = _NoProcess()
    self._state.value = _State.STARTED
    self.shutdown = util.Finalize(self, _shut_down, args=(address, self._state), exitpriority=0)


_COUNT = itertools.count(1)


class _NoProcess:
    """In the place of a server's process."""

    pid = None
    exitcode = None

    def is_alive(self) -> bool:
        return True

    def join(self, timeout: float | None = None) -> None:
        """It ends with its manager."""

    terminate = kill = close = join


def _shut_down(address: str, state: Any) -> None:
    state.value = _State.SHUTDOWN
    processes = control.scheduler.processes if calling_task() is not None else None
    if processes is not None:
        processes.perform(Request("close server", (), True, None, None, (address,)))


def _client(original: Any) -> Any:
    def connect(address: Any, *args: Any, **kwargs: Any) -> Any:
        if is_ours(address):
            return Connection(address)
        processes = control.scheduler.processes if calling_task() is not None else None
        if processes is None or _is_served(processes, address):
            return original(address, *args, **kwargs)
        with uncontrolled():
            made = original(address, *args, **kwargs)
        setattr(made, _OUTSIDE, True)
        return made

    return connect


def serve_forever(self: Any) -> None:
    """`Server.serve_forever`: where a process of the program is the server, its threads are tasks, and clients wait for them as such."""
    processes = control.scheduler.processes if calling_task() is not None else None
    if processes is not None:
        processes.perform(Request("serving", (), True, None, None, (str(self.address),)))
    _serve_forever(self)


def _is_served(processes: Any, address: object) -> bool:
    asked = Request("served", (), False, None, None, (str(address),))
    return bool(processes.perform(asked))


def callmethod(self: Any, methodname: str, args: Any = (), kwds: Any = {}) -> Any:  # noqa: B006
    """`BaseProxy._callmethod`: of a server that is really there, an operation."""
    processes = control.scheduler.processes if calling_task() is not None else None
    address = self._token.address
    if processes is None or is_ours(address) or _is_served(processes, address):
        return _callmethod(self, methodname, args, kwds)
    told = told_of_call(methodname, args, self) if processes.recorded else None
    key = ("manager", str(address), self._id)
    place = place_of(control.scheduler.in_scope, 2)
    processes.perform(Request("touch", key, writes(methodname), place, told))
    with uncontrolled():
        return _callmethod(self, methodname, args, kwds)


def dispatch(c: Any, id: Any, name: str, args: Any = (), kwds: Any = {}) -> Any:  # noqa: B006
    """`managers.dispatch`: what is asked of a server that is really there is nobody's operation."""
    if not getattr(c, _OUTSIDE, False):
        return _dispatch(c, id, name, args, kwds)
    with uncontrolled():
        return _dispatch(c, id, name, args, kwds)


ATTRIBUTES: tuple[Attribute, ...] = (
    (managers.BaseManager, "start", start),
    (managers.Server, "serve_forever", serve_forever),
    (managers.BaseProxy, "_callmethod", callmethod),
)
REPLACEMENTS = (
    (_dispatch, dispatch),
    (
        _clients,
        {name: (listener, _client(client)) for name, (listener, client) in _clients.items()},
    ),
)

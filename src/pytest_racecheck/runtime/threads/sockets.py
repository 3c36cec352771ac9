"""Sockets under control: the blocking methods of `socket.socket`, exchanged in the class itself.

All sockets count as one resource. Which of them are connected to each other only the kernel knows, and what one task sends decides what
another one finds.

A task never enters a call that may block: it waits until the descriptor is ready, in virtual time, and then calls the original.
For reading that is enough. A blocking `send` waits until all of its data has been taken, so it is done piece by piece.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from typing import Any

from greenlet import getcurrent

from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.threads.outside import IN, OUT
from pytest_racecheck.runtime.threads.task import Task

Method = Callable[..., Any]
_Socket = socket.socket
_DONT_WAIT: int = getattr(socket, "MSG_DONTWAIT", 0)


def calling_task(*, blocks: bool = True) -> Task | None:
    """The task that calls, else None: the original is meant. Raises Aborted where a call that blocks would keep a run from ending."""
    scheduler = control.scheduler
    task: Task = scheduler.current
    if task.greenlet is getcurrent():
        return task
    if blocks and scheduler.aborting and scheduler.is_task():
        scheduler.refuse()
    return None


def describe(task: Task, operation: str) -> None:
    """The pending operation is one on the network."""
    scheduler = control.scheduler
    task.resource = scheduler.resources.of(socket, "sockets")
    task.writes = True
    task.point = scheduler.own_point(operation)


def done(task: Task) -> None:
    """It is about to be done."""
    scheduler = control.scheduler
    scheduler.resources.of(socket, "sockets").happened(task, True)
    if scheduler.watch is not None:
        scheduler.watch(task)


def at_once(task: Task, operation: str) -> None:
    """Stand before an operation that never waits."""
    describe(task, operation)
    control.scheduler.stand(task)
    done(task)


def _await(task: Task, sock: Any, events: int, operation: str) -> None:
    timeout = sock.gettimeout()
    if timeout == 0:
        at_once(task, operation)
        return
    describe(task, operation)
    fd = sock.fileno()
    if not control.scheduler.outside.wait(task, [(fd, events)], timeout, operation, sock):
        raise TimeoutError("timed out")
    done(task)


def _waiting(name: str, events: int) -> Method:
    """A method that can be called once the socket is ready."""
    original: Method = getattr(_Socket, name)

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        task = calling_task(blocks=self.gettimeout() != 0)
        if task is None:
            return original(self, *args, **kwargs)
        _await(task, self, events, name.lstrip("_"))
        try:
            return original(self, *args, **kwargs)
        finally:
            control.scheduler.outside.ask()

    method.__name__ = method.__qualname__ = name
    return method


def _immediate(name: str) -> Method:
    """A method that never blocks, but that others notice."""
    original: Method = getattr(_Socket, name)

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        task = calling_task(blocks=False)
        if task is None:
            return original(self, *args, **kwargs)
        at_once(task, name.removeprefix("_real_"))
        try:
            return original(self, *args, **kwargs)
        finally:
            control.scheduler.outside.ask()

    method.__name__ = method.__qualname__ = name
    return method


_send: Method = _Socket.send
_sendall: Method = _Socket.sendall
_connect: Method = _Socket.connect
_connect_ex: Method = _Socket.connect_ex


def send(self: Any, data: Any, flags: int = 0, /) -> int:
    """`socket.send`: all of the data from a blocking socket, what fits from one with a time-out."""
    timeout = self.gettimeout()
    task = calling_task(blocks=timeout != 0)
    if task is None:
        return int(_send(self, data, flags))
    if timeout is None:
        return _send_all(task, self, data, flags)
    _await(task, self, OUT, "send")
    return _send_some(self, data, flags)


def sendall(self: Any, data: Any, flags: int = 0, /) -> None:
    """`socket.sendall`."""
    timeout = self.gettimeout()
    task = calling_task(blocks=timeout != 0)
    if task is None:
        _sendall(self, data, flags)
        return
    if timeout == 0:
        at_once(task, "sendall")
        try:
            _sendall(self, data, flags)
        finally:
            control.scheduler.outside.ask()
    else:
        _send_all(task, self, data, flags)


def _send_all(task: Task, sock: Any, data: Any, flags: int) -> int:
    with memoryview(data) as view, view.cast("B") as left:
        sent = 0
        while True:
            _await(task, sock, OUT, "send")
            sent += _send_some(sock, left[sent:], flags)
            if sent >= len(left):
                return sent


def _send_some(sock: Any, data: Any, flags: int) -> int:
    try:
        return int(_send(sock, data, flags | _DONT_WAIT))
    except BlockingIOError:
        if sock.gettimeout() == 0:
            raise
        return 0
    finally:
        control.scheduler.outside.ask()


def connect(self: Any, address: Any, /) -> None:
    """`socket.connect`."""
    timeout = self.gettimeout()
    task = calling_task(blocks=timeout != 0)
    if task is None:
        _connect(self, address)
        return
    if timeout == 0:
        at_once(task, "connect")
        try:
            _connect(self, address)
        finally:
            control.scheduler.outside.ask()
        return
    number = _connect_in_time(task, self, address, timeout)
    if number == errno.ETIMEDOUT and timeout is not None:
        raise TimeoutError("timed out")
    if number:
        raise OSError(number, os.strerror(number))


def connect_ex(self: Any, address: Any, /) -> int:
    """`socket.connect_ex`."""
    timeout = self.gettimeout()
    task = calling_task(blocks=timeout != 0)
    if task is None:
        return int(_connect_ex(self, address))
    if timeout == 0:
        at_once(task, "connect")
        try:
            return int(_connect_ex(self, address))
        finally:
            control.scheduler.outside.ask()
    number = _connect_in_time(task, self, address, timeout)
    return errno.EAGAIN if number == errno.ETIMEDOUT and timeout is not None else number


def _connect_in_time(task: Task, sock: Any, address: Any, timeout: float | None) -> int:
    """The error number, 0 for none."""
    at_once(task, "connect")
    outside = control.scheduler.outside
    sock.settimeout(0)
    try:
        number: int = _connect_ex(sock, address)
    finally:
        sock.settimeout(timeout)
        outside.ask()
    if number not in (errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EAGAIN):
        return number
    describe(task, "connect")
    if not outside.wait(task, [(sock.fileno(), OUT)], timeout, "connect", sock):
        return errno.ETIMEDOUT
    done(task)
    return int(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))


_READING = ("_accept", "recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into")
_WRITING = ("sendto", "sendmsg")
_IMMEDIATE = ("shutdown", "_real_close", "listen")

ATTRIBUTES: tuple[tuple[Any, str, object], ...] = (
    *((_Socket, name, _waiting(name, IN)) for name in _READING if hasattr(_Socket, name)),
    *((_Socket, name, _waiting(name, OUT)) for name in _WRITING if hasattr(_Socket, name)),
    *((_Socket, name, _immediate(name)) for name in _IMMEDIATE if hasattr(_Socket, name)),
    (_Socket, "send", send),
    (_Socket, "sendall", sendall),
    (_Socket, "connect", connect),
    (_Socket, "connect_ex", connect_ex),
)

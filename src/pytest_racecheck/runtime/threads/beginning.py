"""The first operation of a task whose function is not the program's own.

A new task is brought up to its first scheduling point before anything is chosen, since what it does on the way there is nobody else's concern. But
there is no hook in a function that is written in C, or in one out of scope, so the way would be the whole task: `Thread(target=results.append)` would
be over as soon as it is started, under every schedule. Whoever makes such a call in his own code stands before it; so does a task that begins with one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from pytest_racecheck.runtime.threads.calls import Calls
from pytest_racecheck.runtime.threads.quiet_modules import consists_of_primitives
from pytest_racecheck.runtime.threads.resources import CONTENTS, Touched

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.scheduler import Scheduler
    from pytest_racecheck.runtime.threads.task import Task


def is_seen(scheduler: Scheduler, function: Any) -> bool:
    """Whether there are hooks in what calling `function` enters."""
    inner = _entered(function)
    return type(inner) is FunctionType and scheduler.in_scope(inner.__code__.co_filename)


def stand_before_call(scheduler: Scheduler, function: Any, arguments: Sequence[object]) -> None:
    """The current task is about to call `function` and nothing else."""
    if not scheduler.alone and not is_seen(scheduler, function):
        touched = Calls(scheduler.in_scope).touched(function, tuple(arguments))
        _stand(scheduler, touched or _itself(function))


def stand_before(scheduler: Scheduler, function: Any, arguments: Sequence[object]) -> None:
    """The library is about to call `function` for the current task, which has other points besides."""
    if not scheduler.alone:
        task: Task = scheduler.current
        task.called = function, tuple(arguments)
        _stand(scheduler, Calls(scheduler.in_scope).touched(*task.called))
        task.called = None


def _stand(scheduler: Scheduler, touched: Touched | None) -> None:
    if touched is None:
        return
    holder, name, writes = touched
    task = scheduler.current
    resource = scheduler.resources.touched(holder, name, writes)
    task.resource, task.writes, task.point = resource, writes, scheduler.own_point("call")
    scheduler.stand(task)
    resource.happened(task, writes)
    if scheduler.watch is not None:
        scheduler.watch(task)


def _itself(function: Any) -> Touched | None:
    """What a function of the library in Python is taken to touch that nothing is known of.

    Without a point it would be over as soon as its starter comes to one, and which that is depends on what was learned so far. What consists of
    controlled primitives has points enough.
    """
    inner = _entered(function)
    if type(inner) is not FunctionType or consists_of_primitives(inner):
        return None
    return (getattr(function, "__self__", inner), CONTENTS, True)


def _entered(function: Any) -> Any:
    return function.__func__ if type(function) is MethodType else function


def body_of(scheduler: Scheduler, function: Any, arguments: Sequence[object]) -> Any:
    """What a task has to call that is to call `function`."""
    if is_seen(scheduler, function):
        return partial(function, *arguments)

    def body() -> None:
        stand_before_call(scheduler, function, arguments)
        function(*arguments)

    return body

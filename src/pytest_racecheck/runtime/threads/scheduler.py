"""The scheduler: one run's tasks, and who goes on.

All tasks of a run share one OS thread, each in a greenlet of its own, so exactly one runs at any time and nothing happens between two
scheduling points that the scheduler did not decide. There is no loop that hands out turns: the task that reaches a point asks the
strategy itself and switches straight to the chosen one, and when the choice is to go on there is no switch at all. That is
what makes a schedule cost microseconds; a hand-over between two OS threads costs a hundred times a greenlet switch.

A task that stands at a point has described its pending operation (`resource`, `writes`, `point`), is chosen or not, and does the
operation when `stand` returns. One that must wait takes itself off the list of enabled tasks before it stands, and whoever makes
its wait end puts it back. When nobody is enabled, time may pass (a timed wait ends), the world outside may have something to say
(a socket), and otherwise the run is stuck.

The list of enabled tasks is kept in the order of their numbers: what a strategy draws must mean the same in every run.

A greenlet that ends falls back to its parent. The parent is always the greenlet of the main task, never another task, which would
make a chain that can close to a cycle; so the main task, wherever it waits, passes control on to whom it belongs.
"""

from __future__ import annotations

from _thread import get_ident
from bisect import insort
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

from greenlet import getcurrent

from pytest_racecheck.runtime.threads.blocking import Blocking, by_deadline
from pytest_racecheck.runtime.threads.carrier import Carriers
from pytest_racecheck.runtime.threads.clock import Clock
from pytest_racecheck.runtime.threads.fairness import Fairness
from pytest_racecheck.runtime.threads.numbering import Numbering
from pytest_racecheck.runtime.threads.outside import Outside
from pytest_racecheck.runtime.threads.resources import Resources
from pytest_racecheck.runtime.threads.task import Aborted, Task, let_go
from pytest_racecheck.runtime.threads.thread_locals import ThreadLocals, Uncontrolled
from pytest_racecheck.runtime.threads.unwinding import Nobody, Unwinding
from pytest_racecheck.strategies.default import Default

if TYPE_CHECKING:
    from pytest_racecheck.model.outcome import TaskError
    from pytest_racecheck.model.trace import Position
    from pytest_racecheck.runtime.threads.stuck_call import StuckCall
    from pytest_racecheck.runtime.threads.superior import Superior
    from pytest_racecheck.strategies.protocol import Strategy

# No number of steps is as low.
NOTHING = -1
MAIN = "main"
# What `get_ident` tells a task: below any address that a real thread is known by.
_FIRST_IDENT = 1 << 32


class Scheduler(Unwinding, Blocking, Numbering, Fairness):
    """Runs tasks one at a time, in the order a strategy wants. One object serves all runs of a campaign.

    `choices` counts the points at which two tasks or more were enabled, `steps` all of them; `deviations` is the schedule so far.
    `alone` is true while no other task of this process but one is alive: then nothing in it can race and hooks return at once. `remote`
    counts the tasks of other processes that are alive.
    """

    # Who decides in another process, where this one is a part of its program.
    superior: Superior | None = None
    # Does what tasks ask for on things that processes share.
    processes: Any = None
    # In a process that was forked, where its parent stood: variables there have names that both of them know.
    below: FrameType | None = None
    # Operations are to be told with names and values.
    recording = False
    # The task that is current waits for the world outside, and knows how long.
    patient = False

    def __init__(
        self, max_steps: int, in_scope: Callable[[str], bool], *, any_timeouts: bool = False
    ) -> None:
        super().__init__()
        self.max_steps = max_steps
        self.in_scope = in_scope
        self.any_timeouts = any_timeouts
        # Told which function a new task is about to enter.
        self.entering: Callable[[object], None] = lambda _function: None
        # Whether a file in scope belongs to the project, and to no package that was named.
        self.is_project: Callable[[str], bool] = lambda _file: True
        # What a signal handler raised: nobody's failure, and the end of the campaign.
        self.interrupted: BaseException | None = None
        # Called before each run, and after it.
        self.beginning: Callable[[], None] = lambda: None
        self.ending: Callable[[], None] = lambda: None
        self.forget_listeners()
        # Asked when nobody can go on: makes a task enabled that waits for the outside world, or says that none does.
        self.outside = Outside(self)
        # Gives each task its own values of `threading.local`.
        self.locals: ThreadLocals = Uncontrolled()
        # Called by every step of a run that is watched; None in the others.
        self.watch: Callable[[Task], None] | None = None
        self.current: Any = Nobody
        self.active = False
        # Stands for whoever holds a lock without being a task.
        self.stranger = Task(-1, "", "a thread that is no task", None, 0, daemon=True)
        self.uncontrolled: set[str] = set()
        self.clock = Clock()
        self.carriers = Carriers(self._live)
        # A thread that is no task has released a lock which a task had taken.
        self.signalled = False
        self.blocked: StuckCall | None = None  # As the watchdog has found.
        self.resources = Resources()
        self.end_point = self.own_point("end")
        self.join_point = self.own_point("join")
        self._reset(Default())

    def forget_listeners(self) -> None:
        """Nobody is told of what happens any more, and nobody who was is kept alive by that."""
        # Told of every task that ends with an exception, and of what else went wrong in one.
        self.failed: Callable[[Task, BaseException], None] = _nobody_listens
        self.record: Callable[[TaskError], None] = _nobody_listens
        self.raised: Callable[[Task, TaskError, Position | None], None] = _nobody_listens
        # Told what shows, before the next step, what the last write of a task will have left.
        self.written: Callable[[Task, Callable[[], str | None]], None] = _nobody_listens
        # Told when nobody can go on any more, and when somebody goes on for ever, before anybody is unwound.
        self.stuck: Callable[[], None] = _nobody_listens
        self.overran: Callable[[], None] = _nobody_listens

    def close(self) -> None:
        """There will be no more runs.

        Rewritten code holds its hooks, hooks hold the scheduler, and a traceback holds code, which the garbage collector cannot see
        through: from here nothing may lead back to what a run has raised, or none of it would ever be freed.
        """
        self.forget_listeners()
        self.carriers.close()
        self.watch = None
        self._reset(Default())

    def begin(self, strategy: Strategy) -> Task:
        """A run begins; the calling greenlet is its main task, and is returned."""
        self._reset(strategy)
        main = self._main(MAIN, MAIN)
        self.beginning()
        self.locals.begin(main)
        strategy.started(main)
        self.active = True
        return main

    def _main(self, key: str, name: str) -> Task:
        self.root = getcurrent()
        self.carriers.begin(self.root)
        main = self.current = self._add(key, name, None, get_ident(), daemon=False)
        main.greenlet = self.root
        self.enter = self.locals.enter
        self.enable(main)
        return main

    def branch_off(self, superior: Superior, key: str, name: str) -> Task:
        """This process is another one from now on, a part of the same program; the calling greenlet is its main task, and is returned.

        What there was of tasks is over here, as after any fork. `superior` makes all choices; no step is taken without it.
        """
        for task in self.tasks:
            task.ended = True
        # Kept: to let go of all that is to write where it lies, and each page that is written to is copied first.
        self.inherited = (self.tasks, self.enabled, self.resources, self.deviations)
        self.resources = Resources()
        self._reset(Default())
        self.superior = superior
        self.limit = NOTHING
        self.carriers = Carriers(self._live)
        main = self._main(key, name)
        self.locals.begin(main)
        self.active = True
        return main

    def _reset(self, strategy: Strategy) -> None:
        self.strategy = strategy
        self._choose = strategy.choose
        self._executed = strategy.executed if strategy.counts else None
        self.tasks: list[Task] = []
        self._names: dict[str, int] = {}
        self.enabled: list[Task] = []
        self.timed: list[Task] = []
        # Made, and not yet run to their first point; and who stood at a point when they were first seen.
        self.fresh: list[Task] = []
        self.standing: Task | None = None
        self.resources = self.resources.renewed()
        self.deviations: list[tuple[int, int]] = []
        self.choices = self.steps = self.switches = self.preemptions = 0
        self.limit = self.max_steps
        self.overrun = 0
        self.forget_streak()
        self.now = 0.0
        self.clock.begin()
        self.outside.begin()
        self.alive = self.remote = 0
        self.alone = True
        self.aborting = False
        self.interrupted = None
        self.blocked = None
        # A task was computing without end.
        self.endless = False
        self.lingered = 0
        self.survivors: list[Task] = []

    def add(
        self, label: str, body: Callable[[], object], *, daemon: bool = False, name: str | None = None,
        remote: bool = False,
    ) -> Task:  # fmt: skip
        """A new task that will call `body`, made by the current one; `release` lets it begin."""
        parent: Task = self.current
        key = parent.child_key(label)
        task = self._add(key, name or label, parent, None, daemon=daemon, remote=remote)
        task.greenlet = self.carriers.carry(task, body)
        self.strategy.started(task)
        return task

    def _add(
        self, key: str, name: str, parent: Task | None, ident: int | None, *, daemon: bool, remote: bool = False,
    ) -> Task:  # fmt: skip
        index = len(self.tasks)
        times = self._names[name] = self._names.get(name, 0) + 1
        if times > 1:
            # Reports tell tasks by their names.
            name = f"{name} ({times})"
        task = Task(index, key, name, parent, ident or _FIRST_IDENT + index, daemon)
        if parent is not None:
            task.event = hash((parent.event, index))
        self.tasks.append(task)
        task.remote = remote
        self._count(task, 1)
        return task

    def has_company(self) -> None:
        """From now on the tasks of other processes do things in this one, too."""
        self.alive += 1
        self.alone = False

    def _count(self, task: Task, more: int) -> None:
        if task.remote:
            self.remote += more
        else:
            self.alive += more
            self.alone = self.alive == 1

    def foreign(self, primitive: object, take: Callable[[], object]) -> None:
        """Somebody who is no task holds what a task is about to take: there is nothing to decide, only to wait."""
        self.uncontrolled.add(type(primitive).__name__)
        take()

    def here(self) -> Task | None:
        """The task that calls, if it is one of a run that goes on; else None."""
        task = self.current
        return task if task.greenlet is getcurrent() else None

    def release(self, task: Task) -> None:
        """`task`, which was just made, can begin."""
        self.enable(task)
        self.fresh.append(task)

    def enable(self, task: Task) -> None:
        """`task` can go on from now on."""
        if not task.enabled and not task.ended:
            task.enabled = True
            if self.enabled and self.enabled[-1].index > task.index:
                insort(self.enabled, task, key=_by_index)
            else:
                self.enabled.append(task)

    def disable(self, task: Task) -> None:
        """`task` cannot go on until it is enabled again."""
        if task.enabled:
            task.enabled = False
            self.enabled.remove(task)

    def stand(self, task: Task) -> None:
        """The scheduling point before the pending operation of `task`; returns when it is to be done.

        Raises Aborted when the run is over.
        """
        self.steps += 1
        if self.steps > self.limit:
            if self.superior is not None:
                self.superior.stand(task)
                return
            self._overrun()
        chosen = self._bring_up(task) if self.fresh else self._pick(task)
        if chosen is not task:
            self.transfer(task, chosen)

    def _bring_up(self, task: Task | None) -> Task:
        """A task that has just been made runs to its first scheduling point before anything is chosen.

        What it does until then touches nothing that is shared, so there is nothing to choose; and a strategy sees what it is about to do.
        """
        if self.standing is None:
            self.standing = task
        return self.fresh.pop(0)

    def _pick(self, task: Task) -> Task:
        if self.standing is not None:
            task, self.standing = self.standing, None
        enabled = self.enabled
        if len(enabled) > 1:
            return self._choice(enabled, task)
        if enabled:
            if self._executed is not None:
                self._executed(enabled[0])
            return enabled[0]
        return self._nobody()

    def _choice(self, enabled: list[Task], task: Task) -> Task:
        if task.enabled:
            default = task
            chosen: Task = self._choose(enabled, task)
            if chosen is self.last:
                self.streak += 1
                if self.streak > self.spin:
                    # That is no interruption, and happens again in every replay.
                    chosen = task = default = self.stand_back(enabled, chosen)
            else:
                self.last, self.streak = chosen, 0
            if chosen is not task:
                self.preemptions += 1
        else:
            default = enabled[0]
            chosen = self._choose(enabled, None)
        if chosen is not default:
            self.deviations.append((self.choices, chosen.index))
        self.choices += 1
        return chosen

    def transfer(self, task: Task, chosen: Task) -> None:
        """`chosen` goes on; returns when `task` does."""
        self.switches += 1
        self.current = chosen
        entered: Any = chosen.greenlet
        # A greenlet begins as deep in the stack as whoever enters it first: tasks that start each other would reach the recursion limit.
        (entered or self.root).switch()
        # Only the main task's greenlet is entered for others: as the parent of those that end.
        while self.current is not task:
            if self.aborting:
                break
            belongs_to: Any = self.current
            belongs_to.greenlet.switch()
        self.enter(task)
        if self.aborting:
            self.abort_here(task)

    def _live(self, task: Task, body: Callable[[], object]) -> Any:
        self.enter(task)
        try:
            if not self.aborting:
                body()
        except Aborted as unwound:
            let_go(unwound)
        except BaseException as error:
            self.failed(task, error)
        finally:
            self._end(task)
        # One that has not begun is entered from the main task's, as all are.
        return None if self.aborting else self.current.greenlet or None

    def _end(self, task: Task) -> None:
        self.locals.leave(task)
        task.ended = True
        self.disable(task)
        self._count(task, -1)
        if self.aborting:
            return
        for ended in task.on_end:
            ended()
        if self.superior is not None:
            self.current = self.superior.ended(task)
            return
        try:
            self.current = self._bring_up(task) if self.fresh else self._pick(task)
        except Aborted:
            # The run is stuck: the main task hears of it.
            self.current = self.tasks[0]

    def _nobody(self) -> Task:
        """Nobody can go on as it is: somebody's time-out, somebody outside, or the end."""
        if self.outside():
            return self.enabled[0]
        if self.timed:
            self.expire(min(self.timed, key=by_deadline))
            return (
                self._choice(self.enabled, self.stranger)
                if len(self.enabled) > 1
                else self.enabled[0]
            )
        self.stuck()
        self.abort()
        raise Aborted


def _nobody_listens(*_: object) -> None:
    pass


def _by_index(task: Task) -> int:
    return task.index

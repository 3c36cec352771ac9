"""Kinds of races, of traces written by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from traces import Traced

from pytest_racecheck.analysis.kind import kind_of
from pytest_racecheck.model.operation import Kind
from pytest_racecheck.model.outcome import Outcome, TaskError
from pytest_racecheck.model.trace import Action, cycle_of

A, B, C = "first-1", "second-1", "third-1"


def found(trace: Traced, *errors: TaskError, **more: object) -> tuple[str, str | None]:
    """What the run shows."""
    return kind_of(trace.result(*errors, **more))  # type: ignore[arg-type]


def test_lost_update() -> None:
    """Read, read and written by another, written."""
    trace = Traced().read(A, "Counter.value").read(B, "Counter.value", preempts=A)
    trace.write(B, "Counter.value").write(A, "Counter.value").read(
        "main", "Counter.value", 1
    ).raises("main")
    assert found(trace) == ("lost update", "Counter.value")


def test_an_innocent_counter_is_not_accused() -> None:
    """What was updated out of the others' reach is not lost, though two tasks update it."""
    trace = Traced().read(A, "Stats.hits").write(A, "Stats.hits").read(A, "Counter.value")
    trace.read(B, "Stats.hits", preempts=A).write(B, "Stats.hits").write(B, "Counter.value", 5)
    trace.write(A, "Counter.value")
    assert found(trace) == ("lost update", "Counter.value")


def test_check_then_act() -> None:
    """Asked, changed by another, and acted upon."""
    trace = (
        Traced().asks(A, "cache").asks(B, "cache", preempts=A).write(B, "cache").write(A, "cache")
    )
    assert found(trace) == ("check then act", "cache")


def test_the_content_of_a_file_is_a_value() -> None:
    """To read it by a call and then to have another file take its place is a lost update."""
    trace = Traced().add(A, Action.READ, "'count'", kind=Kind.CALL)
    trace.add(B, Action.READ, "'count'", kind=Kind.CALL, preempts=A)
    trace.add(B, Action.CALL, "'count'", kind=Kind.CALL)
    trace.add(A, Action.CALL, "'count'", kind=Kind.CALL)
    assert found(trace) == ("lost update", "'count'")


def test_a_list_of_files_that_is_out_of_date() -> None:
    """Who goes through a folder acts on what it was, whichever files it has taken from it itself; each removal is of another file."""
    trace = Traced().lists(A, "'in'").add(A, Action.CALL, "'a'", kind=Kind.CALL, puts_into="'in'")
    trace.lists(B, "'in'", preempts=A)
    trace.add(B, Action.CALL, "'b'", kind=Kind.CALL, puts_into="'in'")
    trace.add(A, Action.CALL, "'b'", kind=Kind.CALL, puts_into="'in'").raises(A)
    assert found(trace) == ("check then act", "'in'")


def test_a_folder_that_nobody_lists() -> None:
    """What is put into it by two tasks is no conflict between them."""
    trace = Traced().write(A, "'a'", puts_into="'in'").read(B, "'a'")
    trace.write(A, "'b'", puts_into="'in'").write(B, "'c'", puts_into="'in'").raises("main")
    assert found(trace) == ("order violation", "'a'")


def test_check_then_act_elsewhere() -> None:
    """What is asked and what is then done may be about different things."""
    trace = (
        Traced().asks(A, "ready").write(B, "ready", preempts=A).write(B, "made").write(A, "made")
    )
    assert found(trace) == ("check then act", "ready")


def test_a_look_at_a_queue_is_a_question() -> None:
    """`empty()` and `get_nowait()` are operations on the queue, whatever locks they take."""
    trace = Traced().calls(A, 1, "empty").calls(B, 2, "empty", preempts=A).calls(B, 3, "get_nowait")
    trace.calls(A, 4, "get_nowait").raises(A, "Empty")
    assert found(trace) == ("check then act", "jobs")


@pytest.mark.parametrize("name", ["Connection.closed", "Pool.is_shut_down"])
def test_use_after_close(name: str) -> None:
    """What was changed between question and use says that it is closed."""
    trace = Traced().asks(A, name).write(B, name, preempts=A).asks(A, name).raises(A)
    assert found(trace) == ("use after close", name)


def test_the_error_says_that_it_is_closed() -> None:
    """The message of what was raised counts, too."""
    trace = (
        Traced()
        .asks(A, "File.handle")
        .write(B, "File.handle", preempts=A)
        .read(A, "File.handle")
        .raises(A)
    )
    error = TaskError(A, Outcome.FAILED, "ValueError: I/O operation on closed file")
    assert found(trace, error) == ("use after close", "File.handle")


def test_torn_read_by_the_other() -> None:
    """Between two writes the other one reads both."""
    trace = (
        Traced()
        .write(A, "Pair.a")
        .read(B, "Pair.a", preempts=A)
        .read(B, "Pair.b")
        .raises(B)
        .write(A, "Pair.b")
    )
    assert found(trace) == ("torn read", "Pair.b")


def test_torn_read_by_itself() -> None:
    """Between two reads the other one writes both."""
    trace = (
        Traced()
        .read(A, "Pair.a")
        .write(B, "Pair.a", preempts=A)
        .write(B, "Pair.b")
        .read(A, "Pair.b")
        .raises(A)
    )
    assert found(trace) == ("torn read", "Pair.b")


def test_torn_read_of_one_thing() -> None:
    """A value that is there only between two writes is half of a change."""
    trace = (
        Traced()
        .write(A, "Job.items")
        .read(B, "Job.items", preempts=A)
        .raises(B)
        .write(A, "Job.items")
    )
    assert found(trace) == ("torn read", "Job.items")


def test_stale_read() -> None:
    """It goes on with what another one has changed."""
    trace = Traced().read(A, "Config.limit").write(B, "Config.limit", preempts=A).raises(A)
    trace.steps.insert(2, Traced().write(A, "Log.used").steps[0])
    assert found(_renumbered(trace)) == ("stale read", "Config.limit")


def _renumbered(trace: Traced) -> Traced:
    from dataclasses import replace

    trace.steps = [
        replace(step, number=n, resource=None if step.name is None else hash(step.name))
        for n, step in enumerate(trace.steps)
    ]
    return trace


def test_overwritten() -> None:
    """It reads another's value where it has just put its own."""
    trace = (
        Traced()
        .write(A, "View.result")
        .write(B, "View.result", 2, preempts=A)
        .read(A, "View.result", 2)
        .raises(A)
    )
    assert found(trace) == ("lost update", "View.result")


def test_what_is_as_it_was_left_is_not_overwritten() -> None:
    """Others have written elements of a list, and it stands there as before: nothing is lost."""
    trace = Traced().write(A, "x", "[1, 0]").write(B, "x", "[1, 2]", preempts=A)
    trace.read(B, "x", "[1, 2]").write(B, "x", "[1, 0]").read(A, "x", "[1, 0]").raises(A)
    assert found(trace) == ("order violation", "x")


def test_order_violation() -> None:
    """Nobody was interrupted: they came in the wrong order."""
    trace = Traced().read(A, "Shared.data", None).raises(A).write(B, "Shared.data")
    assert found(trace) == ("order violation", "Shared.data")


def test_a_task_that_waited_was_interrupted_too() -> None:
    """Without a preemption the windows of those that had to wait count."""
    trace = (
        Traced()
        .read(A, "Counter.value")
        .release(A, "lock")
        .acquire(B, "lock")
        .read(B, "Counter.value")
    )
    trace.write(B, "Counter.value").release(B, "lock").acquire(A, "lock").write(A, "Counter.value")
    assert found(trace) == ("lost update", "Counter.value")


def test_the_source_tells_questions_from_updates(tmp_path: Path) -> None:
    """A value that is compared under another name is a question, unless it goes into what is written."""
    file = tmp_path / "account.py"
    file.write_text(
        "def withdraw(self, amount):\n"
        "    left = self.balance\n"
        "    if left >= amount:\n"
        "        self.balance = left - amount\n"
        "        self.paid = True\n"
    )
    read = {"columns": (11, 2, 23), "line": 2}
    update = Traced(file).read(A, "balance", **read).write(B, "balance", preempts=A)
    update.write(A, "balance", line=4, columns=(8, 4, 20))
    assert found(update) == ("lost update", "balance")
    question = (
        Traced(file).read(A, "balance", **read).write(B, "balance", preempts=A).write(B, "paid")
    )
    question.write(A, "paid", line=5, columns=(8, 5, 17))
    assert found(question) == ("check then act", "balance")


def test_an_update_by_calls(tmp_path: Path) -> None:
    """What one call has read goes into another one; where it does not, the old answer was acted upon."""
    file = tmp_path / "account.py"
    file.write_text("def f(stock):\n    stock.update(n=stock.get('n') - 1)\n    stock.clear()\n")
    read = {"columns": (19, 2, 33), "line": 2, "kind": Kind.CALL}
    for line, columns, expected in ((2, (4, 2, 38), "lost update"), (3, (4, 3, 17), "stale read")):
        trace = Traced(file).add(A, Action.READ, "stock", **read)
        trace.steps[-1] = replace(trace.steps[-1], action=Action.CALL)
        trace.add(B, Action.CALL, "stock", kind=Kind.CALL, preempts=A)
        trace.add(A, Action.CALL, "stock", line, columns=columns, kind=Kind.CALL)
        assert found(trace) == (expected, "stock")


def test_a_circle_is_a_deadlock() -> None:
    """Each waits for what another one holds."""
    trace = Traced().waits("main", "join", None).waits(A, "acquire", "right", holder=B)
    trace.waits(B, "acquire", "left", holder=A)
    assert found(trace) == ("deadlock", "right")
    assert [one.task for one in cycle_of(trace.waiting)] == [A, B]


def test_a_lock_that_its_holder_wants_again() -> None:
    """A circle of one."""
    assert found(Traced().waits(A, "acquire", "lock", holder=A)) == ("deadlock", "lock")


def test_lost_wake_up() -> None:
    """One waits to be told something, and nobody is left to tell it."""
    trace = (
        Traced()
        .waits("main", "join", None)
        .waits(A, "wait", "opened", notified=True, owner="Condition")
    )
    assert found(trace) == ("lost wake-up", "opened")


def test_whoever_could_wake_it_waits_for_its_lock() -> None:
    """One waits to be told something while it holds what the others need: that is a deadlock."""
    trace = Traced().waits(A, "wait", "opened", notified=True, owner="Condition")
    trace.waits(B, "acquire", "outer", holder=A)
    assert found(trace) == ("deadlock", "outer")


def test_a_queue_that_nobody_fills_is_a_deadlock() -> None:
    """A queue loses no wake-up: nobody puts anything in."""
    trace = Traced().waits(A, "get", "jobs", notified=True, owner="Queue")
    assert found(trace) == ("deadlock", "jobs")


def test_livelock() -> None:
    """A run that does not end is one, on what was fought over last."""
    trace = Traced().write(A, "turn").read(B, "turn").read(B, "turn")
    assert found(trace, outcome=Outcome.LIVELOCK) == ("livelock", "turn")


def test_long_runs_are_judged_quickly() -> None:
    """The work grows with the trace, not with its square: this takes a moment, not minutes."""
    trace = Traced()
    for _ in range(5_000):
        trace.read(A, "Counter.value").write(A, "Counter.value")
        trace.read(B, "Counter.value").write(B, "Counter.value")
    trace.read(A, "Counter.value").write(C, "Counter.value", preempts=A).write(A, "Counter.value")
    assert found(trace) == ("lost update", "Counter.value")

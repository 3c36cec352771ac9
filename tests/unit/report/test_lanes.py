"""The lane table, shape by shape, as it looks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from traces import Traced

from pytest_racecheck.report.lanes import lanes
from pytest_racecheck.report.places import Names, Places

SOURCE = "\n" * 6 + "        self.value += 1\n\n\nassert counter.value == 2\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """What the traces are of."""
    path = tmp_path / "counter.py"
    path.write_text(SOURCE, encoding="utf-8")
    return path


def drawn(trace: Traced, width: int = 80, idle: tuple[str, ...] = ()) -> str:
    """The table."""
    return lanes(
        trace.result(idle=idle), Places([trace.file], Path(trace.file).parent), Names({}), width
    )


def lost(file: Path, *tasks: str, shown: Callable[[int], object] = lambda value: value) -> Traced:
    """The first task's update overwrites those of all others."""
    trace = Traced(file).read(tasks[0], "Counter.value", shown(0))
    for task in tasks[1:]:
        trace.read(task, "Counter.value", shown(0), preempts=tasks[0])
        trace.write(task, "Counter.value", shown(1))
    return trace.write(tasks[0], "Counter.value", shown(1)).raises("main", line=10)


def expected(text: str) -> str:
    """A table as it stands in this file."""
    return dedent(text).strip("\n").replace("\n", "\n  ").join(["  ", ""])


def test_two_tasks(file: Path) -> None:
    """A column each, and one for the main task, which asserts; what is overwritten is said beside."""
    assert drawn(lost(file, "increment-1", "increment-2")) == expected(
        """
        main                      increment-1               increment-2
        ────────────────────────  ────────────────────────  ────────────────────────
                                  counter.py:7 value → 0
                                                            counter.py:7 value → 0
                                                            counter.py:7 value ← 1
                                  counter.py:7 value ← 1    overwrites increment-2's 1
        counter.py:10 assert counter.value == 2  raises AssertionError
        """
    )


def test_three_tasks_at_120(file: Path) -> None:
    """Columns are as wide as they need to be."""
    table = drawn(lost(file, "increment-1", "increment-2", "increment-3"), 120)
    assert table.splitlines()[:3] == [
        "  main                          increment-1                   increment-2                   increment-3",
        "  ────────────────────────────  ────────────────────────────  ────────────────────────────  ────────────────────────────",
        "                                counter.py:7 value → 0",
    ]  # fmt: skip


def test_too_many_tasks_for_columns_are_a_list(file: Path) -> None:
    """Five tasks, the main one included, do not fit beside each other."""
    assert drawn(lost(file, *(f"inc-{n}" for n in range(4)))) == expected(
        """
        inc-0  counter.py:7 value → 0
        inc-1  counter.py:7 value → 0
        inc-1  counter.py:7 value ← 1
        inc-2  counter.py:7 value → 0
        inc-2  counter.py:7 value ← 1
        inc-3  counter.py:7 value → 0
        inc-3  counter.py:7 value ← 1
        inc-0  counter.py:7 value ← 1  (overwrites inc-3's 1)
        main   counter.py:10 assert counter.value == 2  (raises AssertionError)
        """
    )


def test_a_long_list(file: Path) -> None:
    """It is cut in the middle."""
    trace = Traced(file)
    for round_ in range(13):
        for task in range(4):
            trace.read(f"inc-{task}", "Counter.value", round_, preempts=f"inc-{(task - 1) % 4}")
    trace.write("inc-0", "Counter.value", 1).raises("main", line=10)
    lines = drawn(trace).splitlines()
    assert len(lines) == 41
    assert "more steps …" in lines[10]


def test_twenty_tasks(file: Path) -> None:
    """Whoever was interrupted and whose update was lost have a column; the others are told in a line."""
    assert drawn(lost(file, *(f"inc-{n}" for n in range(20)))) == expected(
        """
        main                      inc-0                     inc-19
        ────────────────────────  ────────────────────────  ────────────────────────
                                  counter.py:7 value → 0
        … inc-1, inc-2 and 16 more, one after the other: 36 steps …
                                                            counter.py:7 value → 0
                                                            counter.py:7 value ← 1
                                  counter.py:7 value ← 1    overwrites inc-19's 1
        counter.py:10 assert counter.value == 2  raises AssertionError
        """
    )


def test_many_tasks_of_which_nobody_was_interrupted(file: Path) -> None:
    """They came in the wrong order, and all of it is the order: nobody is left out."""
    trace = Traced(file)
    for task in range(6):
        trace.write(f"inc-{task}", "Counter.value", task)
    assert "more, one after" not in drawn(trace.raises("main", line=10))


def test_tasks_without_a_part_are_folded(file: Path) -> None:
    """Few are named, many are counted, and the main task that only waits is not worth a word."""
    trace = Traced(file).read("a-1", "x.n").write("a-2", "x.n", preempts="a-1").write("a-1", "x.n")
    assert drawn(trace, idle=("b-1", "b-2")).endswith("\n  (b-1, b-2: no part in it)")
    assert drawn(trace, idle=tuple("bcdef")).endswith("\n  (5 other tasks: no part in it)")
    assert "part" not in drawn(trace)


def test_a_deadlock(file: Path) -> None:
    """Who has what and who waits for what; equal names are told apart by numbers."""
    trace = (
        Traced(file)
        .acquire("a-1", "Account.lock", number=4)
        .acquire("a-2", "Account.lock", number=5)
    )
    trace.waits("main", "join", None)
    trace.waits("a-1", "acquire", "Account.lock", line=8, holder="a-2", subject=5)
    trace.waits("a-2", "acquire", "Account.lock", line=8, holder="a-1", subject=4)
    assert drawn(trace, 120) == expected(
        """
        a-1                                           a-2
        ────────────────────────────────────────────  ────────────────────────────────────────────
        counter.py:7 acquire Account.lock #1
                                                      counter.py:7 acquire Account.lock #2
        counter.py:8 waits to acquire Account.lock #2  held by a-2
                                                      counter.py:8 waits to acquire Account.lock #1  held by a-1
        """
    )


def test_a_library_call_is_one_row(file: Path) -> None:
    """Two locks inside of a queue are one call on the queue."""
    trace = Traced(file).calls("a-1", 1, "empty").calls("a-2", 2, "get_nowait", preempts="a-1")
    trace.calls("a-1", 3, "get_nowait").raises("a-1", "Empty", line=7)
    assert [line.strip() for line in drawn(trace).splitlines()[2:]] == [
        "counter.py:7 jobs.empty()",
        "counter.py:7 jobs.get_nowait()",
        "counter.py:7 jobs.get_nowait()",
        "counter.py:7 self.value += 1    raises Empty",
    ]


def test_long_names_and_wide_letters(file: Path) -> None:
    """Long names are folded in the head, and letters of two columns keep the columns straight."""
    lines = drawn(lost(file, "a_worker_with_quite_a_long_name-1", "书写者-2")).splitlines()
    assert lines[0].split("  ")[-1] == "书写者-2"
    assert lines[1].strip() == "ng_name-1"
    assert lines[4].index("counter.py") == 54


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize(
    "value", ["'naïve 数据结构'", "<Account " + "x" * 200 + ">", "[1, 2, 3, 4] " * 9]
)
def test_nothing_is_wider_than_asked(file: Path, width: int, value: str) -> None:
    """Huge values are cut and folded."""
    table = drawn(lost(file, "increment-1", "increment-2", shown=lambda _: value), width)
    assert max(map(len, table.splitlines())) <= width


def test_a_task_alone_for_long_is_condensed(file: Path) -> None:
    """Of many steps in a row the first and the last are shown."""
    trace = Traced(file)
    for n in range(60):
        trace.read("a-1", "Counter.value", n).write("a-1", "Counter.value", n + 1)
    trace.read("a-2", "Counter.value", 60, preempts="a-1").write("a-1", "Counter.value", 3)
    assert [line.strip() for line in drawn(trace).splitlines()[2:]] == [
        "counter.py:7 value → 0",
        "counter.py:7 value ← 1",
        "counter.py:7 value → 1",
        "… 114 more steps …",
        "counter.py:7 value ← 59",
        "counter.py:7 value → 59",
        "counter.py:7 value ← 60",
        "counter.py:7 value → 60",
        "counter.py:7 value ← 3",
    ]


def test_a_run_without_trace_has_no_table() -> None:
    """Nothing recorded, nothing shown."""
    assert drawn(Traced()) == ""

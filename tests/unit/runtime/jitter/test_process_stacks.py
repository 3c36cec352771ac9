"""Where another process stands."""

from __future__ import annotations

import multiprocessing
import signal

from pytest_racecheck.model.outcome import Outcome
from pytest_racecheck.runtime.jitter.stacks import dump_on_request, hang_from, stack_of

STACK = """\
Thread 0x1 (most recent call first):
  File "/lib/threading.py", line 5 in wait

Current thread 0x2 (most recent call first):
  File "/lib/queue.py", line 7 in get
  File "/project/inner.py", line 11 in take
  File "/project/outer.py", line 13 in run
"""


def test_a_stuck_process_answers(tmp_path) -> None:
    """A process that waits in C says where."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()

    def stuck() -> None:
        dump_on_request(str(tmp_path))
        theirs.send("ready")
        while True:
            signal.pause()

    process = context.Process(target=stuck)
    process.start()
    ours.recv()
    stack = stack_of(process.pid, str(tmp_path), patience=30.0)
    again = stack_of(process.pid, str(tmp_path), patience=30.0)
    process.kill()
    process.join()
    process.close()
    ours.close()
    theirs.close()
    assert stack.count("in stuck") == 1
    assert again.count("in stuck") == 1


def test_nobody_answers(tmp_path) -> None:
    """Without a process that dumps there is no stack."""
    assert stack_of(1, str(tmp_path)) == ""


def test_the_innermost_own_frame_counts() -> None:
    """The place is where the project's own code stands, on the main thread, and only its own lines are shown."""
    error = hang_from("take-1", 5.0, STACK, lambda file: file.startswith("/project"))
    assert error.kind is Outcome.POTENTIAL_DEADLOCK
    assert error.summary == "take-1 did not end within 5 s, at /project/inner.py:11 in take"
    assert error.position == ("/project/inner.py", 11)
    assert error.details.splitlines() == [
        '  File "/project/outer.py", line 13, in run',
        '  File "/project/inner.py", line 11, in take',
    ]


def test_without_own_frames_the_innermost_counts() -> None:
    """Code out of scope is named rather than nothing."""
    assert hang_from("t", 5.0, STACK, lambda _file: False).position == ("/lib/queue.py", 7)


def test_without_a_stack_the_task_is_named() -> None:
    """A process that did not answer is still reported."""
    error = hang_from("t", 2.0, "", lambda _file: True)
    assert error.summary == "t did not end within 2 s"
    assert error.position is None

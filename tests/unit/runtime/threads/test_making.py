"""Thread objects made by tasks."""

from __future__ import annotations

import sys
import threading

import pytest


def attributes(thread):
    """What it has, without what differs between any two."""
    left_out = {
        "_started",
        "_invoke_excepthook",
        "_os_thread_handle",
        "_handle",
        "_name",
        "_context",
    }
    return {name: value for name, value in vars(thread).items() if name not in left_out}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((), {}), ((None, print), {}), ((), {"target": print, "args": (1,), "kwargs": {"end": ""}, "daemon": True}),
        ((), {"name": "mine"}), ((), {"target": object()}),
    ],
)  # fmt: skip
def test_they_have_what_others_have(explored, arguments, named):
    """Every attribute that `Thread.__init__` sets is there, with the same value."""
    expected = threading.Thread(*arguments, **named)

    def program():
        made = threading.Thread(*arguments, **named)
        assert (made.name == "mine") == (expected.name == "mine")
        assert made.name.partition("-")[0] == expected.name.partition("-")[0]
        return attributes(made), repr(made).partition(" ")[0], made.ident, made.is_alive()

    (seen,) = explored(program, 1).returned
    assert seen[0] == attributes(expected)
    assert seen[1:] == (repr(expected).partition(" ")[0], None, False) or named.get("name") is None


def test_wrong_arguments_are_refused(explored):
    """A group, or a word that is not known, is an error as always."""

    def program():
        with pytest.raises(AssertionError):
            threading.Thread("group")
        with pytest.raises(TypeError):
            threading.Thread(unknown=1)

    assert explored(program, 1).outcomes == {"passed": 1}


def test_daemons_make_daemons(explored):
    """Whether a thread is a daemon is inherited from who makes it."""

    def program():
        made = []
        thread = threading.Thread(
            target=lambda: made.append(threading.Thread().daemon), daemon=True
        )
        thread.start()
        thread.join()
        return made, threading.Thread().daemon

    assert explored(program, 1).returned == [([True], False)]


@pytest.mark.skipif(sys.version_info < (3, 14), reason="threads have contexts from 3.14 on")
def test_a_thread_runs_in_the_context_that_it_is_given(explored):
    """The `context` argument is taken."""
    import contextvars

    variable = contextvars.ContextVar("variable", default=0)
    context = contextvars.Context()
    context.run(variable.set, 5)

    def program():
        seen = []
        thread = threading.Thread(target=lambda: seen.append(variable.get()), context=context)
        thread.start()
        thread.join()
        return seen

    assert explored(program, 1).returned == [[5]]

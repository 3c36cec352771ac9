"""Fresh function-scoped fixtures for every run of a test.

pytest sets fixtures up once an item. To run the body again from the same start, the item alone is taken off the stack of
things that are set up, which ends its function-scoped fixtures, setup_method and setUp with the code pytest itself would use,
and is set up again with a new request. Fixtures of wider scope stay, as they do between two tests.

Fixtures are outside of the run, as long as they start nothing: no delay is spent on them. Where one starts threads or processes,
all function-scoped ones are part of it. The item is left torn down; pytest's own teardown then finds nothing more to do for it,
and goes on with the scopes above.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
from _pytest.tmpdir import tmppath_result_key

from pytest_racecheck.runtime.context import Unobserved


def body(item: pytest.Function) -> None:
    """Run the test function once; raises what it raises, also where unittest would swallow it."""
    try:
        item.runtest()
        raise_kept(item)
    except BaseException as error:
        error.__traceback__ = _from_the_test(error.__traceback__, str(item.path))
        raise


def _from_the_test(first: TracebackType | None, file: str) -> TracebackType | None:
    """The traceback without the frames through which pytest called the test, if it came so far."""
    entry = first
    while entry is not None and entry.tb_frame.f_code.co_filename != file:
        entry = entry.tb_next
    return entry or first


def raise_kept(item: pytest.Item) -> None:
    """Raise what a unittest.TestCase kept for its report."""
    kept = getattr(item, "_excinfo", None)
    if kept:
        raise kept[0].value


def forget_kept(item: pytest.Function) -> None:
    """Drop what a unittest.TestCase kept, so that it does not become the test's report."""
    item.__dict__.pop("_excinfo", None)


def set_up(item: Any, as_part: bool = False) -> None:
    """Set up the item's function-scoped fixtures for a run, perhaps `as_part` of it.

    What a fixture raises is raised, with a note that says so.
    """
    _renew(item)
    with _outside(as_part), _named("setup"):
        item.session._setupstate.setup(item)


def tear_down(item: Any, as_part: bool = False) -> None:
    """End the item's function-scoped fixtures, everything of them whatever happens; what one raises is raised, with a note that says so."""
    with _outside(as_part), _named("teardown"):
        item.stash.setdefault(tmppath_result_key, {})
        try:
            if item in item.session._setupstate.stack:
                item.session._setupstate.teardown_exact(item.parent)
        finally:
            item.stash.setdefault(tmppath_result_key, {})


def _outside(as_part: bool) -> AbstractContextManager[None]:
    return nullcontext() if as_part else Unobserved()


def discard_tmp_path(item: pytest.Function) -> None:
    """Remove the temporary folder of a run that passed: hundreds of them would fill the disk."""
    path = (item.funcargs or {}).get("tmp_path")
    if isinstance(path, Path):
        shutil.rmtree(path, ignore_errors=True)


def _renew(item: Any) -> None:
    """Forget the values, the request and the instance of the last run."""
    forget_kept(item)
    item._initrequest()
    instance = item.__dict__.get("_instance")
    if instance is None:
        return
    method = getattr(instance, item.originalname, None)
    # Another plugin may have put a wrapper in the place of the method; then it stays.
    if item._obj is None or item._obj == method:
        item._obj = None
        del item._instance


@contextmanager
def _named(phase: str) -> Iterator[None]:
    __tracebackhide__ = True
    try:
        yield
    except (pytest.skip.Exception, pytest.exit.Exception):
        raise
    except (Exception, pytest.fail.Exception) as error:
        error.add_note(f"raised by the {phase} of fixtures")
        raise

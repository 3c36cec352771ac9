"""Which dictionaries have changed."""

from __future__ import annotations

import sys

import pytest

from pytest_racecheck.runtime.versions import Versions, are_counted

counted = pytest.mark.skipif(not are_counted(), reason="versions are not counted here")


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="gone from 3.14 on")
def test_they_are_counted() -> None:
    """As long as CPython has them they are used."""
    assert are_counted()


@counted
def test_only_what_was_changed_is_restored() -> None:
    """And once, until it changes again."""
    versions, restored = Versions(), []
    first, second = {"n": 1}, {"n": 1}
    versions.add(first, lambda: restored.append("first"))
    versions.add(second, lambda: restored.append("second"))
    versions.restore()
    assert restored == []
    second["n"] = 2
    versions.restore()
    versions.restore()
    assert restored == ["second"]


@counted
def test_what_restoring_does_is_no_change() -> None:
    """Else it would be restored before every run from then on."""
    versions, restored = Versions(), []
    values = {"n": 1}

    def restore() -> None:
        restored.append(1)
        values["n"] = 1

    versions.add(values, restore)
    values["n"] = 2
    versions.restore()
    versions.restore()
    assert (values, restored) == ({"n": 1}, [1])


@counted
@pytest.mark.parametrize(
    "change",
    [
        lambda namespace: namespace.update(n=2),
        lambda namespace: namespace.pop("n"),
        lambda namespace: namespace.setdefault("new"),
        lambda namespace: exec("global n; n = 2", namespace),
        lambda namespace: exec("n += 1", namespace),
        lambda namespace: exec("del n", namespace),
    ],
)
def test_whatever_changes_a_namespace(change) -> None:
    """Be it code whose globals it holds."""
    versions, restored = Versions(), []
    namespace = {"n": 1, "__builtins__": {}}
    versions.add(namespace, lambda: restored.append(1))
    change(namespace)
    versions.restore()
    assert restored == [1]

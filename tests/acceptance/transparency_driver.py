"""Run the standard library's own tests for one module with every function of that module instrumented, and print the counts.

Called in a process of its own: `transparency_driver.py MODULE TEST_MODULE plain|hooked`. The last line it prints is a JSON
object with the names of the tests that did not pass, how many ran, how often the hooks fired and what could not be rewritten.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
import unittest
from collections import Counter
from pathlib import Path

from pytest_racecheck.instrument.install import Instrumentation
from pytest_racecheck.instrument.scope import Scope
from pytest_racecheck.model.operation import Site


class CountingHooks:
    """Hooks that do nothing but count; a plain list element, so that counting calls nothing that is instrumented."""

    def __init__(self) -> None:
        self.fired = [0, 0]

    def access(self, obj: object, site: Site, /) -> None:
        """Count an access."""
        self.fired[0] += 1

    def place(self, site: Site, /) -> Site:
        """The site itself."""
        return site

    def call(self, callee: object, site: Site, /, *arguments: object) -> None:
        """Count a call."""
        self.fired[1] += 1


def run(module: str, test_module: str, *, hooked: bool) -> dict[str, object]:
    """The outcome of the tests, in a form that two runs can be compared by."""
    importlib.import_module(module)
    tests = unittest.defaultTestLoader.loadTestsFromName(test_module)
    hooks = CountingHooks()
    with tempfile.TemporaryDirectory() as root:
        scope = Scope(Path(root), tuple(dict.fromkeys((module, module.partition(".")[0]))))
        instrumentation = Instrumentation(scope, hooks)
        if hooked:
            instrumentation.install()
        result = unittest.TextTestRunner(stream=sys.stderr, verbosity=0).run(tests)
        rewritten = len(instrumentation._originals)
        instrumentation.restore()
    bad = Counter(str(test) for test, _ in (*result.failures, *result.errors))
    return {
        "ran": result.testsRun,
        "skipped": len(result.skipped),
        "bad": dict(bad),
        "fired": hooks.fired,
        "rewritten": rewritten,
        "failed": instrumentation.failed,
        "late": len(instrumentation.late),
    }


if __name__ == "__main__":
    outcome = run(sys.argv[1], sys.argv[2], hooked=sys.argv[3] == "hooked")
    print(json.dumps(outcome))

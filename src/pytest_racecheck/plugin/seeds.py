"""Where randomness comes from: one base seed a session, and from it a seed of its own for every test.

A test's seed hangs on the base and on its nodeid alone, not on the order of tests, on the worker, or on Python's hash seed:
running one test again with the base of a whole session draws the same delays. Repetitions made by pytest-repeat have nodeids
of their own, and so have seeds of their own.
"""

from __future__ import annotations

import hashlib
import random

import pytest

from pytest_racecheck.model.settings import layered
from pytest_racecheck.plugin.options import options_of

WORKER_INPUT = "racecheck_seed"
_BITS = 32
_KEY = pytest.StashKey[int]()


def base_seed(config: pytest.Config) -> int:
    """The session's seed: asked for, handed down by the controller of xdist, or drawn once."""
    if _KEY not in config.stash:
        asked = layered(*options_of(config).layers).seed
        handed_down = getattr(config, "workerinput", {}).get(WORKER_INPUT)
        drawn = random.SystemRandom().getrandbits(_BITS)
        config.stash[_KEY] = next(s for s in (handed_down, asked, drawn) if s is not None)
    return config.stash[_KEY]


def derived_seed(base: int, nodeid: str, call: int = 0) -> int:
    """The seed of a test, or of the `call`-th campaign its body asked for."""
    digest = hashlib.sha256(f"{base}\n{nodeid}\n{call}".encode()).digest()
    return int.from_bytes(digest[: _BITS // 8], "big")


def seed_option(config: pytest.Config) -> str:
    """What to type to draw the same delays again."""
    return f"--racecheck-seed={base_seed(config)}"

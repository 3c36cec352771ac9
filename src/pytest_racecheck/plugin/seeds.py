"""Where randomness comes from: one base seed a session, and from it a seed of its own for every test.

A test's seed hangs on the base and on its nodeid alone, not on the order of tests, on the worker, or on Python's hash seed:
running one test again with the base of a whole session draws the same delays. Repetitions made by pytest-repeat have nodeids
of their own, and so have seeds of their own.
"""

from __future__ import annotations

import hashlib
import os
import random
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_racecheck.model.settings import layered
from pytest_racecheck.plugin.options import options_of

WORKER_INPUT = "racecheck_seed"
_BITS = 32
# What means something to a shell between double quotes.
_SPECIAL = re.compile(r'["$`\\!]')
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


def again(config: pytest.Config, derived: int, alone: str) -> Callable[[int], str]:
    """How a report says to draw the same delays again, given the seed that was used.

    By the session's, or, where `derived` was used, by that one for this campaign `alone`. A seed that the test itself
    gives needs no words.
    """

    def words(seed: int) -> str:
        if seed != derived:
            return f"always, for the test says seed={seed}"
        return f"{seed_option(config)} ({alone.format(seed)})"

    return words


def seed_option(config: pytest.Config) -> str:
    """What to type to draw the same delays again."""
    return f"--racecheck-seed={base_seed(config)}"


def again_line(config: pytest.Config, mode: str | None = None) -> str:
    """The line that says so, in the words of the mode, the session's where none is given."""
    drawn = "delays" if (mode or mode_of(config)) == "jitter" else "schedules"
    return f"same {drawn} again: {seed_option(config)}"


def mode_of(config: pytest.Config) -> str:
    """The mode of tests that say nothing else."""
    from pytest_racecheck.campaign.mode import mode_for

    return mode_for(layered(*options_of(config).layers))


def replay_command(item: pytest.Item, call: int = 1) -> Callable[[str], str]:
    """Says how to replay the run of a token that the `call`-th campaign of a test has found, from where this session was started."""
    from pytest_racecheck.plugin.wanted_replay import spelled

    path, *names = item.nodeid.split("::")
    from_here = os.path.relpath(item.config.rootpath / path, item.config.invocation_params.dir)
    test = "::".join([Path(from_here).as_posix(), *names])
    needed = "".join(f" {option}" for option in _needed(item.config))
    return lambda token: (
        f"pytest {quoted(test)} --racecheck-replay={spelled(token, item, call)}{needed}"
    )


def quoted(text: str) -> str:
    """`text` as one word to a shell."""
    return shlex.quote(text) if _SPECIAL.search(text) else f'"{text}"'


def _needed(config: pytest.Config) -> Iterator[str]:
    """What was typed that decides which test it is, or where it has scheduling points."""
    typed = options_of(config).command_line
    if typed.scope:
        yield f"--racecheck-scope={','.join(typed.scope)}"
    if typed.start_method:
        yield f"--racecheck-start-method={typed.start_method}"
    if typed.max_steps:
        yield f"--racecheck-max-steps={typed.max_steps}"
    count = config.getoption("count", 1)
    if isinstance(count, int) and count > 1:
        yield f"--count={count}"

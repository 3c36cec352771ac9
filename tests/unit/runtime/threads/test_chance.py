"""What runs draw."""

from __future__ import annotations

import os
import random
import secrets
import threading
import time
import uuid
from random import seed as reseed

import pytest

from pytest_racecheck import explore
from pytest_racecheck.model.verdict import Verdict


def generator():
    """A number from a generator without a seed."""
    return random.Random().random()


def seeded_anew():
    """A number after the module's generator was given a seed by the system."""
    random.seed()
    first = random.random()
    reseed()
    return first, random.random()


@pytest.mark.parametrize(
    "draw",
    [
        random.random, uuid.uuid4, lambda: os.urandom(8), secrets.token_hex, random.SystemRandom().random, generator, seeded_anew,
        lambda: random.gauss(0, 1),
    ],
)  # fmt: skip
def test_every_run_draws_the_same(explored, draw):
    """Whatever is asked, from the second run on at the latest, and the numbers of one run differ."""
    found = explored(lambda: (draw(), draw()), 6).returned
    assert len(set(found[1:])) == 1
    assert found[1][0] != found[1][1]


def test_who_draws_first_does_not_matter(explored):
    """Each task has a stream of its own, under every schedule the same."""

    def program():
        drawn = {}

        def draw(name):
            time.sleep(0)
            drawn[name] = os.urandom(4)
            order.append(name)

        threads = [threading.Thread(target=draw, args=(name,)) for name in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return drawn["a"], drawn["b"]

    order = []
    found = set(explored(program).returned)
    assert {"".join(pair) for pair in zip(order[::2], order[1::2], strict=True)} == {"ab", "ba"}
    assert len(found) == 1
    assert len(set(found.pop())) == 2


def test_two_campaigns_differ(explored):
    """What one leaves behind under a name that it drew does not meet what another one makes."""
    assert explored(uuid.uuid4, 1).returned != explored(uuid.uuid4, 1).returned


def test_a_seed_of_the_programs_own_is_left_alone(explored):
    """Generators with a seed, and the module's where the program seeds it, draw what they would have drawn."""

    def program():
        random.seed(7)
        return random.random(), random.Random(7).random()

    expected = random.Random(7).random()
    assert explored(program, 3).returned == [(expected, expected)] * 3


def draw_seeded(drawn):
    before = random.getstate()
    random.seed(1)
    drawn.append(random.random())
    random.setstate(before)


@pytest.mark.parametrize("seed", range(4))
def test_a_state_that_a_race_leaves_behind_is_put_back(seed):
    """Who seeds the module for a while changes nothing in the end, but for a run in which two do: it fails again when it is repeated."""
    alone = random.Random(1).random()
    report = explore(
        draw_seeded, setup=list, check=lambda drawn: drawn == [alone, alone], seed=seed
    )
    assert report.verdict is Verdict.RACE_FOUND


def test_a_seed_under_a_lock_is_no_race():
    """The same, one after the other."""

    def draw(lock, drawn):
        with lock:
            draw_seeded(drawn)

    alone = random.Random(1).random()
    report = explore(
        draw,
        setup=lambda: (threading.Lock(), []),
        check=lambda lock, drawn: drawn == [alone, alone],
        schedules=200,
        seed=1,
    )
    assert report.verdict is Verdict.NOT_FOUND


def test_outside_of_a_run_chance_is_chance(explored):
    """Neither before nor after a campaign does anybody get its stream."""
    inside = explored(lambda: os.urandom(16), 2).returned
    assert os.urandom(16) not in inside
    assert os.urandom(16) != os.urandom(16)
    assert random.Random().random() != random.Random().random()
    assert random.Random.seed.__module__ == "random"


def test_mistakes_are_the_systems_own(explored):
    """What is no number of bytes is refused as ever."""

    def program():
        with pytest.raises(ValueError, match="negative"):
            os.urandom(-1)
        with pytest.raises(TypeError):
            os.urandom("8")

    assert explored(program, 1).outcomes == {"passed": 1}

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

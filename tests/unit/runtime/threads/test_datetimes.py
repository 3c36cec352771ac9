"""Virtual time for `datetime`."""

from __future__ import annotations

import datetime as dt
import pickle
import time
import warnings

import pytest

SLEPT = dt.timedelta(hours=1)


class Moment(dt.datetime):
    """A subclass with a constructor of its own for moments."""

    @classmethod
    def fromtimestamp(cls, *_arguments):
        """Nobody but the program calls it."""
        raise AssertionError("code of the program was run")


def utcnow(kind=dt.datetime):
    """The moment, whether or not this version objects."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return kind.utcnow()


@pytest.mark.parametrize(
    "read", ["now()", "today()", "now(dt.UTC)", "now(dt.timezone(SLEPT))"], ids=str
)
@pytest.mark.parametrize("kind", [dt.datetime, Moment])
def test_a_sleep_is_seen(explored, kind, read):
    """Whichever way the moment is read, an hour that was slept has passed, and nothing more."""
    code = compile(f"kind.{read}", "<read>", "eval")

    def program():
        def look():
            return eval(code, {"kind": kind, "dt": dt, "SLEPT": SLEPT})

        before = look()
        time.sleep(SLEPT.total_seconds())
        after = look()
        return type(after) is kind, after - before

    for same_type, passed in explored(program, 3).returned:
        assert same_type
        assert SLEPT <= passed < SLEPT + dt.timedelta(seconds=1)


def test_all_clocks_agree(explored):
    """Local time, UTC, the date and `time.time` tell the same moment; naive ones have no time zone."""

    def program():
        seconds = time.time()
        local, aware, naive = dt.datetime.now(), dt.datetime.now(dt.UTC), utcnow()
        assert local.tzinfo is None
        assert naive.tzinfo is None
        assert aware.tzinfo is dt.UTC
        stamps = [
            local.timestamp(),
            aware.timestamp(),
            naive.replace(tzinfo=dt.UTC).timestamp(),
            utcnow(Moment).replace(tzinfo=dt.UTC).timestamp(),
        ]
        assert dt.date.today() == dt.date.fromtimestamp(seconds)
        return max(abs(stamp - seconds) for stamp in stamps)

    assert max(explored(program, 3).returned) < 1e-3


def test_every_run_reads_the_same(explored):
    """What a run reads is a function of its schedule."""
    found = explored(lambda: (dt.datetime.now(), utcnow()), 5).returned
    assert len(set(found)) == 1


def test_the_class_stays_the_class(explored):
    """Objects are of the class the program knows, also where it was imported before."""
    known = dt.datetime

    def program():
        moment = dt.datetime.now()
        return (
            type(moment) is known,
            dt.datetime is known,
            pickle.loads(pickle.dumps(moment)) == moment,
        )

    assert explored(program, 1).returned == [(True, True, True)]


def test_mistakes_are_the_interpreters_own(explored):
    """What is no time zone is refused as ever."""

    def program():
        with pytest.raises(TypeError, match="tzinfo"):
            dt.datetime.now("UTC")

    assert explored(program, 1).outcomes == {"passed": 1}


@pytest.mark.skipif("sys.version_info < (3, 12)")
def test_what_is_deprecated_stays_so(explored):
    """The warning points at the caller."""

    def program():
        with pytest.warns(DeprecationWarning, match=r"datetime\.datetime\.utcnow") as caught:
            dt.datetime.utcnow()
        return caught[0].filename

    assert explored(program, 1).returned == [__file__]


def test_afterwards_it_is_as_it_was(explored):
    """The originals are back, and code that ran before is not left with what it remembered."""

    def read():
        return dt.datetime.now()

    before = [read() for _ in range(2_000)][-1]
    methods = [dt.datetime.__dict__["now"], dt.date.__dict__["today"]]
    virtual = explored(lambda: [read() for _ in range(2_000)][-1], 1).returned[0]
    assert virtual > before
    assert [dt.datetime.__dict__["now"], dt.date.__dict__["today"]] == methods
    assert abs(read().timestamp() - time.time()) < 60
    assert dt.date.today() in {
        dt.date.fromtimestamp(time.time()),
        dt.date.fromtimestamp(time.time() - 1),
    }

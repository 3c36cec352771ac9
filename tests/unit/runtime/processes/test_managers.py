"""What a manager serves: each call of a proxy is one operation, and locks of a manager are locks."""

from __future__ import annotations

import multiprocessing
from multiprocessing.managers import BaseManager, SyncManager

import pytest
from together import concurrently

from extent import one_of_each_kind
from pytest_racecheck import Verdict, replay

FORK = multiprocessing.get_context("fork")


def add_to_value(value) -> None:
    value.value += 1


def add_to_key(counts) -> None:
    counts["n"] = counts.get("n", 0) + 1


def add_to_item(items) -> None:
    items[0] += 1


def claim(items) -> None:
    if not len(items):
        items.append(1)


def claim_empty(items) -> None:
    if not items:
        items.append(1)


def take(jobs) -> None:
    if not jobs.empty():
        jobs.get_nowait()


def add_to_nested(counts) -> None:
    counts["inner"]["n"] = counts["inner"]["n"] + 1


def one_job(shared):
    jobs = shared.queue()
    jobs.put(1)
    return jobs


def nested(shared):
    outer = shared.dict({})
    outer["inner"] = shared.dict({"n": 0})
    return outer


def await_change(changed, value) -> None:
    if not value.value:
        with changed:
            changed.wait()


def change(changed, value) -> None:
    with changed:
        value.value = 1
        changed.notify_all()


KINDS = {
    "counter": (lambda s: s.counter(), add_to_value, lambda v: v.value == 2, "lost update"),
    "dict": (lambda s: s.dict({"n": 0}), add_to_key, lambda d: d["n"] == 2, None),
    "list": (lambda s: s.list([0]), add_to_item, lambda x: x[0] == 2, "lost update"),
    "check then act": (lambda s: s.list(), claim, lambda x: len(x) == 1, "check then act"),
    "empty list": (lambda s: s.list(), claim_empty, lambda x: len(x) == 1, "check then act"),
    "queue": (one_job, take, None, "check then act"),
    "nested": (nested, add_to_nested, lambda d: d["inner"]["n"] == 2, "lost update"),
    "condition": (
        lambda s: (s.condition(), s.counter()),
        [await_change, change],
        None,
        "lost wake-up",
    ),
}


@pytest.mark.parametrize("kind", one_of_each_kind(KINDS, {"dict", "condition"}))
def test_a_race(manager_race, kind) -> None:
    """It is found within a few schedules, and its token brings it about again."""
    setup, act, check, said = KINDS[kind]
    report = manager_race(act, setup=setup, check=check, schedules=30)
    report.assert_racy()
    failure = report.failure
    assert said is None or failure.kind == said
    again = replay(
        failure.token, act, backend="manager", setup=setup, check=check, start_method="fork"
    )
    assert again.failure is not None
    assert (again.failure.kind, again.failure.resource) == (failure.kind, failure.resource)


def take_one(counts) -> None:
    counts["count"] -= 1


def test_its_report(manager_race) -> None:
    """It says which key was read and written, and what the values were."""
    report = manager_race(
        take_one,
        setup=lambda s: s.dict({"count": 2}),
        check=lambda d: d["count"] == 0,
        schedules=30,
    )
    assert (report.failure.kind, report.failure.resource) == ("lost update", "counts['count']")
    text = str(report)
    for part in ("take_one-1", "take_one-2", "→ 2", "← 1", "overwrites"):
        assert part in text


def add_under(value, lock) -> None:
    with lock:
        value.value += 1


@pytest.mark.parametrize(
    "kind", one_of_each_kind(["lock", "rlock", "semaphore", "condition"], {"lock"})
)
def test_the_locked_twin_is_not_reported(manager_race, kind) -> None:
    """Whatever kind of lock of the manager is around it, no schedule loses an update."""
    report = manager_race(
        add_under,
        setup=lambda s: (s.counter(), getattr(s, kind)()),
        check=lambda value, _: value.value == 2,
        schedules=15,
    )
    assert report.verdict is Verdict.NOT_FOUND
    assert (report.runs, report.failures) == (15, 0)


def first_then_second(one, other) -> None:
    with one:
        with other:
            pass


def second_then_first(one, other) -> None:
    with other:
        with one:
            pass


def test_a_deadlock_of_its_locks(manager_race) -> None:
    """Locks of a manager have holders and lines like all others."""
    report = manager_race(
        [first_then_second, second_then_first],
        setup=lambda s: (s.lock(), s.lock()),
        schedules=30,
    )
    report.assert_racy()
    assert report.failure.kind == "deadlock"
    text = " ".join(str(report).split())
    assert "held by second_then_first-1 since test_managers.py:" in text
    assert "held by first_then_second-1 since test_managers.py:" in text


def meet_and_tell(barrier, event, condition, queue, done) -> None:
    event.wait()
    barrier.wait()
    with condition:
        done.append(1)
        condition.notify_all()
    queue.put(1)


def let_them(barrier, event, condition, queue, done) -> None:
    event.set()
    with condition:
        condition.wait_for(lambda: len(done) == 2)


def test_everything_that_waits_works(manager_race) -> None:
    """Event, Barrier, Condition and Queue of a manager, all in one program: it ends under every schedule."""
    report = manager_race(
        [meet_and_tell, meet_and_tell, let_them],
        setup=lambda s: (s.barrier(2), s.event(), s.condition(), s.queue(), s.list()),
        check=lambda _b, _e, _c, queue, _d: queue.get() + queue.get() == 2 and queue.empty(),
        schedules=6,
    )
    assert report.verdict is Verdict.NOT_FOUND


class Account:
    """Known to a manager of its own."""

    def __init__(self) -> None:
        self.balance = 0

    def pay(self, amount: int) -> None:
        before = self.balance
        self.balance = before + amount

    def read(self) -> int:
        return self.balance


class Bank(BaseManager):
    """Serves accounts."""


Bank.register("Account", Account)


def pay(account) -> None:
    account.pay(1)


def test_methods_of_a_class_of_ones_own(body) -> None:
    """They run in one server for all clients, as threads of it: what is not locked there is lost."""

    def program() -> None:
        with Bank(ctx=FORK) as bank:
            account = bank.Account()
            concurrently((pay, account), (pay, account))
            assert account.read() == 2

    report = body(program, schedules=30)
    report.assert_racy()
    assert (report.failure.kind, report.failure.resource) == ("lost update", "Account.balance")


def append_to_inner(outer, item) -> None:
    outer["inner"].append(item)


def test_what_proxies_share(body) -> None:
    """A proxy within a proxy, attributes of a Namespace, a second connection to the server: all are the same objects."""

    def program() -> None:
        with FORK.Manager() as manager:
            outer = manager.dict()
            outer["inner"] = manager.list()
            concurrently((append_to_inner, outer, 1), (append_to_inner, outer, 2))
            assert sorted(outer["inner"]) == [1, 2]
            space = manager.Namespace(x=1)
            space.x += 1
            assert space.x == 2
            assert "x" in repr(space)
            queue = manager.JoinableQueue()
            queue.put(1)
            assert queue.get() == 1
            queue.task_done()
            queue.join()

    assert body(program, schedules=6).verdict is Verdict.NOT_FOUND


def overwrite(space) -> None:
    space.x = space.x + 1


def test_a_namespace_loses_updates(body) -> None:
    """Its attributes are read and written one after the other."""

    def program() -> None:
        with FORK.Manager() as manager:
            space = manager.Namespace(x=0)
            concurrently((overwrite, space), (overwrite, space))
            assert space.x == 2

    report = body(program, schedules=30)
    report.assert_racy()
    assert report.failure.kind == "lost update"


def test_a_manager_that_was_shut_down(body) -> None:
    """Its proxies are refused, as by a server that is gone."""

    def program() -> None:
        with FORK.Manager() as manager:
            items = manager.list([1])
        with pytest.raises((ConnectionError, FileNotFoundError)):
            items.append(2)
        concurrently((len, "x"), (len, "y"))

    assert body(program, schedules=3).failures == 0


SERVED: dict[str, int] = {}


class Served(BaseManager):
    """What a process serves that the program has started itself."""


Served.register("counts", callable=lambda: SERVED)


class Client(BaseManager):
    """How others come to it."""


Client.register("counts")


def serve(addresses) -> None:
    server = Served(("127.0.0.1", 0), b"key").get_server()
    addresses.put(server.address)
    server.serve_forever()


def connected(address):
    client = Client(address, b"key")
    client.connect()
    return client.counts()


def add_remotely(address) -> None:
    counts = connected(address)
    counts.update(n=counts.get("n", 0) + 1)


def test_a_server_that_is_a_process_of_the_program(body) -> None:
    """Its threads are tasks, and its client waits for them as for all others."""

    def program() -> None:
        addresses = FORK.SimpleQueue()
        server = FORK.Process(target=serve, args=(addresses,), daemon=True)
        server.start()
        address = addresses.get()
        concurrently((add_remotely, address))
        assert connected(address).get("n") == 1
        server.terminate()
        server.join()

    report = body(program, schedules=4)
    assert (report.failures, report.not_covered) == (0, ())


def make_ready() -> None:
    SERVED["ready"] = 1


def append(items) -> None:
    items.append(1)


def test_a_server_that_is_really_there(body) -> None:
    """One with an initializer is: a call of its proxies is one operation, and what is under way to it nobody's."""

    def program() -> None:
        manager = SyncManager(ctx=FORK)
        manager.start(make_ready)
        try:
            items = manager.list()
            concurrently((append, items), (append, items))
            assert list(items) == [1, 1]
        finally:
            manager.shutdown()

    assert body(program, schedules=4).verdict is Verdict.NOT_FOUND


def set_and_get(items) -> None:
    items[0] = items[0] + 1


def test_a_proxy_that_is_left_of_an_earlier_manager(race) -> None:
    """Each forked child tries to tell its server, which may be gone; that is nobody's operation, so schedules are the same as without it."""

    def schedules() -> tuple[int, object]:
        report = race(
            [set_and_get, set_and_get],
            backend="manager",
            setup=lambda s: s.list([0]),
            check=lambda items, _: items[0] == 2,
            schedules=6,
        )
        assert report.failure is not None
        return report.runs, report.failure.token

    without = schedules()
    with FORK.Manager() as manager:
        left = manager.list()
    assert schedules() == without
    assert left is not None

"""A timed cache: one read at a time, the old answer meanwhile, errors not kept."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

import pytest

from etcdview.errors import DeniedError, UnreachableError
from etcdview.stores.kept import Kept


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Source:
    """Numbers its reads. While `gate` is closed a read stands still; `error` is raised instead of an answer."""

    def __init__(self) -> None:
        self.reads = 0
        self.gate, self.entered = threading.Event(), threading.Semaphore(0)
        self.gate.set()
        self.error: BaseException | None = None

    def __call__(self) -> int:
        self.reads += 1
        number = self.reads
        self.entered.release()
        assert self.gate.wait(10)
        if self.error is not None:
            raise self.error
        return number


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def kept(source: Source, clock: Clock) -> Kept[int]:
    return Kept(60.0, source, old_for=(UnreachableError,), again_seconds=5.0, clock=clock)


class Waiting(threading.Condition):
    """A lock that tells of each thread that begins to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Semaphore(0)

    def wait(self, timeout: float | None = None) -> bool:
        self.begun.release()
        return super().wait(timeout)


def together(askers: int, kept: Kept[int], source: Source) -> list[Future[int]]:
    """One thread reads, the others wait for it; then it goes on. All are done when this returns."""
    kept._changed = waiting = Waiting()
    source.gate.clear()
    with ThreadPoolExecutor(askers) as pool:
        first = pool.submit(kept.get)
        assert source.entered.acquire(timeout=10)
        others = [pool.submit(kept.get) for _ in range(askers - 1)]
        assert all(waiting.begun.acquire(timeout=10) for _ in others)
        source.gate.set()
        return [first, *others]


def test_an_answer_is_read_once_until_it_is_too_old(kept: Kept[int], source: Source, clock: Clock) -> None:
    assert [kept.get(), kept.get()] == [1, 1]
    clock.now = 59.9
    assert kept.get() == 1
    clock.now = 60.0
    assert kept.get() == 2
    assert source.reads == 2


def test_those_who_come_while_the_first_answer_is_read_share_that_read(kept: Kept[int], source: Source) -> None:
    assert {future.result() for future in together(8, kept, source)} == {1}
    assert source.reads == 1


def test_while_a_newer_answer_is_read_others_get_the_old_one_at_once(
    kept: Kept[int], source: Source, clock: Clock
) -> None:
    kept.get()
    source.entered.acquire()
    clock.now = 61.0
    source.gate.clear()
    reader = threading.Thread(target=kept.get)
    reader.start()
    assert source.entered.acquire(timeout=10)
    assert kept.get() == 1
    source.gate.set()
    reader.join(10)
    assert kept.get() == 2


def test_who_knows_the_answer_to_be_wrong_gets_no_read_that_began_before(
    kept: Kept[int], source: Source, clock: Clock
) -> None:
    kept.get()
    source.entered.acquire()
    clock.now = 61.0
    source.gate.clear()
    with ThreadPoolExecutor(2) as pool:
        before = pool.submit(kept.get)
        assert source.entered.acquire(timeout=10)
        kept._changed = waiting = Waiting()
        after = pool.submit(lambda: kept.get(newer=True))
        assert waiting.begun.acquire(timeout=10)
        source.gate.set()
        assert (before.result(10), after.result(10)) == (2, 3)


def test_a_newer_answer_is_read_although_the_kept_one_is_young(kept: Kept[int]) -> None:
    assert (kept.get(), kept.get(newer=True), kept.get()) == (1, 2, 2)


def test_an_error_is_not_kept(kept: Kept[int], source: Source) -> None:
    source.error = UnreachableError("Nobody answers.")
    with pytest.raises(UnreachableError):
        kept.get()
    source.error = None
    assert kept.get() == 2


def test_those_who_wait_share_the_error_instead_of_trying_one_after_the_other(kept: Kept[int], source: Source) -> None:
    source.error = UnreachableError("Nobody answers.")
    futures = together(4, kept, source)
    assert all(isinstance(future.exception(), UnreachableError) for future in futures)
    assert source.reads == 1


def test_the_old_answer_serves_while_etcd_is_away_and_it_is_asked_again_after_a_pause(
    kept: Kept[int], source: Source, clock: Clock
) -> None:
    kept.get()
    clock.now, source.error = 61.0, UnreachableError("Nobody answers.")
    assert (kept.get(), source.reads) == (1, 2)
    clock.now = 65.9
    assert (kept.get(), source.reads) == (1, 2)
    clock.now, source.error = 66.0, None
    assert (kept.get(), source.reads) == (3, 3)


def test_an_error_of_another_kind_is_told_although_there_is_an_old_answer(
    kept: Kept[int], source: Source, clock: Clock
) -> None:
    kept.get()
    clock.now, source.error = 61.0, DeniedError("No.")
    with pytest.raises(DeniedError):
        kept.get()
    source.error = None
    assert kept.get() == 3


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ZeroDivisionError()])
def test_a_read_that_ends_in_any_way_lets_the_next_one_begin(
    kept: Kept[int], source: Source, error: BaseException
) -> None:
    source.error = error
    with suppress(type(error)):
        kept.get()
    source.error = None
    assert kept.get() == 2


def test_a_refresh_without_a_thread_leaves_nobody_waiting(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name == "etcdview-test":  # other tests' servers may start theirs meanwhile
            raise RuntimeError("can't start new thread")
        begin(thread)

    kept: Kept[int] = Kept(60.0, source)
    with monkeypatch.context() as changed:
        changed.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            kept.refresh("etcdview-test")
    assert (kept.get(), source.reads) == (1, 1)


def test_nobody_waits_for_a_refresh_and_only_one_runs(source: Source) -> None:
    kept: Kept[int] = Kept(60.0, source, first=-1)
    source.gate.clear()
    kept.refresh("etcdview-test")
    kept.refresh("etcdview-test")
    assert source.entered.acquire(timeout=10)
    assert (kept.get(), kept.known, source.reads) == (-1, -1, 1)
    source.gate.set()
    for thread in [t for t in threading.enumerate() if t.name == "etcdview-test"]:
        thread.join(10)
    assert (kept.get(), source.reads) == (1, 1)
    kept.refresh("etcdview-test")
    assert source.reads == 1


def test_nobody_waits_for_the_first_answer_longer_than_they_will(kept: Kept[int], source: Source) -> None:
    assert kept.soon(10.0) is None  # nobody reads
    source.gate.clear()
    kept.refresh("first")
    assert kept.soon(0.01) is None
    source.gate.set()
    assert kept.soon(10.0) == 1


def test_who_waits_for_the_first_answer_is_told_why_there_is_none(kept: Kept[int], source: Source) -> None:
    source.error = UnreachableError("Nobody answers.")
    source.gate.clear()
    kept.refresh("first")
    threading.Timer(0.05, source.gate.set).start()
    with pytest.raises(UnreachableError, match="Nobody answers"):
        kept.soon(10.0)


def test_an_old_answer_is_given_at_once_while_another_is_read(kept: Kept[int], source: Source, clock: Clock) -> None:
    kept.get()
    source.entered.acquire()
    clock.now = 60.0
    source.gate.clear()
    kept.refresh("second")
    assert source.entered.acquire(timeout=10)
    assert kept.soon(10.0) == 1
    source.gate.set()

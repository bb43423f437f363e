"""The monitor: one round for all, pages that never wait long, and nothing left running."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from etcdview.errors import DeadlineError, EtcdviewError, UnsupportedError
from etcdview.health.monitor import Monitor
from etcdview.models import Alarm, KvHash, Membership, MemberStatus, TlsFiles


class ScriptedMember:
    """The MemberProbe protocol, answering from a script: for what no real server does on demand."""

    def __init__(self, endpoint: str, status: MemberStatus, members: Membership) -> None:
        self.endpoint, self._status, self._members = endpoint, status, members
        self.calls = 0
        self.without_status = False
        self.may_answer = threading.Event()
        self.may_answer.set()

    def status(self, timeout_seconds: float) -> MemberStatus:
        self.calls += 1
        if self.without_status:
            raise UnsupportedError("This server does not have the call Status.")
        if not self.may_answer.is_set():
            self.may_answer.wait(10)
            raise DeadlineError("too late")
        return self._status

    def members(self, timeout_seconds: float) -> Membership:
        return self._members

    def alarms(self, timeout_seconds: float) -> tuple[Alarm, ...]:
        return ()

    def read(self, timeout_seconds: float, *, serializable: bool) -> int:
        return self._status.revision

    def hash_kv(self, revision: int, timeout_seconds: float) -> KvHash:
        return KvHash(self._status.member_id, 7, revision, 1)

    def close(self) -> None: ...


class ScriptedSource:
    """Members by endpoint; only the first is given."""

    def __init__(self, members: list[ScriptedMember]) -> None:
        self.members = {m.endpoint: m for m in members}
        self.endpoints = (members[0].endpoint,)
        self.tls = TlsFiles()

    def probe(self, endpoint: str) -> ScriptedMember:
        if endpoint not in self.members:
            raise EtcdviewError(f"{endpoint} is nobody")
        return self.members[endpoint]


@pytest.fixture
def source(build: SimpleNamespace) -> ScriptedSource:
    listed = tuple(build.member(n, client_urls=(f"http://127.0.0.1:{n}",)) for n in (1, 2))
    said = {n: build.status(n, cluster_id=1) for n in (1, 2)}
    return ScriptedSource([ScriptedMember(f"http://127.0.0.1:{n}", said[n], Membership(1, listed)) for n in (1, 2)])


@contextmanager
def running(source: ScriptedSource, interval: float = 5.0) -> Iterator[Monitor]:
    monitor = Monitor(source, interval_seconds=interval)
    monitor.start()
    try:
        yield monitor
    finally:
        monitor.stop()


def test_members_that_were_not_given_are_found_and_probed_in_the_first_round(source: ScriptedSource) -> None:
    with running(source) as monitor:
        report = monitor.latest()
    assert report.facts is not None
    assert [(m.name, m.healthy) for m in report.facts.members] == [("cp1", True), ("cp2", True)]
    assert [e.given for m in report.facts.members for e in m.endpoints] == [True, False]


def test_many_askers_share_one_round(source: ScriptedSource) -> None:
    with running(source) as monitor:
        threads = [threading.Thread(target=monitor.latest) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [m.calls for m in source.members.values()] == [1, 1]


def test_a_member_that_ignores_its_deadline_delays_nobody(source: ScriptedSource) -> None:
    hanging = source.members["http://127.0.0.1:2"]
    hanging.may_answer.clear()
    with running(source) as monitor:
        begun = time.monotonic()
        report = monitor.latest()
        assert time.monotonic() - begun < 2.0
        hanging.may_answer.set()
    assert report.facts is not None
    assert [m.healthy for m in report.facts.members] == [True, False]
    assert report.verdict.status == "degraded"


def test_a_server_without_status_is_asked_the_rest(source: ScriptedSource) -> None:
    for member in source.members.values():
        member.without_status = True
    with running(source) as monitor:
        report = monitor.latest()
    assert report.facts is not None
    assert report.facts.quorum.state == "has"
    assert "unsupported" in [f.id for f in report.verdict.findings]


def test_before_anything_is_known_the_verdict_is_unknown(source: ScriptedSource) -> None:
    report = Monitor(source).latest(wait_seconds=0)
    assert (report.facts, report.verdict.status) == (None, "unknown")


def findings_of(monitor: Monitor) -> list[str]:
    return [f.id for f in monitor.latest(0).verdict.findings]


def test_a_round_that_fails_is_told_at_once_and_the_next_that_ends_makes_it_good(
    source: ScriptedSource, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failures = threading.Semaphore(0)

    def failing() -> None:
        failures.release()
        raise ValueError("Invalid IPv6 URL")

    with running(source, interval=0.05) as monitor:
        assert monitor.latest().verdict.status != "unknown"
        monkeypatch.setattr(monitor, "_look", failing)
        wait_for(lambda: findings_of(monitor) == ["round-failed"])
        report = monitor.latest(0)
        assert report.verdict.status == "unknown"
        assert "ValueError: Invalid IPv6 URL" in report.verdict.findings[0].summary
        assert report.facts is not None  # what was known stays to be seen
        assert not report.stale
        for _ in range(3):
            assert failures.acquire(timeout=5)
        monkeypatch.undo()
        wait_for(lambda: monitor.latest(0).verdict.status != "unknown")
    assert caplog.text.count("Traceback") == 1


def test_while_the_first_rounds_fail_nobody_waits_for_one_that_is_still_under_way(
    source: ScriptedSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Monitor, "_look", lambda _: 1 / 0)
    with running(source) as monitor:
        report = monitor.latest(wait_seconds=10)
    assert report.facts is None
    assert [f.id for f in report.verdict.findings] == ["round-failed"]


def test_what_was_read_is_shown_when_judging_it_fails(source: ScriptedSource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("etcdview.health.monitor.examine", lambda _: 1 / 0)
    with running(source) as monitor:
        report = monitor.latest()
    assert report.facts is not None
    assert [m.healthy for m in report.facts.members] == [True, True]
    assert report.verdict.status == "unknown"
    assert [f.id for f in report.verdict.findings] == ["round-failed"]


def test_a_round_that_never_ends_turns_into_unknown(source: ScriptedSource, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def hanging() -> None:
        begun.set()
        may_end.wait(10)

    monkeypatch.setattr("etcdview.health.monitor.STALE_SECONDS", 0.3)
    with running(source, interval=0.05) as monitor:
        assert monitor.latest().verdict.status != "unknown"
        monkeypatch.setattr(monitor, "_look", hanging)
        assert begun.wait(5)
        wait_for(lambda: monitor.latest(0).stale)
        assert findings_of(monitor) == ["facts-stale"]
        may_end.set()


def test_large_data_is_compared_when_asked_for(source: ScriptedSource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("etcdview.health.probes.hashing.AUTOMATIC_BYTES", 1)

    def compared(monitor: Monitor) -> list[str]:
        facts = monitor.latest().facts
        return [m.name for m in facts.members if m.endpoint.hash.ok] if facts else []

    with running(source, interval=0.1) as monitor:
        wait_for(lambda: all(member.calls > 3 for member in source.members.values()))
        assert compared(monitor) == []
        assert "data-uncompared" in [f.id for f in monitor.latest().verdict.findings]
        monitor.compare_hashes()
        assert monitor.latest(0).comparing
        wait_for(lambda: compared(monitor) == ["cp1", "cp2"])
        assert not monitor.latest(0).comparing
        assert "data-uncompared" not in [f.id for f in monitor.latest().verdict.findings]


def test_a_verdict_that_passes_leaves_a_trace(source: ScriptedSource) -> None:
    hanging = source.members["http://127.0.0.1:2"]
    with running(source, interval=0.1) as monitor:
        before = monitor.latest().verdict.status
        hanging.may_answer.clear()
        wait_for(lambda: monitor.latest().verdict.status == "degraded")
        hanging.may_answer.set()
        wait_for(lambda: monitor.latest().verdict.status == before)
        stood = [v.status for v in monitor.latest().history.verdicts]
    assert "degraded" in stood[1:-1]


def wait_for(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_stopping_leaves_no_thread_behind(source: ScriptedSource) -> None:
    before = set(threading.enumerate())
    with running(source) as monitor:
        monitor.latest()
    assert not [t.name for t in set(threading.enumerate()) - before if t.name.startswith("etcdview-")]

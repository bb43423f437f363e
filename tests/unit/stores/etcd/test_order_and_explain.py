"""Whom to ask first, and what several endpoints' errors come to in one."""

from __future__ import annotations

import threading
import time

import pytest

from etcdview.endpoints import parse_endpoint
from etcdview.errors import (
    DeadlineError,
    DeniedError,
    NoQuorumError,
    RefusedError,
    SlowError,
    TooLargeError,
    UnreachableError,
    UntrustedError,
)
from etcdview.models import TlsFiles
from etcdview.stores.etcd import explain as explaining
from etcdview.stores.etcd import order as ordering
from etcdview.stores.etcd.channel import Channel
from etcdview.stores.etcd.explain import LEAST_SECONDS, Explainer
from etcdview.stores.etcd.order import SHUN_SECONDS, Order
from etcdview.tls.diagnosis import Step

SILENT = DeadlineError("It did not answer in time.", "Look.")
VAGUE = UnreachableError("It gives no answer.", "Look.")


@pytest.fixture
def channels() -> list[Channel]:
    return [Channel(parse_endpoint(f"http://127.0.0.{n}:2379"), TlsFiles()) for n in (1, 2, 3)]


class TestOrder:
    def test_the_one_that_answered_last_comes_first(self, channels: list[Channel]) -> None:
        order, (a, b, c) = Order(channels), channels
        order.trust(c)
        assert order.channels() == (c, a, b)
        order.trust(b)
        assert order.channels() == (b, c, a)

    def test_one_that_failed_comes_last_for_a_while_and_then_where_it_was(
        self, channels: list[Channel], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = [100.0]
        monkeypatch.setattr(ordering.time, "monotonic", lambda: now[0])
        order, (a, b, c) = Order(channels), channels
        order.shun(a)
        assert order.channels() == (b, c, a)
        now[0] += SHUN_SECONDS
        assert order.channels() == (a, b, c)

    def test_an_answer_ends_the_distrust_at_once(self, channels: list[Channel]) -> None:
        order, (a, b, c) = Order(channels), channels
        order.shun(a)
        order.trust(a)
        assert order.channels() == (a, b, c)

    def test_where_all_failed_all_are_asked_all_the_same(self, channels: list[Channel]) -> None:
        order = Order(channels)
        for channel in channels:
            order.shun(channel)
        assert order.channels() == tuple(channels)


def found(error: UnreachableError | DeniedError) -> tuple[Step, ...]:
    return (Step("resolve", True, "It has an address."), Step("connect", False, error.what, error=error))


class TestExplainer:
    @pytest.fixture
    def looks(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        """How long each diagnosis was allowed to take."""
        seconds: list[float] = []

        def diagnose(_: object, __: object, allowed: float) -> object:
            seconds.append(allowed)
            return found(RefusedError("Nothing listens.", "Start it."))

        monkeypatch.setattr(explaining, "diagnose", diagnose)
        return seconds

    def test_a_vague_error_becomes_the_one_that_the_diagnosis_found(
        self, channels: list[Channel], looks: list[float]
    ) -> None:
        better = Explainer()(channels[0], VAGUE, 5.0)
        assert (type(better), better.what, better.endpoint) == (RefusedError, "Nothing listens.", channels[0].name)
        assert looks == [pytest.approx(5.0, abs=1.0)]

    def test_an_endpoint_that_was_waited_for_already_is_looked_at_for_less_long(
        self, channels: list[Channel], looks: list[float]
    ) -> None:
        Explainer()(channels[0], SILENT, 5.0)
        assert looks == [pytest.approx(explaining.SILENT_SECONDS, abs=0.5)]

    @pytest.mark.parametrize("error", [RefusedError("Exact."), NoQuorumError("Exact.")])
    def test_an_exact_error_is_not_looked_after(
        self, channels: list[Channel], looks: list[float], error: UnreachableError
    ) -> None:
        assert Explainer()(channels[0], error, 5.0) is error
        assert looks == []

    @pytest.mark.parametrize("left", [LEAST_SECONDS / 2, 0.0, -1.0])
    def test_without_time_nobody_looks(self, channels: list[Channel], looks: list[float], left: float) -> None:
        assert Explainer()(channels[0], VAGUE, left) is VAGUE
        assert looks == []

    def test_what_was_found_is_kept_until_the_endpoint_answers(
        self, channels: list[Channel], looks: list[float]
    ) -> None:
        explain = Explainer()
        for _ in range(3):
            explain(channels[0], VAGUE, 5.0)
        assert len(looks) == 1
        explain.forget(channels[0])
        explain(channels[0], VAGUE, 0.3)
        assert looks[1:] == [pytest.approx(0.3, abs=0.2)]

    def test_silence_is_looked_at_again_by_who_has_more_time(
        self, channels: list[Channel], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        looks: list[float] = []

        def diagnose(_: object, __: object, allowed: float) -> object:
            looks.append(allowed)
            slow = DeadlineError("It does not answer.")
            return found(slow if allowed < 0.5 else UntrustedError("Another CA.", "Give its CA."))

        monkeypatch.setattr(explaining, "diagnose", diagnose)
        explain = Explainer()
        for left, what in ((0.3, "It does not answer."), (0.2, "It does not answer."), (0.7, "Another CA.")):
            assert explain(channels[0], SILENT, left).what == what
        assert explain(channels[0], SILENT, 0.9).what == "Another CA."
        assert len(looks) == 2

    def test_an_endpoint_that_hung_up_is_not_said_to_be_silent(
        self, channels: list[Channel], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(explaining, "diagnose", lambda *_: found(DeadlineError("It does not answer.")))
        assert Explainer()(channels[0], VAGUE, 0.3) is VAGUE

    def test_who_waits_for_another_diagnosis_waits_no_longer_than_there_is_time(
        self, channels: list[Channel], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        looking, let_go = threading.Event(), threading.Event()

        def slowly(*_: object) -> object:
            looking.set()
            let_go.wait(10)
            return found(RefusedError("Nothing listens."))

        monkeypatch.setattr(explaining, "diagnose", slowly)
        explain = Explainer()
        other = threading.Thread(target=lambda: explain(channels[0], VAGUE, 5.0))
        other.start()
        looking.wait(10)
        assert explain(channels[0], VAGUE, LEAST_SECONDS) is VAGUE
        let_go.set()
        other.join(10)

    def test_a_diagnosis_that_finds_no_fault_leaves_the_error(
        self, channels: list[Channel], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(explaining, "diagnose", lambda *_: (Step("resolve", True, "Fine."),))
        assert Explainer()(channels[0], VAGUE, 5.0) is VAGUE

    def test_many_who_ask_at_once_share_one_diagnosis(
        self, channels: list[Channel], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        looks, let_go = [], threading.Event()

        def slowly(*_: object) -> object:
            looks.append(1)
            let_go.wait(10)
            return found(RefusedError("Nothing listens."))

        monkeypatch.setattr(explaining, "diagnose", slowly)
        explain, got = Explainer(), []
        threads = [threading.Thread(target=lambda: got.append(explain(channels[0], VAGUE, 5.0).what)) for _ in range(8)]
        for thread in threads:
            thread.start()
        let_go.set()
        for thread in threads:
            thread.join(10)
        assert got == ["Nothing listens."] * 8
        assert len(looks) == 1

    def test_a_lost_quorum_tells_more_than_a_member_that_is_away(
        self, channels: list[Channel], looks: list[float]
    ) -> None:
        a, b, c = channels
        errors = [(a, RefusedError("a is away.")), (b, NoQuorumError("No leader.")), (c, RefusedError("c is away."))]
        verdict = Explainer().verdict(errors, time.monotonic() + 5)
        assert type(verdict) is NoQuorumError
        assert verdict.what == "No leader. a is away. c is away."
        assert looks == []

    def test_a_member_that_lives_and_is_slow_tells_more_than_one_that_is_away(
        self, channels: list[Channel], looks: list[float]
    ) -> None:
        errors = [(channels[0], UntrustedError("a is a stranger.")), (channels[1], SlowError("b is slow."))]
        verdict = Explainer().verdict(errors, time.monotonic() + 5)
        assert (type(verdict), verdict.what) == (SlowError, "b is slow. a is a stranger.")
        assert looks == []

    def test_endpoints_that_met_the_same_are_told_once(self, channels: list[Channel], looks: list[float]) -> None:
        errors = [(channel, DeadlineError("Silent.")) for channel in channels]
        verdict = Explainer().verdict(errors, time.monotonic() + 5)
        assert (type(verdict), verdict.what) == (RefusedError, "Nothing listens.")
        assert verdict.endpoint == channels[0].name


def test_a_large_answer_is_no_outage() -> None:
    assert not issubclass(TooLargeError, UnreachableError)

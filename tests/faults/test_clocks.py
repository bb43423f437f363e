"""Members whose clocks differ: of a real cluster, one member's answers come with the Date of another clock.

What etcdview can know of a member's clock is the Date of its HTTP answers. A machine has one clock for all of its
processes, so that header is changed on the way; all else is the member's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

import pytest

from tests.faults.conftest import Ring
from tests.integration.proxy import Proxy

Lab = Any
_DATE = re.compile(rb"(?<=\r\nDate: )[^\r]+")


@dataclass
class Clocks:
    """Three members that are reached by proxies only. `says`: what each gives for its Date, seconds ahead or bytes."""

    ring: Ring
    says: list[float | bytes] = field(default_factory=lambda: [0.0, 0.0, 0.0])

    def answered(self, number: int, data: bytes) -> bytes:
        said = self.says[number]
        return _DATE.sub(lambda found: said if isinstance(said, bytes) else _moved(found[0], said), data)


def _moved(date: bytes, seconds: float) -> bytes:
    return format_datetime(parsedate_to_datetime(date.decode()) + timedelta(seconds=seconds), usegmt=True).encode()


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clocks]:
    """Without TLS, so that a proxy can see what they say."""
    clocks = Clocks(Ring(tmp_path_factory.mktemp("clocks"), tls=False))
    with ExitStack() as stack:
        for number in range(3):
            node = clocks.ring.add_node()
            port = int(node.client_url.rpartition(":")[2])
            proxy = stack.enter_context(Proxy(port, lambda data, number=number: clocks.answered(number, data)))
            node.flags["advertise-client-urls"] = node.client_url = proxy.url
        stack.callback(clocks.ring.stop)
        clocks.ring.boot()
        yield clocks


@pytest.fixture
def clocks(members: Clocks) -> Clocks:
    members.says[:] = [0.0, 0.0, 0.0]
    return members


@pytest.mark.parametrize(("seconds", "word"), [(90, "+90 s"), (-3600, "-3600 s")])
def test_a_member_with_another_clock_is_named(clocks: Clocks, lab: Lab, seconds: float, word: str) -> None:
    clocks.says[1] = seconds

    with lab.look(clocks.ring.store()) as eye:
        finding = eye.finds("clock-skew", saying=f"m2 {word}")

        assert "m1 " in finding.evidence
        assert eye.monitor.latest().verdict.status == "at risk"
        assert "clock-here" not in {found.id for found in eye.monitor.latest().verdict.findings}


def test_when_all_members_agree_it_is_this_machine_that_is_wrong(clocks: Clocks, lab: Lab) -> None:
    clocks.says[:] = [120.0, 120.0, 121.0]

    with lab.look(clocks.ring.store()) as eye:
        finding = eye.finds("clock-here")

        assert "ahead of it by 1" in finding.evidence
        assert "clock-skew" not in {found.id for found in eye.monitor.latest().verdict.findings}


@pytest.mark.parametrize("date", [b"yesterday", b"Fri, 31 Dec 99999 23:59:59 GMT", b"Mon, 99 Foo 1 1:1:1 +99999"])
def test_what_is_not_a_date_makes_no_member_unhealthy(clocks: Clocks, lab: Lab, date: bytes) -> None:
    clocks.says[0] = date

    with lab.look(clocks.ring.store()) as eye:
        eye.says("healthy", "at risk")
        latest = eye.monitor.latest()
        probes = [member.endpoint.wire.health for member in latest.facts.members]

        assert [probe.value.healthy for probe in probes if probe.value is not None] == [True, True, True]
        assert probes[0].value is not None
        assert probes[0].value.clock_ahead_seconds is None
        assert {"clock-skew", "clock-here"}.isdisjoint(found.id for found in latest.verdict.findings)

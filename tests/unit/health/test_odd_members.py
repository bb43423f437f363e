"""A member list that is damaged or lies blinds neither the health nor the pages: all that answer are still judged."""

from __future__ import annotations

from typing import Any

import pytest
from etcd3 import etcdrpc

from etcdview.health.monitor import Report
from etcdview.health.once import look_once
from etcdview.models import TlsFiles
from etcdview.stores.etcd.client import EtcdStore
from tests.unit.stores.etcd.answering import answering
from tests.unit.webapp.fixed_reports import app_of

LARGEST = (1 << 64) - 1
HEADER = {"cluster_id": 1, "member_id": 7, "revision": 9, "raft_term": 2}


def member(number: int = 8, name: str = "b", peers: tuple[str, ...] = (), clients: tuple[str, ...] = ()) -> Any:
    return etcdrpc.Member(ID=number, name=name, peerURLs=peers, clientURLs=clients)


ODD: dict[str, list[Any]] = {
    "a host in brackets": [member(peers=("http://[node-4]:2380",), clients=("http://[localhost]:2379",))],
    "IPv4 in brackets": [member(clients=("http://[127.0.0.1]:2379",))],
    "a bracket that is not closed": [member(peers=("https://[::1:2380",), clients=("http://[",))],
    "no URL at all": [member(peers=("",), clients=("", "://", "http://", ":"))],
    "a port of thousands of digits": [member(clients=("http://127.0.0.1:" + "9" * 5_000,))],
    "a port that is none": [member(clients=("http://127.0.0.1:-1", "http://127.0.0.1:x", "http://127.0.0.1:99999"))],
    "another scheme": [member(clients=("file:///etc/passwd", "javascript:alert(1)"))],
    "control characters": [member(name="\x1b[31m\n\0", peers=("http://\x1b[31m:2380",), clients=("http://a\nb:1",))],
    "the name and ID of another": [member(7, "a"), member(7, "a")],
    "IDs at the ends": [member(0, ""), member(LARGEST, "")],
    "a name of a megabyte": [member(name="n" * 1_000_000)],
    "two hundred members": [member(100 + n, f"m{n}") for n in range(200)],
}


def status(*_: Any) -> Any:
    return etcdrpc.StatusResponse(
        header=etcdrpc.ResponseHeader(**HEADER), version="3.6.5", dbSize=4096, leader=7, raftIndex=5, raftTerm=2
    )


def report_with(odd: list[Any]) -> tuple[str, Report]:
    """What one look finds where a member that answers is listed with odd ones."""
    listed: list[Any] = []
    header = etcdrpc.ResponseHeader(**HEADER)
    answers = {
        "Status": status,
        "MemberList": lambda *_: etcdrpc.MemberListResponse(header=header, members=listed),
        "Range": lambda *_: etcdrpc.RangeResponse(header=header),
        "Alarm": lambda *_: etcdrpc.AlarmResponse(header=header),
    }
    with answering(**answers) as (url, _):
        listed.extend([member(7, "a", clients=(url,)), *odd])
        store = EtcdStore([url], TlsFiles())
        try:
            return url, look_once(store)
        finally:
            store.close()


@pytest.mark.parametrize("odd", ODD)
def test_the_member_that_answers_is_judged_and_every_page_is_shown(odd: str) -> None:
    url, report = report_with(ODD[odd])

    assert report.facts is not None
    assert [m.healthy for m in report.facts.members if any(e.url == url for e in m.endpoints)] == [True]
    assert "rule-failed" not in [f.id for f in report.verdict.findings]
    client = app_of(report).test_client()
    for page in ("/", "/health", "/api/v1/health", "/metrics", "/certificates"):
        assert client.get(page).status_code == 200, page


def test_members_with_one_name_or_id_are_told_of() -> None:
    _, report = report_with([member(7, "a"), member(9, "a")])
    (twice,) = [f for f in report.verdict.findings if f.id == "member-twice"]
    assert "the ID 7 and the name a" in twice.evidence


def test_a_list_of_ten_thousand_members_is_not_believed_and_nobody_probes_them() -> None:
    url, report = report_with([member(100 + n, "", clients=(f"http://127.0.0.1:{n + 1}",)) for n in range(10_000)])

    assert report.facts is not None
    assert [e.url for m in report.facts.members for e in m.endpoints] == [url]
    problem = report.facts.members[0].endpoint.membership.problem
    assert problem is not None
    assert "lists 10,001 members" in problem.what
    assert app_of(report).test_client().get("/health").status_code == 200


@pytest.mark.parametrize(
    ("revision", "version", "leader"),
    [(-1, "3.6.5", 7), (9, "", 0), (9, "x.y", LARGEST), ((1 << 63) - 1, "9" * 999, 1)],
)
def test_an_odd_status_is_judged(revision: int, version: str, leader: int) -> None:
    header = etcdrpc.ResponseHeader(**HEADER | {"revision": revision})
    odd = etcdrpc.StatusResponse(header=header, version=version, dbSize=-1, leader=leader, raftIndex=LARGEST)
    with answering(Status=lambda *_: odd, MemberList=lambda *_: etcdrpc.MemberListResponse(header=header)) as (url, _):
        store = EtcdStore([url], TlsFiles())
        report = look_once(store)
        store.close()
    assert "rule-failed" not in [f.id for f in report.verdict.findings]
    assert app_of(report).test_client().get("/health").status_code == 200

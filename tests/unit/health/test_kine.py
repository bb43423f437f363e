"""kine, which has one database and no raft, is not called unhealthy for what it does not tell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from click.testing import CliRunner
from etcd3 import etcdrpc

from etcdview.cli.main import cli
from etcdview.health.once import look_once
from etcdview.models import TlsFiles
from etcdview.stores.etcd.client import EtcdStore
from tests.unit.stores.etcd.answering import Answer, answering, refusing

VERSIONS = ("3.5.13", "3.6.6")  # what kine 0.11 and 0.17 say they are


def kine(version: str) -> dict[str, Answer]:
    """The answers of kine to what health asks; a release without Status where `version` is empty."""

    def status(_: Any, __: Any) -> Any:
        return etcdrpc.StatusResponse(header=etcdrpc.ResponseHeader(), version=version, dbSize=4096)

    def members(_: Any, __: Any) -> Any:
        member = etcdrpc.Member(name="kine", peerURLs=["http://127.0.0.1:2379"], clientURLs=["http://127.0.0.1:2379"])
        return etcdrpc.MemberListResponse(header=etcdrpc.ResponseHeader(), members=[member])

    def read(request: Any, context: Any) -> Any:
        if request.serializable:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "serializable is not implemented by kine")
        return etcdrpc.RangeResponse(header=etcdrpc.ResponseHeader(revision=7))

    lacking = refusing(grpc.StatusCode.UNKNOWN, "no such table: dbstat")
    return {
        "Status": status if version else lacking,
        "MemberList": members,
        "Range": read,
        "HashKV": refusing(grpc.StatusCode.UNKNOWN, "hash kv is not supported"),
        "Alarm": refusing(grpc.StatusCode.UNKNOWN, "alarm is not supported"),
    }


@pytest.fixture(params=[*VERSIONS, ""])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with answering(**kine(request.param)) as (url, _):
        yield url


def test_kine_is_healthy_and_what_it_does_not_tell_is_said(url: str) -> None:
    store = EtcdStore([url], TlsFiles())
    report = look_once(store)
    store.close()

    assert report.verdict.status == "healthy", report.verdict.findings
    findings = {finding.id: finding for finding in report.verdict.findings}
    assert {f.severity for f in findings.values()} == {"info"}
    assert "unsupported" in findings
    assert not findings.keys() & {"leader-missing", "single-member", "member-down", "quorum-unknown"}
    assert report.facts.leader is None
    assert {m.role for m in report.facts.members} == {"unknown"}


def test_the_command_ends_with_0(url: str) -> None:
    done = CliRunner().invoke(cli, ["health", "--endpoints", url, "-o", "json"])

    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["verdict"] == "healthy"


def test_an_etcd_without_a_leader_is_still_unhealthy() -> None:
    def status(_: Any, __: Any) -> Any:
        header = etcdrpc.ResponseHeader(cluster_id=1, member_id=2, raft_term=3)
        return etcdrpc.StatusResponse(header=header, version="3.5.1")

    with answering(**kine("3.5.13") | {"Status": status}) as (url, _):
        store = EtcdStore([url], TlsFiles())
        report = look_once(store)
        store.close()

    assert "leader-missing" in {finding.id for finding in report.verdict.findings}

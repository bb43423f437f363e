"""Certificates that are wrong, on real members."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from etcdview.demo.certificates import Authority
from etcdview.models import TlsFiles

Ring = Any
Lab = Any


def pair_with(lab: Lab, **wrong: Any) -> tuple[Ring, Any]:
    """Two members, the second with wrong certificates for its clients; members themselves get on."""
    ring = lab.ring()
    ring.add_node()
    second = ring.add_node()
    ring.certify(second, which=("server",), **wrong)
    for node in ring.nodes:
        # etcd asks its own client port over HTTP for nothing, but its peers check what peers show
        node.flags |= {"initial-cluster": ",".join(f"{n.name}={n.peer_url}" for n in ring.nodes)}
        node.start()
    return ring, second


def ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def test_a_server_certificate_that_has_expired(lab: Lab) -> None:
    ring, second = pair_with(lab, begins=ago(10), lifetime=timedelta(days=9))
    with lab.look(ring.store()) as eye:
        assert second.client_url in eye.finds("certificate-expired").evidence
        eye.finds("member-down", member=second.name, saying="expired")  # while it starts, it says nothing yet


def test_a_server_certificate_that_is_not_valid_yet(lab: Lab) -> None:
    ring, second = pair_with(lab, begins=ago(-2))
    with lab.look(ring.store()) as eye:
        assert second.client_url in eye.finds("certificate-early").evidence


def test_a_server_certificate_with_little_time_left(lab: Lab) -> None:
    ring, _ = pair_with(lab, lifetime=timedelta(days=20))
    with lab.look(ring.store()) as eye:
        assert eye.finds("certificate-expiring").severity == "warning"


def test_a_server_certificate_with_very_little_time_left(lab: Lab) -> None:
    ring, _ = pair_with(lab, lifetime=timedelta(days=3))
    with lab.look(ring.store()) as eye:
        assert eye.finds("certificate-expiring").severity == "critical"
        eye.says("degraded")


def test_a_server_certificate_for_another_name(lab: Lab) -> None:
    ring, second = pair_with(lab, sans=("somewhere.else",))
    with lab.look(ring.store()) as eye:
        assert "somewhere.else" in eye.finds("certificate-names").evidence
        eye.finds("member-down", member=second.name)


def test_a_server_certificate_of_another_authority(lab: Lab) -> None:
    ring, second = pair_with(lab, authority=Authority(lab.root / "other", "other-ca"))
    with lab.look(ring.store()) as eye:
        assert "other-ca" in eye.finds("certificate-untrusted").evidence
        eye.finds("member-down", member=second.name)


def test_a_client_without_certificate_sees_why_nothing_is_known(trio: Ring, lab: Lab) -> None:
    with lab.look(trio.store(tls=TlsFiles(cacert=trio.tls.cacert))) as eye:
        assert "client certificate" in eye.finds("quorum-unknown").evidence
        eye.says("unknown")


def test_http_to_a_tls_port(trio: Ring, lab: Lab) -> None:
    plain = tuple(url.replace("https://", "http://") for url in trio.endpoints)
    with lab.look(trio.store(plain, TlsFiles())) as eye:
        assert "TLS" in eye.finds("quorum-unknown").evidence


def test_a_client_certificate_that_has_expired(trio: Ring, lab: Lab) -> None:
    old = trio.authority.issue(lab.root, "old", "client", begins=ago(10), lifetime=timedelta(days=9))
    with lab.look(trio.store(tls=TlsFiles(trio.tls.cacert, str(old.cert), str(old.key)))) as eye:
        assert "expired" in eye.finds("quorum-unknown").evidence


def test_a_key_of_another_certificate(trio: Ring, lab: Lab) -> None:
    other = trio.authority.issue(lab.root, "other", "client")
    with lab.look(trio.store(tls=TlsFiles(trio.tls.cacert, trio.tls.cert, str(other.key)))) as eye:
        eye.finds("certificate-key")


def test_a_member_that_its_peers_do_not_take_back(lab: Lab) -> None:
    ring = lab.cluster(3)
    node = ring.followers()[0]
    with lab.look(ring.store()) as eye:
        eye.sees_no_harm()
        node.kill()
        ring.certify(node, which=("peer",), begins=ago(10), lifetime=timedelta(days=9))
        node.start()
        # it opens its port, and answers nobody until it is in the cluster
        eye.finds("member-down", member=node.name)


@pytest.mark.parametrize("given", ["root", "intermediate"])
def test_a_server_certificate_of_an_intermediate_authority(lab: Lab, given: str) -> None:
    ring = lab.ring()
    below = Authority(lab.root / "below", "below-ca", parent=ring.authority)
    node = ring.add_node()
    ring.certify(node, which=("server",), authority=below)
    cert = Path(node.flags["cert-file"])
    # etcd sends what the file holds: its own certificate and the intermediate
    cert.write_bytes(cert.read_bytes() + below.files.cert.read_bytes())
    ring.boot()
    trusted = {"root": ring.authority, "intermediate": below}[given]
    tls = TlsFiles(str(trusted.files.cert), ring.tls.cert, ring.tls.key)
    with lab.look(ring.store(tls=tls)) as eye:
        eye.sees_no_harm()
        report = eye.monitor.latest()
        assert not [f for f in report.verdict.findings if f.id == "certificate-untrusted"]
        shown = {e.certificate.subject: e for e in report.certificates.entries}
        assert shown[f"CN={node.name}"].trusted is True
        assert shown[f"CN={node.name}"].chain[1] == "CN=below-ca"
        # not kubeadm's, so its commands are not given
        assert shown[f"CN={node.name}"].renew == ""
    store = ring.store(tls=tls)
    assert all(step.ok for step in store.diagnose(node.client_url, b"/registry/", 3.0))
    store.close()

"""What a deployment lacks for high availability and TLS."""

from __future__ import annotations

from types import SimpleNamespace as Build

import pytest

from etcdview.deployment.deployment import Deployment, Flag
from etcdview.health.gaps import gaps
from tests.unit.deployment.test_deployment import read_pod
from tests.unit.test_endpoints import UNREADABLE


def test_a_full_kubeadm_cluster_of_three_lacks_nothing(build: Build) -> None:
    assert gaps([read_pod()], build.cluster()) == ()


def test_what_is_missing_for_high_availability_is_named(build: Build) -> None:
    risky = read_pod("--unsafe-no-fsync=true", "--election-timeout=300", "--quota-backend-bytes=16777216")
    what = [gap.what for gap in gaps([risky], build.cluster(1))]
    assert what == ["2 more members", "fsync on every write", "Room", "Time for elections"]
    assert [g.what for g in gaps([], build.cluster(4))] == ["An odd number of members"]


def test_missing_tls_is_named(build: Build) -> None:
    plain = Deployment("systemd unit", "x", (Flag("listen-client-urls", "http://10.0.0.1:2379", ""),))
    assert "TLS for clients" in [gap.what for gap in gaps([plain], None)]
    open_to_all = Deployment("systemd unit", "x", (Flag("cert-file", "/a.crt", ""),))
    assert "Client certificates" in [gap.what for gap in gaps([open_to_all], None)]


@pytest.mark.parametrize("url", UNREADABLE)
def test_a_url_that_cannot_be_read_is_no_obstacle(build: Build, url: str) -> None:
    members = (build.member(1), build.member(2, peer_urls=(url,)), build.member(3))

    assert gaps([read_pod()], build.cluster(members=members)) == ()


@pytest.mark.parametrize("flag", ["election-timeout", "heartbeat-interval", "quota-backend-bytes"])
def test_a_number_of_thousands_of_digits_is_no_obstacle(flag: str) -> None:
    assert gaps([read_pod(f"--{flag}={'9' * 5000}")], None) == ()

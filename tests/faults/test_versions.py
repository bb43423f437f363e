"""Clusters of several releases, and on their way from one to another. Their binaries are made by `make compat`."""

from __future__ import annotations

import json
import os
import urllib.request
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.mixed

Ring = Any
Lab = Any


def program(release: str) -> Path:
    """The newest of that minor release."""
    return max(Path(os.environ["ETCDVIEW_ETCDS"]).glob(f"etcd-*{release}*"))


def mixed(lab: Lab, *releases: str) -> Ring:
    ring = lab.ring()
    for release in releases:
        ring.add_node().program = program(release)
    return ring.boot()


def test_an_upgrade_half_done(lab: Lab) -> None:
    ring = mixed(lab, "3.5", "3.5", "3.6")
    with lab.look(ring.store()) as eye:
        assert eye.finds("versions-mixed").severity == "warning"
        assert eye.sees_no_harm().status == "at risk"


def test_a_patch_release_apart_is_only_noted(lab: Lab) -> None:
    ring = lab.ring()
    ring.add_node()
    ring.add_node()
    ring.add_node().program = program("3.5")
    ring.boot()
    with lab.look(ring.store()) as eye:
        assert eye.finds("versions-mixed").severity == "info"


def test_an_old_release_is_noted(lab: Lab) -> None:
    ring = mixed(lab, "3.4")
    with lab.look(ring.store()) as eye:
        eye.finds("version-unmaintained")


def test_a_downgrade_under_way(lab: Lab) -> None:
    ring = lab.ring(tls=False)
    ring.add_node().program = program("3.6")
    ring.boot()
    request = {"action": "ENABLE", "version": "3.5.0"}
    url = f"{ring.nodes[0].client_url}/v3/maintenance/downgrade"
    with lab.look(ring.store()) as eye:
        eye.says("healthy", "at risk")
        urllib.request.urlopen(url, json.dumps(request).encode(), timeout=10).close()
        eye.finds("downgrade")


@pytest.mark.parametrize("release", ["3.4", "3.5", "3.6", "3.7"])
def test_every_release_is_judged_healthy_and_tells_its_quota(lab: Lab, release: str) -> None:
    ring = mixed(lab, release, release, release)
    with lab.look(ring.store()) as eye:
        eye.says("healthy")
        facts = eye.monitor.latest().facts
        assert [m.quota_bytes for m in facts.members] == [2 * 1024**3] * 3
        assert all(m.status.version.startswith(release) for m in facts.members)

"""Networks that break: members in namespaces of their own, on a bridge, one of them cut off from others or from us.

Needs root and iproute2. Where these are not had, the tests are skipped with that reason, which CI does not accept.
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from etcdview.errors import UnsafeError
from etcdview.maintenance import operations, plans
from etcdview.maintenance.members import look

Ring = Any
Lab = Any


def ip(*words: str, ok: bool = True) -> None:
    subprocess.run(["/usr/sbin/ip", *words], check=ok, capture_output=True)


def able() -> bool:
    if os.geteuid() or not shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin"):
        return False
    name = f"evprobe{os.getpid()}"  # each process of the tests asks, several at once
    made = subprocess.run(["/usr/sbin/ip", "netns", "add", name], check=False, capture_output=True)
    ip("netns", "del", name, ok=False)
    return made.returncode == 0


pytestmark = pytest.mark.skipif(not able(), reason="network namespaces need root and iproute2")


class Net:
    """A bridge of this machine's, and namespaces on it."""

    def __init__(self) -> None:
        self.tag = f"ev{random.randrange(16**4):04x}"  # noqa: S311
        self.prefix = f"10.{random.randrange(64, 255)}.{random.randrange(1, 255)}"  # noqa: S311
        self.names: list[str] = []
        ip("link", "add", self.tag, "type", "bridge")
        ip("addr", "add", f"{self.prefix}.1/24", "dev", self.tag)
        ip("link", "set", self.tag, "up")

    def add(self) -> tuple[str, str]:
        """A namespace with an address: both."""
        number = len(self.names) + 2
        name, host, cable = f"{self.tag}n{number}", f"{self.prefix}.{number}", f"{self.tag}v{number}"
        ip("netns", "add", name)
        self.names.append(name)
        ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", name)
        ip("link", "set", cable, "master", self.tag, "up")
        for words in (
            ("addr", "add", f"{host}/24", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
            ("link", "set", "lo", "up"),
        ):
            ip("-n", name, *words)
        return name, host

    def part(self, name: str, other: str) -> None:
        """Let nothing through from the namespace to another's address, as a firewall does that drops."""
        ip("-n", name, "route", "add", "blackhole", f"{other}/32")

    def join(self, name: str, other: str) -> None:
        ip("-n", name, "route", "del", "blackhole", f"{other}/32")

    def close(self) -> None:
        for name in self.names:
            ip("netns", "del", name, ok=False)
        ip("link", "del", self.tag, ok=False)


@pytest.fixture
def net() -> Iterator[Net]:
    made = Net()
    try:
        yield made
    finally:
        made.close()


def spread(lab: Lab, net: Net, **flags: str) -> tuple[Ring, dict[str, str]]:
    """Three members, each in a namespace of its own; and their addresses by name."""
    ring, hosts = lab.ring(), {}
    for _ in range(3):
        name, host = net.add()
        node = ring.add_node(host=host, netns=name, **flags)
        hosts[node.name] = host
    ring.boot()
    return ring, hosts


def test_members_on_machines_of_their_own_are_healthy(lab: Lab, net: Net) -> None:
    ring, _ = spread(lab, net)
    with lab.look(ring.store()) as eye:
        eye.says("healthy", "at risk")
        assert "one-machine" not in [f.id for f in eye.monitor.latest().verdict.findings]


def test_a_member_that_no_packet_reaches(lab: Lab, net: Net) -> None:
    ring, _ = spread(lab, net)
    node = ring.followers()[0]
    with lab.look(ring.store()) as eye:
        eye.sees_no_harm()
        ip("-n", node.netns, "link", "set", "eth0", "down")
        eye.finds("member-down", member=node.name)
        eye.says("degraded")
        ip("-n", node.netns, "link", "set", "eth0", "up")
        eye.sees_no_harm()


def test_a_member_cut_off_from_its_peers_and_then_removed(lab: Lab, net: Net) -> None:
    ring, hosts = spread(lab, net)
    node = ring.followers()[0]
    others = [n for n in ring.nodes if n is not node]
    with lab.look(ring.store()) as eye:
        eye.sees_no_harm()
        for other in others:
            net.part(node.netns, hosts[other.name])
        eye.finds("member-cut-off", member=node.name)
        eye.says("degraded")
        ring.remove(node)
        eye.finds("membership-differs")
        eye.finds("not-a-member")


def test_a_leader_cut_off_stays_in_the_old_term(lab: Lab, net: Net) -> None:
    ring, hosts = spread(lab, net)
    node = ring.leader()
    with lab.look(ring.store()) as eye:
        eye.sees_no_harm()
        for other in ring.nodes:
            if other is not node:
                net.part(node.netns, hosts[other.name])
        eye.finds("term-differs")


def test_members_that_all_lose_each_other(lab: Lab, net: Net) -> None:
    ring, hosts = spread(lab, net)
    with lab.look(ring.store()) as eye:
        eye.sees_no_harm()
        for one, other in itertools.permutations(ring.nodes, 2):
            net.part(one.netns, hosts[other.name])
        eye.says("no quorum")
        eye.finds("leader-missing")
        for one, other in itertools.permutations(ring.nodes, 2):
            net.join(one.netns, hosts[other.name])
        eye.sees_no_harm()


def test_a_member_that_advertises_loopback_to_others(lab: Lab, net: Net) -> None:
    ring, _ = spread(lab, net)
    node = ring.nodes[2]
    with lab.look(ring.store()) as eye:
        eye.sees_no_harm()
        node.kill()
        node.flags["advertise-client-urls"] = "https://127.0.0.1:2379"
        node.start()
        eye.finds("url-loopback", member=node.name)


def test_a_member_cut_off_counts_as_away_when_another_is_looked_after(lab: Lab, net: Net) -> None:
    """It answers Status all the same; with it gone, nobody else may rest or be removed."""
    ring, hosts = spread(lab, net)
    cut, other = ring.followers()
    store = ring.store()
    for peer in ring.nodes:
        if peer is not cut:
            net.part(cut.netns, hosts[peer.name])
    # from the first moment on, before it has noticed anything itself: its linearizable reads fail at once
    view = look(store)
    lost, kept = (next(m for m in view.members if m.name == node.name) for node in (cut, other))

    assert lost.alive
    assert [m.name for m in view.others_away()] == [cut.name]
    with pytest.raises(UnsafeError, match=f"{cut.name} answers but"):
        operations.defragment(store, kept.id)
    with pytest.raises(UnsafeError, match="the quorum would be lost"):
        operations.remove(store, kept.id)
    with pytest.raises(UnsafeError, match="cannot lead"):
        operations.move_leader(store, lost.id)
    (step,) = operations.defragment_all(store)
    assert cut.name in step.problem
    source = plans.snapshot_source(view)
    assert source is not None
    assert source.name == other.name
    assert plans.remove(view, lost).refusal == ""
    store.close()

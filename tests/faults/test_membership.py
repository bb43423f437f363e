"""Who belongs to the cluster: learners, members that never started, wrong sizes, wrong addresses, other clusters."""

from __future__ import annotations

from typing import Any

from etcdview.stores.etcd.client import EtcdStore

Ring = Any
Lab = Any


def test_a_learner_is_told_and_stays_told_when_it_stops(crew: Ring, lab: Lab) -> None:
    with lab.look(crew.store()) as eye:
        node = crew.join(learner=True)
        assert eye.finds("learner").severity == "info"
        eye.sees_no_harm()
        node.pause()
        assert eye.finds("member-down", member=node.name).severity == "warning"
        node.resume()
        crew.leave(node)
        eye.loses("learner")


def test_a_member_that_was_added_and_never_started(crew: Ring, lab: Lab) -> None:
    with lab.look(crew.store()) as eye:
        node = crew.join(begin=False)
        eye.finds("member-unstarted")
        eye.finds("even-voters")
        crew.leave(node)
        eye.loses("member-unstarted")


def test_a_fourth_voter_that_is_removed_while_its_endpoint_is_still_given(crew: Ring, lab: Lab) -> None:
    node = crew.join()
    crew.wait_ready()
    with lab.look(crew.store()) as eye:
        eye.finds("even-voters")
        eye.sees_no_harm()
        crew.leave(node)
        eye.finds("endpoint-dead")


def test_a_single_member(lab: Lab) -> None:
    ring = lab.cluster(1)
    with lab.look(ring.store()) as eye:
        assert eye.finds("single-member").severity == "info"
        eye.says("healthy")


def test_two_members_and_one_that_dies(lab: Lab) -> None:
    ring = lab.cluster(2)
    with lab.look(ring.store()) as eye:
        assert eye.finds("even-voters").severity == "warning"
        eye.finds("no-spare")
        ring.nodes[0].kill()
        eye.says("no quorum")


def test_endpoints_of_two_clusters(lab: Lab) -> None:
    trio = lab.cluster(3)
    other = lab.ring(prefix="x")
    other.authority, other.client = trio.authority, trio.client
    other.add_node()
    other.boot()
    with lab.look(trio.store((*trio.endpoints, *other.endpoints))) as eye:
        eye.finds("cluster-id-differs")


def test_an_address_that_leads_to_another_member(lab: Lab) -> None:
    trio = lab.cluster(3)
    first, second = trio.nodes[0], trio.nodes[1]
    own = second.flags["advertise-client-urls"]
    with lab.look(trio.store()) as eye:
        second.kill()
        second.flags["advertise-client-urls"] = first.client_url
        second.start()
        eye.finds("url-shared")
        eye.finds("url-misleads", member=second.name)
        second.kill()
        second.flags["advertise-client-urls"] = own
        second.start()
        eye.loses("url-shared")


def test_an_advertised_address_where_nothing_listens(lab: Lab) -> None:
    trio = lab.cluster(3)
    node = trio.nodes[2]
    own = node.flags["advertise-client-urls"]
    with lab.look(trio.store()) as eye:
        node.kill()
        node.flags["advertise-client-urls"] = "https://127.0.0.1:1"
        node.start()
        eye.finds("url-unreachable", member=node.name)
        node.kill()
        node.flags["advertise-client-urls"] = own
        node.start()
        eye.loses("url-unreachable")


def test_an_endpoint_whose_name_does_not_resolve(lab: Lab) -> None:
    trio = lab.cluster(3)
    with lab.look(trio.store((*trio.endpoints, "https://etcd.invalid:2379"))) as eye:
        eye.finds("endpoint-dead")


def test_a_cluster_without_tls(lab: Lab) -> None:
    ring = lab.cluster(1, tls=False)
    with lab.look(ring.store()) as eye:
        eye.finds("url-plain")
        eye.says("at risk")


def test_a_user_who_may_read_the_registry_only_proves_the_quorum(lab: Lab) -> None:
    ring = lab.cluster(3, tls=False)
    for name in ("root", "eve"):
        ring.etcdctl("user", "add", f"{name}:secret")
    ring.etcdctl("user", "grant-role", "root", "root")
    ring.etcdctl("role", "add", "registry")
    ring.etcdctl("role", "grant-permission", "registry", "--prefix=true", "read", "/registry/")
    ring.etcdctl("user", "grant-role", "eve", "registry")
    ring.etcdctl("auth", "enable")
    store = EtcdStore(ring.endpoints, ring.tls, timeout_seconds=3.0, user="eve", password="secret")
    with lab.look(store) as eye:
        verdict = eye.sees_no_harm()
        assert "read-denied" not in [f.id for f in verdict.findings]
        facts = eye.monitor.latest().facts
        assert facts is not None
        assert [e.read.problem.kind for m in facts.members for e in m.endpoints] == ["NotPermittedError"] * 3
        assert (facts.quorum.state, facts.quorum.may_fail) == ("has", 1)
        for node in ring.nodes[1:]:
            node.pause()
        eye.says("no quorum")


def test_logins_are_asked_for_and_not_given(lab: Lab) -> None:
    ring = lab.cluster(1, tls=False)
    with lab.look(ring.store()) as eye:
        ring.etcdctl("user", "add", "root:secret")
        ring.etcdctl("user", "grant-role", "root", "root")
        ring.etcdctl("auth", "enable")
        assert "user name" in eye.finds("read-denied").evidence
        eye.says("at risk")

"""The picture of a cluster: everything within its frame, nothing over anything else, whatever the cluster is like."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from etcdview.deployment.deployment import Topology
from etcdview.pages.health.picture import Box, DrawnMember, Picture, draw

members = st.lists(
    st.builds(
        DrawnMember,
        name=st.from_regex(r"cp[0-9]{1,3}", fullmatch=True),
        host=st.sampled_from(["", "10.0.0.1", "10.0.0.2", "10.0.0.3", "fd00::1"]),
        role=st.sampled_from(["leader", "follower", "learner", "does not answer"]),
        client_port=st.sampled_from(["2379", "12379", ""]),
        peer_port=st.sampled_from(["2380", ""]),
        healthy=st.sampled_from([True, False, None]),
    ),
    min_size=1,
    max_size=9,
)
topologies = st.sampled_from(["stacked", "external", "unknown"])
addresses = st.lists(st.from_regex(r"10\.9\.9\.[0-9]{1,2}", fullmatch=True), max_size=4)


def overlap(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def inside(box: Box, picture: Picture) -> bool:
    return box.x >= 0 and box.y >= 0 and box.x + box.width <= picture.width and box.y + box.height <= picture.height


@given(members, topologies, addresses)
def test_everything_lies_within_the_picture_and_every_member_on_its_machine(
    drawn: list[DrawnMember], topology: Topology, apis: list[str]
) -> None:
    picture = draw(drawn, topology, apis)
    assert picture is not None

    assert all(inside(box, picture) for box in picture.boxes)
    for wire in picture.wires:
        assert 0 <= min(wire.x1, wire.x2) <= max(wire.x1, wire.x2) <= picture.width
        assert 0 <= min(wire.y1, wire.y2) <= max(wire.y1, wire.y2) <= picture.height
    machines = [b for b in picture.boxes if b.kind == "machine"]
    boxes = [b for b in picture.boxes if b.kind == "member"]
    assert sorted(b.title for b in boxes) == sorted(m.name for m in drawn)
    assert len(machines) == len({m.host for m in drawn})
    for box in boxes:
        assert sum(overlap(box, machine) for machine in machines) == 1


@given(members, topologies, addresses)
def test_no_box_lies_over_another_of_its_kind(drawn: list[DrawnMember], topology: Topology, apis: list[str]) -> None:
    picture = draw(drawn, topology, apis)
    assert picture is not None

    for kind in ("machine", "member", "api"):
        boxes = [b for b in picture.boxes if b.kind == kind]
        assert not any(overlap(one, other) for one, other in combinations(boxes, 2))


def test_without_members_there_is_nothing_to_draw() -> None:
    assert draw([], "unknown", []) is None


def test_the_words_beside_the_picture_name_every_member_with_its_machine() -> None:
    drawn = [
        DrawnMember("cp1", "10.0.0.1", "leader", "2379", "2380", True),
        DrawnMember("cp2", "10.0.0.2", "follower", "2379", "2380", True),
    ]
    picture = draw(drawn, "stacked", [])

    assert picture is not None
    assert picture.words == "cp1 (leader) on 10.0.0.1; cp2 (follower) on 10.0.0.2."
    assert [label.text for label in picture.labels] == [
        "clients, port 2379",
        "members among themselves (raft), port 2380",
    ]

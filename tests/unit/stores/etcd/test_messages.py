"""etcd's messages into models: the fields that the client's schema does not know are read all the same."""

from __future__ import annotations

import pytest
from etcd3 import etcdrpc
from hypothesis import given
from hypothesis import strategies as st

from etcdview.errors import FutureRevisionError
from etcdview.models import MAX_REVISION, Alarm, MemberStatus, Range
from etcdview.stores.etcd import messages
from etcdview.stores.etcd.client import BYTES_PER_TXN, RANGES_PER_TXN, _batches


def varint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def number_field(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def bytes_field(field: int, value: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(value)) + value


def status(*newer: bytes) -> MemberStatus:
    known = etcdrpc.StatusResponse(version="3.6.1", dbSize=4096, leader=7, raftIndex=10, raftTerm=2)
    known.header.member_id = 7
    known.header.cluster_id = 1 << 63
    return messages.status(etcdrpc.StatusResponse.FromString(known.SerializeToString() + b"".join(newer)))


def test_a_status_of_etcd_3_6_has_all_its_fields() -> None:
    found = status(
        number_field(7, 9),
        bytes_field(8, b"etcdserver: no leader"),
        bytes_field(8, b"memberID:1 alarm:NOSPACE "),
        number_field(9, 2048),
        number_field(10, 1),
        bytes_field(11, b"3.6.0"),
        number_field(12, 2 << 30),
        bytes_field(13, number_field(1, 1) + bytes_field(2, b"3.5.0")),
    )

    assert found.raft_applied_index == 9
    assert found.errors == ("etcdserver: no leader", "memberID:1 alarm:NOSPACE ")
    assert found.db_size_in_use_bytes == 2048
    assert found.learner
    assert found.storage_version == "3.6.0"
    assert found.quota_bytes == 2 << 30
    assert found.downgrade_enabled is True
    assert (found.member_id, found.cluster_id, found.leader_id) == (7, 1 << 63, 7)


def test_a_status_of_etcd_3_3_leaves_open_what_it_does_not_say() -> None:
    found = status()

    assert found.raft_applied_index is None
    assert found.db_size_in_use_bytes is None
    assert found.storage_version is None
    assert found.quota_bytes is None
    assert found.downgrade_enabled is None
    assert found.errors == ()
    assert not found.learner


def test_a_downgrade_that_is_off_is_told_from_one_not_known() -> None:
    assert status(bytes_field(13, b"")).downgrade_enabled is False


def test_a_downgrade_that_cannot_be_read_is_not_known() -> None:
    assert status(bytes_field(13, b"\xff\xff")).downgrade_enabled is None


def test_fields_of_another_wire_type_are_passed_over() -> None:
    found = status(bytes_field(7, b"x"), number_field(8, 1), number_field(11, 3), number_field(13, 1))

    assert (found.raft_applied_index, found.errors, found.storage_version, found.downgrade_enabled) == (
        None,
        (),
        None,
        None,
    )


def test_a_learner_is_known_by_a_field_that_the_schema_lacks() -> None:
    member = etcdrpc.Member(ID=5, name="cp4", peerURLs=["https://a:2380"], clientURLs=["https://a:2379"])
    learner = bytes_field(2, member.SerializeToString() + number_field(5, 1))
    voter = bytes_field(2, member.SerializeToString())

    found = messages.membership(etcdrpc.MemberListResponse.FromString(learner + voter))

    assert [m.learner for m in found.members] == [True, False]
    assert found.members[0].client_urls == ("https://a:2379",)


def test_alarms_have_names_and_one_not_yet_known_its_number() -> None:
    response = etcdrpc.AlarmResponse.FromString(
        bytes_field(2, number_field(1, 5) + number_field(2, 1))
        + bytes_field(2, number_field(1, 6) + number_field(2, 9))
    )

    assert messages.alarms(response) == (Alarm(5, "NOSPACE"), Alarm(6, "9"))


@given(st.lists(st.binary(min_size=1, max_size=300_000), max_size=20))
def test_batches_hold_every_key_once_in_order_and_fit_into_a_request(keys: list[bytes]) -> None:
    batches = list(_batches(keys))

    assert [key for batch in batches for key in batch] == keys
    assert all(0 < len(batch) <= RANGES_PER_TXN for batch in batches)
    assert all(len(batch) == 1 or sum(map(len, batch)) <= BYTES_PER_TXN for batch in batches)


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (128, [128]), (129, [128, 1]), (300, [128, 128, 44])])
def test_a_transaction_has_at_most_128_ranges(count: int, sizes: list[int]) -> None:
    assert [len(batch) for batch in _batches([b"k"] * count)] == sizes


def test_a_revision_that_no_etcd_can_reach_is_one_that_does_not_exist() -> None:
    assert messages.range_request(Range(b"a", revision=MAX_REVISION)).revision == MAX_REVISION
    with pytest.raises(FutureRevisionError, match="no revision 9,223,372,036,854,775,808"):
        messages.range_request(Range(b"a", revision=MAX_REVISION + 1))

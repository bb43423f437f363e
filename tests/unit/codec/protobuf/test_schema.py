"""The committed schema table: what must hold of it for the codec to be right."""

from __future__ import annotations

from google.protobuf.message import Message

from etcdview.codec.protobuf import special, special_from_json
from etcdview.codec.protobuf.descriptors import Pool
from etcdview.codec.protobuf.schema import Schema, schema
from etcdview.kube import openshift
from etcdview.kube.release import Release


def _all(table: Schema) -> list[tuple[str, bool, bool]]:
    structs = (table.struct(number) for number in range(len(table)))
    return [(struct.name, struct.custom, struct.wrapped) for struct in structs]


def test_every_release_since_1_20_is_in_it() -> None:
    assert [str(release) for release in schema().releases] == [f"1.{minor}" for minor in range(20, 38)]


def test_it_has_so_many_kinds_and_structs() -> None:
    own = [name for name, _, _ in _all(schema()) if name.startswith("openshift/")]
    of_openshift = {kind for version, kind in schema().kinds() if ".openshift.io/" in version}

    # each kind's list, and the five structs of Status and v1.List, stand in no release's table: see answers_only.py
    assert (len(schema().kinds()) - len(of_openshift), len(schema()) - len(own)) == (211, 1327 + 211 + 5)
    assert (len(of_openshift), len(own)) == (16, 119 + 16)
    assert of_openshift == {resource.kind for resource in openshift.TYPES}


def test_every_struct_with_a_json_form_of_its_own_can_be_read_and_written() -> None:
    own = {name for name, is_custom, wrapped in _all(schema()) if is_custom and not wrapped}
    choices = {name for name in own if ".JSONSchemaPropsOr" in name}
    assert own - choices == set(special.READERS)
    assert set(special.READERS) == set(special_from_json.WRITERS) == set(special.LENIENT_READERS)


def test_wrapped_lists_and_maps_have_nothing_beside() -> None:
    table = schema()
    wrapped = [table.struct(number) for number in range(len(table)) if table.struct(number).wrapped]
    assert wrapped
    assert {len(struct.fields) for struct in wrapped} == {1}
    assert {(f.number, f.repeated or bool(f.map_key)) for struct in wrapped for f in struct.fields} == {(1, True)}


def test_omitzero_stands_on_times_only() -> None:
    """Any other struct with omitzero would need to be asked whether it is zero."""
    table = schema()
    found = {
        table.struct(f.message).name for number in range(len(table)) for f in table.struct(number).fields if f.omitzero
    }
    assert found == {"apis/meta/v1.Time"}


def test_map_keys_are_text() -> None:
    table = schema()
    assert {f.map_key for number in range(len(table)) for f in table.struct(number).fields} == {"", "s"}


def test_no_release_has_one_number_twice_in_a_struct() -> None:
    for release in schema().releases:
        table = schema(release)
        for number in range(len(table)):
            numbers = [f.number for f in table.struct(number).fields]
            assert len(numbers) == len(set(numbers))


def test_a_release_has_the_struct_that_it_had() -> None:
    """A claim's resources had `claims` from 1.26 to 1.28."""
    for release, name in (("1.27", "core/v1.ResourceRequirements"), ("1.30", "core/v1.VolumeResourceRequirements")):
        table = schema(Release.parse(release))
        spec = table.struct(table.named("core/v1.PersistentVolumeClaimSpec"))
        field = next(f for f in spec.fields if f.name == "resources")
        assert table.struct(field.message).name == name


def served_in(table: Schema, api_version: str, kind: str) -> tuple[str, str]:
    """The first and the last release that have the kind."""
    _, first, last = table._kinds[api_version][kind]
    return str(table.releases[first]), str(table.releases[last])


def test_old_and_dropped_kinds_are_there_with_their_releases() -> None:
    assert served_in(schema(), "policy/v1beta1", "PodSecurityPolicy") == ("1.20", "1.28")
    assert served_in(schema(), "autoscaling/v2beta2", "HorizontalPodAutoscaler")[1] == "1.35"


def test_a_release_beyond_the_table_is_taken_for_its_newest_and_before_it_for_its_oldest() -> None:
    meta = "apis/meta/v1.ObjectMeta"
    for asked, known in (("1.99", "1.37"), ("1.5", "1.20")):
        one, other = schema(Release.parse(asked)), schema(Release.parse(known))
        assert one.struct(one.named(meta)) == other.struct(other.named(meta))


def test_every_struct_makes_a_message() -> None:
    table = schema()
    pool = Pool(table)
    assert all(issubclass(pool.message(number), Message) for number in range(len(table)))

"""Which source is furthest, what the others lack, and commands that fit the cluster."""

from __future__ import annotations

import gzip
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from etcdview.errors import UsageError
from etcdview.kube.keys import KeySpace
from etcdview.models import Member, Range
from etcdview.recovery.restore_plan import LogExtent, RestoreSource, doubts, furthest_of, lack_of, restore_source
from etcdview.recovery.restore_steps import MARGIN, RestorePlan, RestoreTarget, restore_plan
from etcdview.stores.files.database import SnapshotStore, open_snapshot
from etcdview.stores.files.wal.recovery import Raise

CAPTURE = Path(__file__).parents[2] / "testdata" / "cluster-shop"
MEMBERS = tuple(Member(number, f"cp{number}", (f"https://10.0.0.{number}:2380",), ()) for number in (1, 2, 3))
FOLDER = '"${restore_dir:?}"'
TARGET = RestoreTarget("/var/lib/etcd", "/root/restore.db", "fresh")


def source(name: str, index: int = 10, **facts: object) -> RestoreSource:
    whole = RestoreSource(Path(name), Path(name), 2, index, index, 5, "3.6.1", MEMBERS, hashed=True)
    return replace(whole, **facts)  # type: ignore[arg-type]  # names of fields


def commands(plan: RestorePlan) -> list[list[str]]:
    """The words of each restore."""
    texts = [
        text for step in plan.steps for text in step.commands if text.startswith("etcdutl") and "--help" not in text
    ]
    return [shlex.split(text.replace("\\\n", " ")) for text in texts]


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SnapshotStore]:
    path = tmp_path_factory.mktemp("restore") / "s.db"
    path.write_bytes(gzip.decompress((CAPTURE / "snapshot.db.gz").read_bytes()))
    store = open_snapshot(path)
    yield store
    store.close()


def test_what_a_snapshot_says_of_itself_is_what_is_restored(captured: SnapshotStore) -> None:
    found = restore_source(Path("s.db"), Path("s.db"), captured)

    assert (found.revision, found.keys, found.term, found.index) == (1201, 573, 2, 1266)
    assert [member.name for member in found.members] == ["cp1"]
    assert found.hashed
    assert found.log is None
    assert found.version == "3.5.0"


def test_what_an_older_state_lacks_is_counted_by_type(captured: SnapshotStore) -> None:
    old, whole = captured.view(1100), Range(b"\0", b"\0", keys_only=True)
    before = {kv.key: kv.mod_revision for kv in old.range(whole).kvs}
    after = {kv.key: kv.mod_revision for kv in captured.range(whole).kvs}

    lack = lack_of(old, captured, KeySpace())

    assert lack.missing == len(after.keys() - before.keys()) > 0
    assert lack.changed == sum(after[key] != before[key] for key in after.keys() & before.keys()) > 0
    assert lack.deleted == len(before.keys() - after.keys())
    events = next(row for row in lack.types if row.resource == "events")
    assert events.missing == sum(key.startswith(b"/registry/events/") for key in after.keys() - before.keys())


def test_the_same_state_lacks_nothing(captured: SnapshotStore) -> None:
    assert lack_of(captured.view(), captured, KeySpace()).types == ()


def test_the_highest_index_is_furthest_and_what_cannot_be_read_does_not_count() -> None:
    best = source("b", 12)
    assert furthest_of([source("a", 10), best, source("c", 11), source("d", 99, error="damaged")]) is best


def test_a_source_of_etcd_3_4_without_a_term_can_be_furthest() -> None:
    best = source("b", 12, term=0)
    assert furthest_of([source("a", 10), best]) is best
    assert list(doubts(best, [source("a", 10), best])) == []


@pytest.mark.parametrize(("facts", "word"), [({"term": 3}, "term"), ({"revision": 1_000_000_000}, "revision")])
def test_a_source_of_another_history_is_said(facts: dict[str, int], word: str) -> None:
    best, other = source("b", 12), source("restored", 5, **facts)
    (sentence,) = doubts(best, [best, other])
    assert sentence.startswith(f"restored has the newer {word}, but the lower index")


def test_sources_of_two_clusters_are_refused() -> None:
    foreign = source("b", members=(Member(7, "cp1", ("https://10.0.0.1:2380",), ()),))
    with pytest.raises(UsageError, match="a and b are of different clusters"):
        furthest_of([source("a"), foreign])


def test_members_replaced_one_by_one_are_of_one_cluster() -> None:
    first, second, third = MEMBERS
    sources = [source("a", 1, members=(first,)), source("c", 3, members=(third,))]
    between = [source("b", 2, members=(first, second)), source("d", 2, members=(second, third))]
    assert furthest_of([*sources, *between]).path == Path("c")


def test_nothing_that_can_be_read_is_an_error_with_every_reason() -> None:
    with pytest.raises(UsageError, match=r"Nothing to restore from: a is gone\. b is cut short\."):
        furthest_of([source("a", error="a is gone."), source("b", error="b is cut short.")])


def test_each_member_is_restored_with_its_own_name_and_urls() -> None:
    found = commands(restore_plan(source("s.db"), [source("s.db")], TARGET))

    cluster = "cp1=https://10.0.0.1:2380,cp2=https://10.0.0.2:2380,cp3=https://10.0.0.3:2380"
    assert len(found) == 3
    for number, words in enumerate(found, 1):
        assert words[:4] == ["etcdutl", "snapshot", "restore", "/root/restore.db"]
        given = dict(zip(words[4:-1:2], words[5:-1:2], strict=True))
        assert words[-1] == "--mark-compacted"
        assert given == {
            "--name": f"cp{number}",
            "--initial-advertise-peer-urls": f"https://10.0.0.{number}:2380",
            "--initial-cluster": cluster,
            "--initial-cluster-token": "fresh",
            "--data-dir": "/var/lib/etcd",
            "--bump-revision": str(MARGIN),
        }


def test_the_bump_covers_the_revisions_that_others_are_known_to_have() -> None:
    best = source("b", 12, log=LogExtent(uncommitted=3))
    plan = restore_plan(best, [best, source("a", 5, revision=40)], TARGET)
    assert (plan.bump.ahead, plan.bump.amount) == (28, MARGIN + 28)
    assert restore_plan(best, [best], TARGET).bump.ahead == 3


def test_a_database_without_a_hash_is_not_checked_for_one() -> None:
    file = source("d", database=Path("d/member/snap/db"), hashed=False)
    plan = restore_plan(file, [file], TARGET)
    assert plan.steps[1].commands == ("install -m 600 d/member/snap/db /root/restore.db",)
    assert all("--skip-hash-check" in words for words in commands(plan))


def test_a_log_above_the_database_is_brought_into_the_snapshot() -> None:
    log = LogExtent(changes=7, keys=2, revisions=5, uncommitted=1)
    held = source("d", database=Path("/x/d/member/snap/db"), hashed=False, log=log)
    plan = restore_plan(held, [held], TARGET)
    made = plan.steps[1]
    assert made.notes[0].startswith("The log has 7 changes to 2 keys (5 revisions) that the database lacks")
    assert "The last entry is not known to be committed: etcd discards it." in made.notes
    assert any("--force-new-cluster" in command for command in made.commands)
    assert made.commands[0] == (
        f"restore_dir=$(mktemp -d /root/restore.db.XXXXXX) && cp -a /x/d/member {FOLDER}/member"
    )
    assert not any("--skip-hash-check" in words for words in commands(plan))


def test_what_may_have_been_acknowledged_is_kept_in_the_copy() -> None:
    held = source(
        "d",
        database=Path("/x/d/member/snap/db"),
        log=LogExtent(uncommitted=2),
        raised=Raise(2, 12, "1-9.wal", 64, b"\x1b\0A%"),
    )
    made, wal = restore_plan(held, [held], TARGET).steps[1], f"{FOLDER}/member/wal/1-9.wal"

    assert made.commands[1] == f"truncate -s 64 {wal} && printf '\\033\\000\\101\\045' >> {wal}"
    assert made.notes[0].startswith("The last 2 entries are not known to be committed. Clients may have been told that")
    assert "The log has" not in " ".join(made.notes)


def raised(term: int, index: int) -> Raise:
    return Raise(term, index, "0-0.wal", 0, b"")


@pytest.mark.parametrize(
    ("best", "other"),
    [
        (source("b", 10, raised=raised(2, 13)), source("a", 11)),  # of one leader, who had what the other knows of
        (source("b", 10, raised=raised(3, 12)), source("a", 11, raised=raised(2, 15))),  # a later leader had it all
        (source("b", 12), source("a", 10, raised=raised(2, 11))),
        (
            source("b", 12),
            source("a", 11, raised=raised(2, 12)),
        ),  # nothing has to be added to the first
        (source("b", 12, term=0), source("a", 10, raised=raised(2, 20))),  # a snapshot of 3.4
        (source("b", 12, term=3), source("a", 10, raised=raised(2, 20))),  # of a leader that nobody followed
    ],
    ids=["one leader", "a later leader", "shorter", "alike", "no term", "an earlier leader"],
)
def test_the_furthest_has_all_that_any_member_acknowledged(best: RestoreSource, other: RestoreSource) -> None:
    assert furthest_of([best, other]) is furthest_of([other, best]) is best


def test_revisions_above_what_is_committed_are_no_other_history() -> None:
    best = source("b", 10, log=LogExtent(uncommitted=3), raised=raised(2, 13))
    assert list(doubts(best, [best, source("a", 11)])) == []
    assert len(list(doubts(best, [best, source("a", 14)]))) == 1


def test_what_etcd_cannot_read_of_a_log_is_cut_off_the_copy() -> None:
    log = LogExtent(changes=7, cut_file="1-9.wal", cut_size=1024, behind=("2-a.wal", "3-b.wal"))
    held = source("d", database=Path("/x/d/member/snap/db"), hashed=False, log=log)
    made, folder = restore_plan(held, [held], TARGET).steps[1], f"{FOLDER}/member/wal"
    assert made.commands[1:3] == (f"truncate -s 1024 {folder}/1-9.wal", f"rm {folder}/2-a.wal {folder}/3-b.wal")


@pytest.mark.parametrize("changes", [0, 7])
def test_a_log_that_ends_early_is_said_where_its_source_is_restored(changes: int) -> None:
    log = LogExtent(changes=changes, fault="1-9.wal has a record whose checksum does not fit at byte 64")
    held = source("d", 35, database=Path("/x/d/member/snap/db"), log=log)
    notes = restore_plan(held, [held], TARGET).steps[1].notes
    assert any(note.startswith("Its log can be read up to entry 35 only.") for note in notes)


def test_no_command_waits_for_an_etcd_that_wants_a_password() -> None:
    held = source("d", database=Path("/x/d/member/snap/db"), hashed=False, log=LogExtent(changes=7), auth=True)
    plan = restore_plan(held, [held], TARGET)
    made = plan.steps[1]
    assert not any("etcdctl" in command for command in made.commands)
    copied = f"install -m 600 {FOLDER}/member/snap/db /root/restore.db"
    assert made.commands[-1] == f"kill $etcd_pid && {{ wait $etcd_pid || true; {copied}; }}"
    assert "authentication is on" in " ".join(made.notes)
    assert all("--skip-hash-check" in words for words in commands(plan))


def test_a_compressed_snapshot_is_unpacked() -> None:
    packed = source("a b.gz", packing="a gzip file")
    made = restore_plan(packed, [packed], TARGET).steps[1]
    assert made.commands == ("(umask 077; gunzip -c 'a b.gz' > /root/restore.db)",)


def test_names_from_the_file_are_quoted_for_a_shell() -> None:
    evil = source("s.db", members=(Member(1, "$(reboot)", ("https://10.0.0.1:2380",), ()),))
    (words,) = commands(restore_plan(evil, [evil], TARGET))
    assert "'$(reboot)'" in restore_plan(evil, [evil], TARGET).steps[2].commands[1]
    assert words[5] == "$(reboot)"


def test_members_of_one_name_are_all_restored() -> None:
    """Without --name etcd calls each of them default."""
    alike = tuple(replace(member, name="default") for member in MEMBERS)
    some = source("s.db", members=alike)
    plan = restore_plan(some, [some], TARGET)
    names = ["default-1", "default-2", "default-3"]
    assert [member.name for member in plan.members] == names
    assert commands(plan)[1][5] == "default-2"
    assert "default at https://10.0.0.2:2380: default-2" in plan.notes[0]


def test_members_with_several_urls_of_ipv6_are_quoted_for_a_shell() -> None:
    urls = ("https://[fd00::1]:2380", "https://10.0.0.1:2380")
    some = source("s.db", members=(Member(1, "cp1", urls, ()),))
    (words,) = commands(restore_plan(some, [some], TARGET))
    assert words[words.index("--initial-advertise-peer-urls") + 1] == ",".join(urls)
    assert words[words.index("--initial-cluster") + 1] == ",".join(f"cp1={url}" for url in urls)


def test_the_bump_ends_below_the_largest_revision() -> None:
    far = source("s.db", revision=(1 << 63) - 500)
    assert restore_plan(far, [far], TARGET).bump.amount == 499


def test_learners_and_members_that_never_started_are_left_out() -> None:
    learner, unnamed = replace(MEMBERS[1], learner=True), replace(MEMBERS[2], name="")
    some = source("s.db", members=(MEMBERS[0], learner, unnamed))
    assert [member.name for member in restore_plan(some, [some], TARGET).members] == ["cp1"]


def test_the_members_that_are_wanted_make_the_cluster() -> None:
    plan = restore_plan(source("s.db"), [source("s.db")], replace(TARGET, names=("cp2",)))
    (words,) = commands(plan)
    assert words[words.index("--initial-cluster") + 1] == "cp2=https://10.0.0.2:2380"
    with pytest.raises(UsageError, match=r"s\.db does not know a member 'cp9'"):
        restore_plan(source("s.db"), [source("s.db")], replace(TARGET, names=("cp9",)))
    with pytest.raises(UsageError, match=r"s\.db names no member"):
        restore_plan(source("s.db", members=()), [source("s.db")], TARGET)


@pytest.mark.parametrize(("version", "said"), [("3.4.0", True), ("3.5.0", True), ("", True), ("3.6.0", False)])
def test_an_etcd_whose_tools_may_lack_the_flags_is_said(version: str, said: bool) -> None:
    old = source("s.db", version=version)
    assert any("since 3.5.10" in note for note in restore_plan(old, [old], TARGET).notes) == said

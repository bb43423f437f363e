"""Facts are those of the last values, in whatever order a pass and the watch write while the database is filled."""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etcdview.codec import Codec
from etcdview.index.facts import database
from etcdview.index.facts.database import FactWriter, create
from etcdview.index.facts.fact import Extractor
from etcdview.index.facts.reading import FactReader, Wanted
from etcdview.index.facts.waiting import newest
from etcdview.kube.keys import KeySpace
from etcdview.models import Event, KeyValue

EXTRACTOR = Extractor(Codec(), KeySpace(), lambda: datetime(2026, 11, 28, tzinfo=UTC))
KEYS = (b"/registry/events/a/1", b"/registry/events/a/2", b"/registry/events/b/1", b"/registry/pods/a/1", b"plain")
RANGES = (KEYS[:2], KEYS[2:])  # what a pass reads at once
State = dict[bytes, int]  # the revision of each key that there is

TRANSACTIONS = st.lists(
    st.dictionaries(st.sampled_from(KEYS), st.booleans(), min_size=1, max_size=3), min_size=1, max_size=12
)  # keys, and whether each is written, or deleted


@dataclass(frozen=True)
class History:
    """What etcd did: the events, and what there was at each revision."""

    events: tuple[Event, ...]
    states: tuple[State, ...]

    @classmethod
    def of(cls, transactions: Sequence[dict[bytes, bool]]) -> History:
        events: list[Event] = []
        states: list[State] = [{}]
        for revision, written in enumerate(transactions, 1):
            state = dict(states[-1])
            for key, put in written.items():
                if put:
                    state[key] = revision
                    events.append(Event(value(key, revision)))
                elif state.pop(key, None) is not None:
                    events.append(Event(KeyValue(key, 0, revision, 0), deleted=True))
            states.append(state)
        return cls(tuple(events), tuple(states))


def value(key: bytes, revision: int) -> KeyValue:
    return KeyValue(key, 1, revision, 1, value=b"{}")


@given(transactions=TRANSACTIONS, data=st.data())
@settings(max_examples=80)
def test_any_order_of_pass_and_watch_ends_with_what_there_is(
    transactions: list[dict[bytes, bool]], data: st.DataObject
) -> None:
    history = History.of(transactions)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(data.draw(st.integers(1, 2), label="passes")):  # the second, as after a reload
            path = Path(folder) / f"{number}.db"
            create(path)
            with contextlib.closing(FactWriter(path)) as filler, contextlib.closing(FactWriter(path)) as follower:
                filled(history, data, filler, follower)
            with contextlib.closing(FactReader(path)) as reader:
                found = {fact.key: fact.revision for fact in reader.facts(Wanted())}
                counted = sum(total.keys for total in reader.totals())
            assert found == history.states[-1]
            assert counted == len(found)


def filled(history: History, data: st.DataObject, filler: FactWriter, follower: FactWriter) -> None:
    """Both write in some order: the pass ranges as they were at some revision, the watch events in their order."""
    last = len(history.states) - 1
    since = data.draw(st.integers(0, last), label="since")
    events = [event for event in history.events if event.kv.mod_revision > since]
    ends = sorted(data.draw(st.sets(st.integers(0, len(events))), label="ends of batches") | {0, len(events)})
    batches = [events[start:end] for start, end in itertools.pairwise(ends)]
    pieces = [(part, data.draw(st.integers(since, last), label="read at")) for part in RANGES]
    turns = data.draw(st.permutations(["piece"] * len(pieces) + ["batch"] * len(batches)), label="turns")
    for turn in turns:
        if turn == "piece":
            part, revision = pieces.pop()
            state = history.states[revision]
            filler.write([EXTRACTOR.fact(value(key, state[key])) for key in part if key in state], filling=True)
            if not pieces:
                filler.complete()
        else:
            written, deleted = newest(batches.pop(0))
            follower.write(map(EXTRACTOR.fact, written), deleted, filling=bool(pieces))


@pytest.mark.parametrize("write", ["facts", "deletions"])
def test_a_write_looks_at_its_own_keys_however_many_deletions_are_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: str
) -> None:
    asked: list[bytes] = []
    digest = database._digest
    monkeypatch.setattr(database, "_digest", lambda salt, name: (asked.append(name), digest(salt, name))[1])
    create(tmp_path / "facts.db")
    with contextlib.closing(FactWriter(tmp_path / "facts.db")) as writer:
        again: Callable[[int], None] = {
            "facts": lambda n: writer.write([EXTRACTOR.fact(value(b"/registry/pods/a/%d" % n, 1))], filling=True),
            "deletions": lambda n: writer.write((), [(b"/registry/pods/a/%d" % n, 1)], filling=True),
        }[write]
        first = asked_by(partial(again, 1), asked)
        writer.write((), [(b"/registry/pods/a/gone-%d" % n, 2) for n in range(2_000)], filling=True)
        assert asked_by(partial(again, 2), asked) == first


def asked_by(step: Callable[[], None], asked: list[bytes]) -> int:
    before = len(asked)
    step()
    return len(asked) - before

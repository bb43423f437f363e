"""How values are encrypted: a sample that is kept, and one full count at a time that can be stopped."""

from __future__ import annotations

import base64
import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from etcdview.access.roles import Scope, Viewer
from etcdview.cluster.budget import Held, RequestBudget
from etcdview.cluster.coverage import SAMPLE, Coverage, Encryption
from etcdview.cluster.window import Window
from etcdview.codec import Codec, load_encryption_config
from etcdview.errors import BudgetError, DeniedError, UnreachableError
from etcdview.models import Range, RangeResult
from etcdview.pages.encryption import begin_count, encryption_page, stop_count
from etcdview.stores.files.memory import StaticStore
from tests.unit.cluster.opened import opened

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PLAIN, ENCRYPTED = b'{"kind":"ConfigMap"}', b"k8s:enc:aescbc:v1:key1:" + bytes(32)


def clock() -> datetime:
    return NOW


def registry(count: int) -> dict[str, bytes]:
    found = {f"/registry/configmaps/shop/c{n:04}": PLAIN for n in range(count)}
    return found | {"/registry/secrets/shop/a": ENCRYPTED, "/registry/secrets/web/b": PLAIN}


class Gated(StaticStore):
    """A store whose reads of values stand still while the gate is closed, and can fail."""

    def __init__(self, store: StaticStore) -> None:
        super().__init__("gated", store._kvs)
        self.gate, self.entered = threading.Event(), threading.Semaphore(0)
        self.gate.set()
        self.reads = 0
        self.error: UnreachableError | None = None

    def range(self, request: Range) -> RangeResult:
        self.reads += 1
        self.entered.release()
        assert self.gate.wait(10)
        if self.error is not None:
            raise self.error
        return super().range(request)


@pytest.fixture
def window() -> Window:
    return Window(opened(registry(50)))


@pytest.fixture
def store(window: Window) -> Gated:
    source = window.store
    assert isinstance(source, StaticStore)
    window.store = gated = Gated(source)
    return gated


def ended(coverage: Coverage) -> None:
    thread = coverage._thread
    assert thread is not None
    thread.join(10)


def test_a_sample_looks_at_a_few_of_each_type_and_at_all_secrets(window: Window) -> None:
    found = {t.resource.prefix: t for t in Coverage().sample(window, clock).types}
    assert (found["configmaps"].looked_at, found["configmaps"].total) == (SAMPLE, 50)
    assert found["secrets"].encryptions == {Encryption("aescbc", "key1"): 1, Encryption(): 1}
    assert found["secrets"].plain == 1


def test_a_sample_is_kept_for_viewers_of_the_same_scope_only(window: Window, store: Gated) -> None:
    coverage = Coverage()
    assert coverage.sample(window, clock) is coverage.sample(window, clock)
    narrow = Window(window.cluster, Viewer("ann", "viewer", Scope(namespaces=("web",)), "password"))
    (only,) = (t for t in coverage.sample(narrow, clock).types if t.resource.prefix == "secrets")
    assert (only.total, only.plain) == (1, 1)


def test_a_sample_that_failed_is_not_kept(window: Window, store: Gated) -> None:
    coverage = Coverage()
    store.error = UnreachableError("Nobody answers.")
    with pytest.raises(UnreachableError):
        coverage.sample(window, clock)
    store.error = None
    assert coverage.sample(window, clock).types


def test_a_full_count_looks_at_every_value(window: Window) -> None:
    coverage = Coverage()
    assert coverage.full() is None
    assert coverage.begin(window, clock)
    ended(coverage)
    found = coverage.full()
    assert found is not None
    assert (found.progress, found.problem) == (None, "")
    assert sum(t.looked_at for t in found.types) == 52


def test_one_count_runs_at_a_time_and_a_stopped_one_says_how_far_it_came(window: Window, store: Gated) -> None:
    coverage = Coverage()
    store.gate.clear()
    assert coverage.begin(window, clock)
    assert store.entered.acquire(timeout=10)
    assert not coverage.begin(window, clock)
    coverage.stop()
    store.gate.set()
    ended(coverage)
    stopped = coverage.full()
    assert stopped is not None
    assert stopped.progress is None
    assert stopped.problem == "Stopped after 50 of 52 values."

    assert coverage.begin(window, clock)
    ended(coverage)
    assert (whole := coverage.full()) is not None
    assert whole.problem == ""


def test_a_count_that_fails_says_why_and_keeps_what_it_has(window: Window, store: Gated) -> None:
    coverage = Coverage()
    store.error = UnreachableError("Nobody answers.", "Wait.")
    coverage.begin(window, clock)
    ended(coverage)
    assert (found := coverage.full()) is not None
    assert (found.types, found.problem) == ((), "Nobody answers. Wait.")


def test_after_close_no_count_begins(window: Window) -> None:
    coverage = Coverage()
    coverage.close()
    assert not coverage.begin(window, clock)
    assert coverage.full() is None


@pytest.mark.parametrize("act", [lambda w: begin_count(w, NOW), stop_count], ids=["begin", "stop"])
def test_who_sees_a_part_neither_begins_nor_stops_a_count(window: Window, act: Any) -> None:
    narrow = Window(window.cluster, Viewer("ann", "admin", Scope(namespaces=("web",)), "password"))
    with pytest.raises(DeniedError, match="limited to part of the cluster"):
        act(narrow)
    assert not encryption_page(narrow, NOW).may_count


@pytest.mark.parametrize(
    ("viewer", "may"),
    [
        (Viewer("local", "viewer"), False),
        (Viewer("vera", "viewer", method="password"), False),
        (Viewer("olga", "operator", method="password"), True),
        (Viewer("ada", "admin", method="token"), True),
    ],
)
def test_of_a_live_etcd_an_operator_may_count_all_values_and_of_a_file_anyone(viewer: Viewer, may: bool) -> None:
    of_file = Window(opened(registry(1)), viewer)
    assert encryption_page(of_file, NOW).may_count
    of_file.store.live = True  # type: ignore[misc]
    assert encryption_page(of_file, NOW).may_count is may
    if not may:
        with pytest.raises(DeniedError, match="operator"):
            begin_count(of_file, NOW)


def test_the_page_shows_the_full_count_once_there_is_one(window: Window) -> None:
    assert not encryption_page(window, NOW).count.full
    begin_count(window, NOW)
    ended(window.cluster.coverage)
    page = encryption_page(window, NOW)
    assert (page.count.full, page.running) == (True, False)
    assert [f.id for f in page.findings] == ["secrets-in-plain-text"]
    window.cluster.close()


@pytest.mark.parametrize(
    ("first", "advice"),
    [("secretbox", "writes secrets as secretbox, key k: rewrite"), ("identity", "Give the API server"), ("", "Give")],
)
def test_plain_secrets_are_to_be_rewritten_and_configured_where_that_is_not_done(
    first: str, advice: str, tmp_path: Path
) -> None:
    codec = Codec()
    if first:
        config = tmp_path / "config.yaml"
        secretbox = {"secretbox": {"keys": [{"name": "k", "secret": base64.b64encode(bytes(32)).decode()}]}}
        providers = sorted((secretbox, {"identity": {}}), key=lambda provider: first not in provider)
        kind = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "EncryptionConfiguration"}
        config.write_text(json.dumps(kind | {"resources": [{"resources": ["secrets"], "providers": providers}]}))
        codec = Codec(encryption=load_encryption_config(config))

    actions = [
        f.action
        for f in encryption_page(Window(opened(registry(1), codec)), NOW).findings
        if f.id == "secrets-in-plain-text"
    ]

    assert advice in actions[0]


def test_values_behind_a_stretch_of_names_are_counted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("etcdview.cluster.coverage.STRETCH_NAMES", 7)
    window = Window(opened(registry(50)))
    coverage = Coverage()
    coverage.begin(window, clock)
    ended(coverage)
    assert (found := coverage.full()) is not None
    assert sum(t.looked_at for t in found.types) == 52


def test_an_empty_registry_has_nothing_to_sample() -> None:
    assert Coverage().sample(Window(opened({})), clock).types == ()


def test_a_sample_is_read_by_who_asks_for_it_and_not_by_the_first_whose_time_is_over(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etcdview.cluster.coverage.KEPT_SECONDS", 0.0)
    coverage, seconds = Coverage(), [0.0]
    first = Window(window.cluster, budget=RequestBudget(Held(), clock=lambda: seconds[0]))
    coverage.sample(first, clock)
    seconds[0] = 60.0

    assert coverage.sample(Window(window.cluster, budget=RequestBudget(Held())), clock).problem == ""
    with pytest.raises(BudgetError):
        coverage.sample(first, clock)

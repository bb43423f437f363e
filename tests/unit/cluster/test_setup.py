"""How etcd was set up, as it is read: seldom, never while the quorum is lost, and not past what a viewer may see."""

from __future__ import annotations

import pytest

from etcdview.access.roles import Scope, Viewer
from etcdview.cluster.setup import SetupReader
from etcdview.cluster.window import Window
from etcdview.codec import Codec
from etcdview.deployment.deployment import Deployment, Flag
from etcdview.errors import UnreachableError
from etcdview.kube.redaction import Redactor
from etcdview.models import Range, RangeResult
from etcdview.objects import Objects
from etcdview.pages.health.deployment import deployment_section
from etcdview.stores.files.memory import StaticStore
from tests.unit.health import conftest as build
from tests.unit.webapp.fixed_reports import KEYSPACE, api_pod, cluster_of, etcd_pod, report_of

ON_DISK = Deployment("kubeadm static pod", "/etc/kubernetes/manifests/etcd.yaml", (Flag("name", "cp1", ""),))
OTHER_ON_DISK = Deployment("systemd unit", "/etc/systemd/system/etcd.service", (Flag("name", "other", ""),))


class CountingStore(StaticStore):
    """Counts what it is asked for, and can be made to fail."""

    def __init__(self, store: StaticStore) -> None:
        super().__init__("counting", store._kvs)
        self.calls = 0
        self.error: UnreachableError | None = None

    def range(self, request: Range) -> RangeResult:
        self.calls += 1
        if self.error is not None:
            raise self.error
        assert request.serializable
        return super().range(request)


@pytest.fixture
def store() -> CountingStore:
    source = cluster_of(None, dict([etcd_pod(1), etcd_pod(2), api_pod(1)])).source
    assert isinstance(source, StaticStore)
    return CountingStore(source)


def reader(store: CountingStore, *on_disk: Deployment) -> SetupReader:
    return SetupReader(store, Objects(store, Codec(), KEYSPACE, Redactor(bytes(32)).mask), lambda: on_disk)


def test_pods_in_the_registry_and_files_on_disk_are_put_together_once_each(store: CountingStore) -> None:
    found = reader(store, ON_DISK, OTHER_ON_DISK).known(may_read=True)

    assert [d.name for d in found.deployments] == ["cp1", "cp2", "other"]
    assert found.deployments[0].source == "/registry/pods/kube-system/etcd-cp1"
    assert found.servers == ("https://127.0.0.1:2379",)
    assert found.api_servers == ("10.0.0.1",)


def test_the_registry_is_read_once_a_minute_for_all_requests(store: CountingStore) -> None:
    setups = reader(store)
    first = setups.known(may_read=True)
    calls = store.calls

    assert setups.known(may_read=True) is first
    assert store.calls == calls


def test_nothing_is_read_while_the_quorum_is_lost_and_what_was_read_before_is_shown(store: CountingStore) -> None:
    unread = reader(store, ON_DISK)
    assert unread.known(may_read=False).deployments == (ON_DISK,)
    assert unread.known(may_read=False).problem == "The registry is not read while etcd has no quorum."
    assert store.calls == 0

    before = unread.known(may_read=True)
    store.error = UnreachableError("nobody answers")
    assert unread.known(may_read=False) is before


def test_a_registry_that_cannot_be_read_leaves_what_the_files_say(store: CountingStore) -> None:
    store.error = UnreachableError("Nobody answers.", "Wait.")
    found = reader(store, ON_DISK).known(may_read=True)

    assert found.deployments == (ON_DISK,)
    assert found.problem == "Nobody answers. Wait."


def test_a_viewer_of_one_namespace_is_not_told_what_pods_of_another_say() -> None:
    report = report_of(build.cluster())
    cluster = cluster_of(report, dict([etcd_pod(1)]))
    narrow = Window(cluster, Viewer("team", "viewer", Scope(namespaces=("shop",))))

    assert deployment_section(Window(cluster), report.facts).sources == ("/registry/pods/kube-system/etcd-cp1",)
    section = deployment_section(narrow, report.facts)
    assert section.sources == ()
    assert "outside your role" in section.problem

"""On a control plane that kubeadm made, etcd is found without a setting, and it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from etcdview.config import load, resolve

MANIFEST = """\
apiVersion: v1
kind: Pod
metadata: {name: etcd, namespace: kube-system}
spec:
  containers:
  - name: etcd
    command:
    - etcd
    - --advertise-client-urls=https://10.0.0.7:2379
    - --listen-client-urls=https://127.0.0.1:2379,https://10.0.0.7:2379
    - --trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt
"""


@pytest.fixture
def control_plane(tmp_path: Path) -> Path:
    """A root folder as kubeadm leaves it."""
    pki = tmp_path / "etc/kubernetes/pki/etcd"
    pki.mkdir(parents=True)
    for name in ("ca", "server", "peer", "healthcheck-client"):
        (pki / f"{name}.crt").write_text("certificate")
        (pki / f"{name}.key").write_text("key")
    _write_manifest(tmp_path, MANIFEST)
    return tmp_path


def _write_manifest(root: Path, text: str) -> None:
    path = root / "etc/kubernetes/manifests/etcd.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_the_endpoint_is_this_machines_own_and_the_client_the_least_powerful(control_plane: Path) -> None:
    settings = load({}, {}, control_plane)
    pki = control_plane / "etc/kubernetes/pki/etcd"
    assert settings.endpoints == ("https://127.0.0.1:2379",)
    assert settings.tls.cacert == str(pki / "ca.crt")
    assert settings.tls.cert == str(pki / "healthcheck-client.crt")
    assert settings.tls.key == str(pki / "healthcheck-client.key")


def test_what_was_found_is_said(control_plane: Path) -> None:
    resolved = resolve({}, {}, control_plane)
    assert "Found kubeadm's files" in resolved.settings.notes[0]
    assert "etc/kubernetes/manifests/etcd.yaml" in resolved.settings.notes[0]
    source = next(o.source for o in resolved.origins if o.row.name == "cacert")
    assert source.startswith("kubeadm's files (")


def test_etcds_own_certificate_does_where_the_health_checks_is_gone(control_plane: Path) -> None:
    (control_plane / "etc/kubernetes/pki/etcd/healthcheck-client.crt").unlink()
    assert load({}, {}, control_plane).tls.cert.endswith("/server.crt")


@pytest.mark.parametrize("name", ["ETCDCTL_ENDPOINTS", "ETCDCTL_CACERT", "ETCDVIEW_FROM"])
def test_nothing_is_looked_for_once_any_of_the_connection_is_set(name: str, control_plane: Path) -> None:
    settings = load({}, {name: "a:1"}, control_plane)
    assert settings.notes == ()
    assert settings.cert == ""


def test_other_settings_do_not_keep_it_from_being_found(control_plane: Path) -> None:
    settings = load({}, {"ETCDVIEW_CLUSTER_NAME": "prod"}, control_plane)
    assert settings.cluster_name == "prod"
    assert settings.cert


def test_where_etcd_listens_on_no_loopback_address_its_own_is_taken(control_plane: Path) -> None:
    _write_manifest(control_plane, MANIFEST.replace("https://127.0.0.1:2379,", ""))
    assert load({}, {}, control_plane).endpoints == ("https://10.0.0.7:2379",)


@pytest.mark.parametrize("text", ["", "[1, 2]", "{not yaml", "spec: {containers: 3}", "spec: {}"])
def test_a_manifest_that_is_none_is_said_and_the_usual_address_tried(text: str, control_plane: Path) -> None:
    _write_manifest(control_plane, text)
    settings = load({}, {}, control_plane)
    assert settings.endpoints == ("https://127.0.0.1:2379",)
    assert "etcd.yaml cannot be read (it is no static Pod of etcd)" in settings.notes[1]


def test_a_machine_without_kubeadm_has_etcdctls_default(tmp_path: Path) -> None:
    assert load({}, {}, tmp_path).endpoints == ("http://127.0.0.1:2379",)
    assert load({}, {}, tmp_path).notes == ()

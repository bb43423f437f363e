"""On a control plane that kubeadm made, etcd is found without a setting, and it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from etcdview.config import load, resolve
from etcdview.config.kubeadm import find
from etcdview.deployment.on_disk import find_deployments

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
    assert "etcd.yaml cannot be read (it is not a static Pod of etcd)" in settings.notes[1]


def test_a_machine_without_kubeadm_has_etcdctls_default(tmp_path: Path) -> None:
    assert load({}, {}, tmp_path).endpoints == ("http://127.0.0.1:2379",)
    assert load({}, {}, tmp_path).notes == ()


EXTERNAL = (Path(__file__).parents[2] / "testdata/cases/kubeadm-external-etcd/kube-apiserver.yaml").read_text()


def _write(root: Path, path: str, text: str = "x") -> str:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return str(file)


def _api_server(*flags: str, command: str = "[kube-apiserver]", more: str = "") -> str:
    listed = ", ".join(flags)
    return f"spec: {{containers: [{{name: kube-apiserver, command: {command}, args: [{listed}]{more}}}]}}\n"


def test_an_external_etcd_is_reached_as_the_api_server_reaches_it(tmp_path: Path) -> None:
    manifest = _write(tmp_path, "etc/kubernetes/manifests/kube-apiserver.yaml", EXTERNAL)

    found = find(tmp_path)

    assert found.values == {
        "endpoints": ("https://10.0.0.1:2379", "https://10.0.0.2:2379"),
        "cacert": "/etc/kubernetes/pki/etcd-ext/ca.crt",
        "cert": "/etc/kubernetes/pki/apiserver-etcd-client.crt",
        "key": "/etc/kubernetes/pki/apiserver-etcd-client.key",
        "etcd_prefix": "/prod",
    }
    assert manifest in found.notes[0]
    assert load({}, {}, tmp_path).etcd_prefix == "/prod"


def test_an_external_etcd_counts_though_its_ca_lies_where_kubeadm_keeps_its_own(tmp_path: Path) -> None:
    text = EXTERNAL.replace("pki/etcd-ext/", "pki/etcd/")
    _write(tmp_path, "etc/kubernetes/manifests/kube-apiserver.yaml", text)
    ca = _write(tmp_path, "etc/kubernetes/pki/etcd/ca.crt")

    found = find(tmp_path)

    assert found.values["endpoints"] == ("https://10.0.0.1:2379", "https://10.0.0.2:2379")
    assert found.values["cacert"] == ca


def test_what_was_set_by_hand_counts_more_than_the_api_servers_flags(tmp_path: Path) -> None:
    _write(tmp_path, "etc/kubernetes/manifests/kube-apiserver.yaml", EXTERNAL)

    settings = load({}, {"ETCDVIEW_ETCD_PREFIX": "/mine"}, tmp_path)

    assert settings.etcd_prefix == "/mine"
    assert settings.endpoints == ("https://10.0.0.1:2379", "https://10.0.0.2:2379")


def test_the_api_servers_encryption_configuration_is_found_where_the_machine_has_it(tmp_path: Path) -> None:
    file = _write(tmp_path, "etc/kubernetes/enc/config.yaml")
    text = (
        "spec:\n  containers:\n  - name: kube-apiserver\n    command: [kube-apiserver]\n"
        "    args: ['--etcd-servers=http://127.0.0.1:2379', --encryption-provider-config, /enc/config.yaml]\n"
        "    volumeMounts: [{name: enc, mountPath: /enc/}]\n"
        "  volumes: [{name: enc, hostPath: {path: /etc/kubernetes/enc}}, {name: other, emptyDir: {}}]\n"
    )
    _write(tmp_path, "etc/kubernetes/manifests/kube-apiserver.yaml", text)

    found = find(tmp_path)

    assert found.values["encryption_config"] == file
    assert file in found.notes[1]


def test_a_stacked_etcd_takes_prefix_and_encryption_from_the_api_server_beside_it(control_plane: Path) -> None:
    flags = (
        "--etcd-servers=https://127.0.0.1:2379",
        "--etcd-prefix=/prod",
        "--encryption-provider-config=/e.yaml",
        "--etcd-servers-overrides=/events#https://10.0.0.9:2379;https://10.0.0.8:2379",
    )
    _write(control_plane, "etc/kubernetes/manifests/kube-apiserver.yaml", _api_server(*flags))

    settings = load({}, {}, control_plane)

    assert (settings.etcd_prefix, settings.encryption_config) == ("/prod", "/e.yaml")
    assert settings.etcd_servers_overrides == ("/events#https://10.0.0.9:2379;https://10.0.0.8:2379",)
    assert settings.tls.cert.endswith("healthcheck-client.crt")


def test_an_api_server_that_a_unit_starts_is_found(tmp_path: Path) -> None:
    unit = (
        "[Service]\nEnvironmentFile=/etc/kubernetes/apiserver\n"
        "ExecStart=/usr/bin/kube-apiserver \\\n  --etcd-servers=${SERVERS} --etcd-cafile=/pki/ca.crt $MORE\n"
    )
    path = _write(tmp_path, "etc/systemd/system/kube-apiserver.service", unit)
    _write(tmp_path, "etc/kubernetes/apiserver", 'SERVERS="https://a:2379,https://b:2379"\nMORE="--etcd-prefix /x"\n')

    found = find(tmp_path)

    expected = {"endpoints": ("https://a:2379", "https://b:2379"), "cacert": "/pki/ca.crt", "etcd_prefix": "/x"}
    assert found.values == expected
    assert path in found.notes[0]


@pytest.mark.parametrize(("name", "folder"), [("k3s", "k3s"), ("RKE2", "rke2")])
def test_the_embedded_etcd_of_k3s_and_rke2_is_found(name: str, folder: str, tmp_path: Path) -> None:
    tls = f"var/lib/rancher/{folder}/server/tls/etcd"
    ca, cert, key = (_write(tmp_path, f"{tls}/{file}") for file in ("server-ca.crt", "client.crt", "client.key"))

    found = find(tmp_path)

    assert found.values == {"endpoints": ("https://127.0.0.1:2379",), "cacert": ca, "cert": cert, "key": key}
    assert found.notes == (f"Found {name}'s files ({tmp_path / tls}): etcd at https://127.0.0.1:2379.",)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("k3s", "var/lib/rancher/k3s/server/kine.sock"),
        ("k0s", "run/k0s/kine/kine.sock:2379"),
        ("microk8s", "var/snap/microk8s/current/var/kubernetes/backend/kine.sock:12379"),
    ],
)
def test_the_socket_of_kine_is_found(name: str, path: str, tmp_path: Path) -> None:
    socket = _write(tmp_path, path)

    settings = load({}, {}, tmp_path)

    assert settings.endpoints == (f"unix://{socket}",)
    assert settings.notes == (f"Found {name}'s socket ({socket}): kine at unix://{socket}.",)


def test_k3s_with_both_is_asked_where_its_data_are(tmp_path: Path) -> None:
    server = "var/lib/rancher/k3s/server"
    for path in ("tls/etcd/server-ca.crt", "tls/etcd/client.crt", "kine.sock"):
        _write(tmp_path, f"{server}/{path}")
    assert load({}, {}, tmp_path).endpoints == (f"unix://{tmp_path}/{server}/kine.sock",)

    _write(tmp_path, f"{server}/db/etcd/name")
    assert load({}, {}, tmp_path).endpoints == ("https://127.0.0.1:2379",)


SHELLS = [
    "[sh, -c, 'etcd --listen-client-urls=https://127.0.0.1:4001']",
    "[/bin/sh, -ec, 'exec /usr/local/bin/etcd --listen-client-urls https://127.0.0.1:4001']",
    "[/bin/bash, -c, 'set -e; A=https://127.0.0.1:4001; exec etcd --listen-client-urls=$A >>/var/log/etcd.log 2>&1']",
    "[/bin/sh, -c, 'mkfifo /tmp/p; (tee -a /var/log/etcd.log < /tmp/p &); exec etcd --listen-client-urls ${URL}']",
    "[sh, -c, 'ETCD_LISTEN_CLIENT_URLS=x; [ -d /data ] && nice -n 5 etcd --listen-client-urls=https://127.0.0.1:4001']",
    "[sh, -c, 'if true; then exec etcd --listen-client-urls=https://0.0.0.0:4001; fi']",
]


@pytest.mark.parametrize("command", SHELLS)
def test_a_static_pod_that_starts_etcd_by_a_shell_is_read(command: str, tmp_path: Path) -> None:
    env = "env: [{name: URL, value: 'https://127.0.0.1:4001'}]"
    text = f"spec: {{containers: [{{name: main, command: {command}, {env}}}]}}\n"
    _write_manifest(tmp_path, text)

    assert load({}, {}, tmp_path).endpoints == ("https://127.0.0.1:4001",)
    (deployed,) = find_deployments(tmp_path)
    assert deployed.flag("listen-client-urls").endswith(":4001")


def test_a_unit_that_starts_etcd_by_a_shell_is_found(tmp_path: Path) -> None:
    start = "--listen-client-urls=https://10.0.0.1:2379,https://127.0.0.1:2379 --trusted-ca-file=/ca.crt"
    unit = f'[Service]\nExecStart=/bin/sh -c "exec /usr/bin/etcd {start} --client-cert-auth --cert-file=/s.crt"\n'
    path = _write(tmp_path, "etc/systemd/system/etcd.service", unit)

    found = find(tmp_path)

    assert found.values == {"endpoints": ("https://127.0.0.1:2379",), "cacert": "/ca.crt", "cert": "/s.crt"}
    assert found.notes == (f"Found etcd's unit ({path}): etcd at https://127.0.0.1:2379.",)
    assert load({}, {}, tmp_path).tls.cacert == "/ca.crt"


@pytest.mark.parametrize("text", ["", "[1]", "{no", "spec: {containers: 3}", "spec: {containers: [{name: other}]}"])
def test_a_manifest_of_the_api_server_that_is_none_finds_nothing(text: str, tmp_path: Path) -> None:
    _write(tmp_path, "etc/kubernetes/manifests/kube-apiserver.yaml", text)

    assert find(tmp_path).values == {}

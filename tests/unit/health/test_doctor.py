"""Which etcd is meant, found on this machine, and what a diagnosis of several endpoints comes to."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from etcdview.demo.certificates import SERVER, Authority
from etcdview.deployment.deployment import Deployment, Flag
from etcdview.deployment.on_disk import find_deployments
from etcdview.errors import RefusedError
from etcdview.health.doctor import Diagnosis, Findings, Target, examine_endpoints, target_from
from etcdview.models import TlsFiles
from etcdview.tls.diagnosis import Step

UNIT = """[Service]
EnvironmentFile=-/etc/default/etcd
ExecStart=/usr/bin/etcd $DAEMON_ARGS
"""


def deployed(**flags: str) -> Deployment:
    return Deployment("systemd unit", "etcd.service", tuple(Flag(k.replace("_", "-"), v, "") for k, v in flags.items()))


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


def test_the_loopback_listener_is_nearest() -> None:
    found = target_from([deployed(listen_client_urls="https://10.0.0.1:2379,https://127.0.0.1:2379")])
    assert found is not None
    assert found.endpoints == ("https://127.0.0.1:2379",)
    assert found.source == "systemd unit etcd.service"


@pytest.mark.parametrize(
    ("listening", "probed"),
    [
        ("http://0.0.0.0:2379", ("http://127.0.0.1:2379",)),
        ("https://[::]:2379", ("https://[::1]:2379",)),
        ("https://10.0.0.1:2379,https://0.0.0.0:2379", ("https://127.0.0.1:2379",)),
        ("unix:///run/etcd.sock,https://10.0.0.1:2379", ("https://10.0.0.1:2379",)),
        ("unix://localhost:m10, https://10.0.0.1:99999", ("https://10.0.0.9:2379",)),  # so what is advertised
    ],
)
def test_what_cannot_be_asked_is_passed_over_and_every_address_is_the_loopback_one(
    listening: str, probed: tuple[str, ...]
) -> None:
    found = target_from([deployed(listen_client_urls=listening, advertise_client_urls="https://10.0.0.9:2379")])
    assert found is not None
    assert found.endpoints == probed


def test_without_listeners_there_is_no_target() -> None:
    assert target_from([deployed(name="x")]) is None
    assert target_from([]) is None


@pytest.mark.parametrize(("usages", "used"), [(None, True), (SERVER, False)])
def test_etcds_own_certificate_serves_as_the_clients_where_it_was_made_for_that(
    tmp_path: Path, usages: tuple[object, ...] | None, used: bool
) -> None:
    authority = Authority(tmp_path)
    pair = authority.issue(tmp_path, "server", "cp1", **({"usages": usages} if usages else {}))
    found = target_from(
        [
            deployed(
                listen_client_urls="https://127.0.0.1:2379",
                client_cert_auth="true",
                trusted_ca_file=str(authority.files.cert),
                cert_file=str(pair.cert),
                key_file=str(pair.key),
            )
        ]
    )
    assert found is not None
    assert bool(found.tls.cert) is used
    assert found.notes


def test_a_systemd_unit_with_its_environment_file_is_found(tmp_path: Path) -> None:
    write(tmp_path, "etc/systemd/system/etcd.service", UNIT)
    write(tmp_path, "etc/default/etcd", 'ETCD_LISTEN_CLIENT_URLS="https://10.0.0.1:2379"\n')
    (found,) = find_deployments(tmp_path)
    assert found.flag("listen-client-urls") == "https://10.0.0.1:2379"


def test_debians_unit_is_read_as_systemd_reads_it(tmp_path: Path) -> None:
    unit = (
        "[Service]\nEnvironment=DAEMON_ARGS=\nEnvironment=ETCD_NAME=%H\nEnvironment=ETCD_DATA_DIR=/var/lib/etcd/%p\n"
        "EnvironmentFile=-/etc/default/%p\n#ExecStart=/bin/false etcd\nExecStart=/usr/bin/etcd $DAEMON_ARGS\n"
    )
    write(tmp_path, "lib/systemd/system/etcd.service", unit)
    (found,) = find_deployments(tmp_path)
    assert (found.name, found.flag("data-dir")) == (socket.gethostname(), "/var/lib/etcd/etcd")

    text = 'ETCD_DATA_DIR="/data"\nDAEMON_ARGS="--name=cp1 --quota-backend-bytes 123"\n'
    write(tmp_path, "etc/default/etcd", text)
    (found,) = find_deployments(tmp_path)
    assert (found.name, found.flag("data-dir"), found.flag("quota-backend-bytes")) == ("cp1", "/data", "123")


def test_drop_ins_change_a_unit_in_the_order_of_their_names(tmp_path: Path) -> None:
    write(tmp_path, "lib/systemd/system/etcd.service", "[Service]\nExecStart=/usr/bin/etcd --name=old\n")
    write(tmp_path, "lib/systemd/system/etcd.service.d/10-name.conf", "[Service]\nEnvironment=ETCD_NAME=hidden\n")
    write(
        tmp_path, "etc/systemd/system/etcd.service.d/10-name.conf", "[Service]\nEnvironment=WHO=one ETCD_DATA_DIR=/a\n"
    )
    more = "[Service]\nEnvironment=ETCD_DATA_DIR=/b\nExecStart=\nExecStart=/usr/bin/etcd --name ${WHO}\n"
    write(tmp_path, "etc/systemd/system/etcd.service.d/20-start.conf", more)
    (found,) = find_deployments(tmp_path)
    assert {f.name: f.value for f in found.flags} == {"name": "one", "data-dir": "/b"}


def test_a_unit_that_starts_etcd_by_a_shell_is_read_too(tmp_path: Path) -> None:
    start = 'ExecStart=/bin/bash -c "GOMAXPROCS=$(nproc) /usr/bin/etcd --name=\\"${ETCD_NAME}\\" --client-cert-auth"'
    write(tmp_path, "usr/lib/systemd/system/etcd.service", f"[Service]\nEnvironment=ETCD_NAME=one\n{start}\n")
    (found,) = find_deployments(tmp_path)
    assert (found.name, found.is_on("client-cert-auth")) == ("one", True)


def test_a_unit_that_names_a_config_file_goes_by_that_alone(tmp_path: Path) -> None:
    write(tmp_path, "etc/systemd/system/etcd.service", "[Service]\nExecStart=/usr/bin/etcd --config-file=/etc/e.yml\n")
    write(tmp_path, "etc/e.yml", "name: one\nlisten-client-urls: http://127.0.0.1:2379\n")
    (found,) = find_deployments(tmp_path)
    assert (found.name, found.flag("listen-client-urls")) == ("one", "http://127.0.0.1:2379")


def test_a_manifest_that_is_no_yaml_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "etc/kubernetes/manifests/etcd.yaml", "a: [b\n")
    write(tmp_path, "etc/kubernetes/manifests/other.yaml", "spec: {containers: [{name: x}]}\n")
    write(tmp_path, "etc/etcd/etcd.conf.yml", "name: one\n")
    (found,) = find_deployments(tmp_path)
    assert found.how == "configuration file"


def test_a_kubeadm_manifest_is_found(tmp_path: Path) -> None:
    manifest = (
        "metadata: {annotations: {kubeadm.kubernetes.io/etcd.advertise-client-urls: https://10.0.0.1:2379}}\n"
        "spec: {containers: [{name: etcd, command: [etcd, --listen-client-urls=https://127.0.0.1:2379]}]}\n"
    )
    write(tmp_path, "etc/kubernetes/manifests/etcd.yaml", manifest)
    (found,) = find_deployments(tmp_path)
    assert found.how == "kubeadm static pod"


class Diagnosing:
    """Endpoints that are well, and those that are not."""

    def diagnose(self, endpoint: str, prefix: bytes, timeout_seconds: float) -> tuple[Step, ...]:
        error = RefusedError("Nothing listens.")
        return (Step("connect", True, "ok") if "good" in endpoint else Step("connect", False, "no", error=error),)


@pytest.mark.parametrize(
    ("endpoints", "exit_status"), [(("good",), 0), (("good", "bad"), 1), (("bad",), 3), (("bad", "bad2"), 3)]
)
def test_the_exit_status_tells_all_some_or_none(endpoints: tuple[str, ...], exit_status: int) -> None:
    found = examine_endpoints(Diagnosing(), Target(endpoints, TlsFiles(), "flag"), b"/registry/", 1.0)
    assert isinstance(found, Findings)
    assert found.exit_status == exit_status
    assert [isinstance(d, Diagnosis) for d in found.diagnoses] == [True] * len(endpoints)

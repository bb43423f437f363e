"""docs/deploy: manifests that three releases of Kubernetes take, a hardened unit, settings that etcdview knows."""

from __future__ import annotations

import configparser
import re
import subprocess
import tomllib
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from etcdview import __version__
from etcdview.access.exposure import check_exposure
from etcdview.cli.main import run
from etcdview.config import ROWS, Settings, load
from etcdview.maintenance.operations import DEFRAGMENT_SECONDS
from etcdview.writes.undo import default_path
from tests.filtered import settings
from tools.image.chroot import instructions
from webapp.security import MAX_BODY_BYTES

DEPLOY = Path(__file__).parents[2] / "docs" / "deploy"
KUSTOMIZATION = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text())
MANIFESTS = {name: yaml.safe_load((DEPLOY / "kubernetes" / name).read_text()) for name in KUSTOMIZATION["resources"]}
VARIABLES = {row.variable for row in ROWS}
UNIT = DEPLOY / "systemd" / "etcdview.service"
INGRESS_NGINX = "nginx.ingress.kubernetes.io/"
# What each proxy waits for an answer, and the largest body that it passes on (Apache: any).
WAITS = {
    "nginx.conf": r"proxy_read_timeout (\d+)s;",
    "apache.conf": r"ProxyPass .* timeout=(\d+)",
    "kubernetes/ingress.yaml": rf'{INGRESS_NGINX}proxy-read-timeout: "(\d+)"',
    "../operating.md": r"proxy_read_timeout (\d+)s;",
}
BODIES = {
    "nginx.conf": r"client_max_body_size (\d+)m;",
    "kubernetes/ingress.yaml": rf"{INGRESS_NGINX}proxy-body-size: (\d+)m",
    "../operating.md": r"client_max_body_size (\d+)m;",
}


def _container() -> dict[str, Any]:
    (container,) = MANIFESTS["daemonset.yaml"]["spec"]["template"]["spec"]["containers"]
    return dict(container)


def test_the_kustomization_names_every_manifest() -> None:
    files = {p.name for p in (DEPLOY / "kubernetes").iterdir()} - {"kustomization.yaml"}

    assert set(KUSTOMIZATION["resources"]) == files


@pytest.mark.parametrize("release", ["1.28", "1.32", "1.36"])
@pytest.mark.parametrize("name", [*(f"kubernetes/{name}" for name in MANIFESTS), "static-pod.yaml"])
def test_each_release_takes_each_manifest_strictly(
    name: str, release: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    command = ["encode", "--kubernetes-version", release, "--format", "protobuf", str(DEPLOY / name)]

    assert run(command) == 0
    assert capfdbinary.readouterr().out.startswith(b"k8s\0")


def test_a_field_that_kubernetes_does_not_know_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (DEPLOY / "kubernetes" / "daemonset.yaml").read_text()
    (tmp_path / "wrong.yaml").write_text(text.replace("readOnlyRootFilesystem", "readonlyRootFilesystem"))

    assert run(["encode", "--kubernetes-version", "1.36", "--format", "protobuf", str(tmp_path / "wrong.yaml")]) == 2
    assert "readonlyRootFilesystem" in capsys.readouterr().err


def test_the_container_has_no_more_rights_than_it_needs() -> None:
    context = _container()["securityContext"]

    assert context["readOnlyRootFilesystem"] is True
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert all(each["readOnly"] for each in _container()["volumeMounts"] if each["name"] != "tmp")


def test_the_settings_of_the_container_and_of_the_sample_are_etcdviews() -> None:
    named = {each["name"] for each in _container()["env"]} - {"NODE_IP"}
    sample = (DEPLOY / "systemd" / "etcdview.toml").read_text()
    settings = tomllib.loads(sample) | tomllib.loads("\n".join(re.findall(r"^# ([\w-]+ = .*)$", sample, re.MULTILINE)))

    assert named - VARIABLES == set()
    assert settings.keys() - {row.name for row in ROWS} == set()
    assert settings["trusted-proxies"] == "127.0.0.1"


def test_a_server_may_start_with_the_settings_of_each_example(tmp_path: Path) -> None:
    pod = yaml.safe_load((DEPLOY / "static-pod.yaml").read_text())["spec"]["containers"][0]
    variables = [{each["name"]: each.get("value", "x" * 32) for each in made["env"]} for made in (pod, _container())]
    text = (DEPLOY / "systemd" / "etcdview.toml").read_text()
    sample = tmp_path / "etcdview.toml"
    sample.write_text(re.sub(r"^# (?=[\w-]+ = )", "", text, flags=re.MULTILINE))

    for environ in (*variables, {"ETCDVIEW_CONFIG": str(sample)}):
        settings = load({}, {**environ, "ETCDCTL_ENDPOINTS": "https://127.0.0.1:2379"}, tmp_path)
        check_exposure(settings)
        assert settings.public_url == "" or settings.login


def test_the_names_that_lead_from_one_manifest_to_the_next_agree() -> None:
    labels = MANIFESTS["daemonset.yaml"]["spec"]["template"]["metadata"]["labels"]
    service, ingress = MANIFESTS["service.yaml"], MANIFESTS["ingress.yaml"]["spec"]["rules"][0]["http"]["paths"][0]
    environment = {each["name"]: each.get("value") for each in _container()["env"]}

    assert labels == service["spec"]["selector"]
    assert labels == MANIFESTS["networkpolicy.yaml"]["spec"]["podSelector"]["matchLabels"]
    assert ingress["backend"]["service"]["name"] == service["metadata"]["name"]
    assert ingress["path"] == environment["ETCDVIEW_URL_PREFIX"]
    # Else limits of logins would hold for all users of the ingress together.
    assert ip_network(environment["ETCDVIEW_TRUSTED_PROXIES"])
    assert _container()["image"].endswith(f":{__version__}")


def test_a_pod_that_runs_answers_while_etcd_does_not() -> None:
    assert _container()["readinessProbe"]["httpGet"]["path"] == "/healthz"


def test_a_browser_stays_with_one_pod_by_the_service_and_by_the_ingress() -> None:
    assert MANIFESTS["service.yaml"]["spec"]["sessionAffinity"] == "ClientIP"
    assert MANIFESTS["ingress.yaml"]["metadata"]["annotations"][f"{INGRESS_NGINX}affinity"] == "cookie"


def test_the_secret_is_made_between_its_namespace_and_the_pods() -> None:
    head, _, _ = (DEPLOY / "kubernetes" / "daemonset.yaml").read_text().partition("apiVersion:")
    commands = (
        "kubectl apply --filename docs/deploy/kubernetes/namespace.yaml",
        "kubectl --namespace etcdview create secret",
        "kubectl apply --kustomize docs/deploy/kubernetes",
    )
    places = [head.index(command) for command in commands]

    assert places == sorted(places)


def test_systemd_takes_the_unit_and_finds_little_exposed() -> None:
    command = ["systemd-analyze", "security", "--offline=yes", "--threshold=20", "--no-pager", str(UNIT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 0, done.stdout[-400:] + done.stderr
    assert "Unknown key" not in done.stderr


def test_the_image_installs_nothing_that_its_hash_does_not_pin_and_has_no_root() -> None:
    steps = list(instructions((DEPLOY / "Dockerfile").read_text()))
    installs = [part for word, rest in steps if word == "RUN" for part in rest.split("&&") if "pip install" in part]
    last = dict(steps[steps.index(("FROM", "${BASE}")) :])

    assert len(installs) == 3
    assert all("--require-hashes" in part or "--no-deps --no-index" in part for part in installs)
    assert (last["USER"], last["ENTRYPOINT"], last["CMD"]) == ("65532:65532", '["etcdview"]', '["serve"]')
    assert "/healthz" in last["HEALTHCHECK"]


def test_an_instruction_may_go_over_several_lines() -> None:
    assert list(instructions("# a remark\nARG BASE\nRUN one \\\n && two\n\nUSER 1")) == [
        ("ARG", "BASE"), ("RUN", "one && two"), ("USER", "1"),
    ]  # fmt: skip


def test_the_static_pod_is_reached_from_its_node_alone_and_names_settings_that_there_are() -> None:
    pod = yaml.safe_load((DEPLOY / "static-pod.yaml").read_text())
    (container,) = pod["spec"]["containers"]
    environment = {each["name"]: each["value"] for each in container["env"]}

    assert environment.keys() <= VARIABLES
    assert environment["ETCDVIEW_LISTEN"] == "127.0.0.1:8000"
    assert container["image"] == _container()["image"]
    assert container["securityContext"] == _container()["securityContext"]


def _unit(name: str) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment]
    unit.read_string((UNIT.parent / name).read_text())
    return unit


def test_a_renewed_certificate_starts_the_unit_again() -> None:
    copied = re.findall(r"^LoadCredential=[^:]+:(.*)$", UNIT.read_text(), re.MULTILINE)
    started = _unit("etcdview-renewed.service")["Service"]["ExecStart"]

    assert _unit("etcdview-renewed.path")["Path"]["PathChanged"] in copied
    assert started.split()[1:] == ["try-restart", UNIT.name]


def test_the_undo_file_of_the_unit_is_where_it_may_write() -> None:
    environment = [word for line in settings(UNIT.read_text(), "Environment") for word in line.split()]
    (state,) = [
        word.removeprefix("XDG_STATE_HOME=").replace("%S", "/var/lib") for word in environment if "STATE" in word
    ]

    assert settings(UNIT.read_text(), "StateDirectory") == [default_path({"XDG_STATE_HOME": state}).parent.name]
    assert default_path({"XDG_STATE_HOME": state}).parent.parent == Path("/var/lib")


def test_systemd_listens_where_etcdview_would_and_hands_over_one_socket() -> None:
    unit = _unit("etcdview.socket")

    assert unit["Socket"]["ListenStream"] == Settings().listen
    assert unit["Install"]["WantedBy"] == "sockets.target"


def test_the_proxies_have_the_prefix_that_the_documents_name() -> None:
    traefik = yaml.safe_load((DEPLOY / "traefik.yaml").read_text())["http"]
    apache, nginx = ((DEPLOY / name).read_text() for name in ("apache.conf", "nginx.conf"))

    assert traefik["middlewares"]["etcdview-prefix"]["stripPrefix"]["prefixes"] == ["/etcdview"]
    assert "ProxyPass /etcdview/ http://127.0.0.1:8000/etcdview/" in apache
    assert "location /etcdview/ {\n        proxy_pass http://ops_etcdview;" in nginx
    assert re.search(r"upstream ops_etcdview \{[^}]*\n    server 127.0.0.1:8000 ", nginx)


@pytest.mark.parametrize(("name", "pattern"), WAITS.items())
def test_a_proxy_waits_longer_than_the_longest_operation_takes(name: str, pattern: str) -> None:
    (seconds,) = re.findall(pattern, (DEPLOY / name).read_text())

    assert int(seconds) > DEFRAGMENT_SECONDS


@pytest.mark.parametrize(("name", "pattern"), BODIES.items())
def test_a_proxy_passes_on_as_large_an_edit_as_etcdview_takes(name: str, pattern: str) -> None:
    (megabytes,) = re.findall(pattern, (DEPLOY / name).read_text())

    assert int(megabytes) << 20 > MAX_BODY_BYTES

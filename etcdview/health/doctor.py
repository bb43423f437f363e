"""From nothing to a diagnosis: which etcd is meant, and how far one gets on the way to each of its endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from etcdview.deployment.deployment import Deployment
from etcdview.endpoints import Endpoint, parse_endpoint
from etcdview.errors import CertificateFileError, SettingError
from etcdview.models import TlsFiles
from etcdview.tls.certificates import read_certificates
from etcdview.tls.diagnosis import Step

REGISTRY = "registry"  # the last step: whether the registry is below its prefix
_EVERY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # compared with, not listened on  # noqa: S104  # nosec B104


@dataclass(frozen=True, slots=True)
class Target:
    """Where to look, and who said so; `notes` are sentences about what was found on the way."""

    endpoints: tuple[str, ...]
    tls: TlsFiles
    source: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The steps towards one endpoint, as far as the first that fails."""

    endpoint: str
    steps: tuple[Step, ...]

    @property
    def failed(self) -> Step | None:
        """The step that failed; None where all went well."""
        return next((step for step in self.steps if not step.ok), None)


@dataclass(frozen=True, slots=True)
class Findings:
    """Every endpoint's diagnosis."""

    target: Target
    diagnoses: tuple[Diagnosis, ...] = field(default=())

    @property
    def exit_status(self) -> int:
        """0 where every endpoint works, 1 where some do or only the registry is missing, 3 where none can be used."""
        failed = [d.failed.name for d in self.diagnoses if d.failed is not None]
        unusable = sum(name != REGISTRY for name in failed)
        return 0 if not failed else 3 if unusable == len(self.diagnoses) else 1


class Diagnosing(Protocol):
    """What can take an endpoint through its steps: the live store."""

    def diagnose(self, endpoint: str, prefix: bytes, timeout_seconds: float) -> tuple[Step, ...]: ...


def target_from(deployments: Sequence[Deployment]) -> Target | None:
    """The etcd of this machine, by how it is deployed; None where nothing says where it listens."""
    for found in deployments:
        listened = _endpoints(found.flag("listen-client-urls"))
        over_tcp = [endpoint for endpoint in listened if not endpoint.path]
        near = [endpoint for endpoint in over_tcp if endpoint.host in ("127.0.0.1", "localhost", "::1")]
        endpoints = near or over_tcp or listened or _endpoints(found.flag("advertise-client-urls"))
        if endpoints:
            tls, notes = _files_of(found)
            return Target(tuple(map(str, endpoints)), tls, f"{found.how} {found.source}", notes)
    return None


def examine_endpoints(store: Diagnosing, target: Target, prefix: bytes, timeout_seconds: float) -> Findings:
    """Each endpoint through its steps, one after the other. Raises nothing."""
    steps = ((endpoint, store.diagnose(endpoint, prefix, timeout_seconds)) for endpoint in target.endpoints)
    return Findings(target, tuple(Diagnosis(endpoint, taken) for endpoint, taken in steps))


def _endpoints(urls: str) -> list[Endpoint]:
    """Those that can be asked from here: no socket in etcd's own folder, and for "every address" the loopback one."""
    found: list[Endpoint] = []
    for url in filter(None, map(str.strip, urls.split(","))):
        try:
            endpoint = parse_endpoint(url)
        except SettingError:
            continue
        if endpoint.path and not endpoint.path.startswith("/"):
            continue
        found.append(replace(endpoint, host=_EVERY.get(endpoint.host, endpoint.host)))
    return found


def _files_of(found: Deployment) -> tuple[TlsFiles, tuple[str, ...]]:
    """The CA, and the server's own certificate where it was made for clients too: no other is known here."""
    ca, cert, key = (found.flag(name) for name in ("trusted-ca-file", "cert-file", "key-file"))
    if not found.is_on("client-cert-auth"):
        return TlsFiles(cacert=ca), ()
    try:
        usages = read_certificates(cert)[0].usages
    except CertificateFileError as error:
        return TlsFiles(cacert=ca), (f"{error.what} Give a client certificate with --cert and --key.",)
    if usages and "client" not in usages:
        return TlsFiles(cacert=ca), (f"{cert} is for servers only: give a client certificate with --cert and --key.",)
    return TlsFiles(ca, cert, key), (f"etcd's own certificate {cert} is used as the client's.",)

"""The certificate inventory: every certificate found, its purpose, its issuer, and how to renew it.

`collect` reads the files; all else here is pure. Only certificates are kept, never a key.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from etcdview.codec.remembered import remembered
from etcdview.deployment.kubeadm import KUBECONFIGS, PKI_FILES, Known, purpose_of
from etcdview.deployment.on_disk import find_deployments
from etcdview.endpoints import parse_endpoint
from etcdview.errors import CertificateFileError
from etcdview.health.facts import ClusterFacts
from etcdview.kube.reasons import reason
from etcdview.models import TlsFiles
from etcdview.stores.kept import Kept
from etcdview.tls.certificates import (
    Certificate,
    from_der,
    from_pem,
    key_fits,
    kubeadm_pairs,
    read_authorities,
    read_certificates,
)

PKI = Path("etc/kubernetes/pki")
KUBERNETES = Path("etc/kubernetes")
FILES_SECONDS = 60.0
_TRUSTED = "CA that etcdview trusts"
_BUNDLE = 10  # CAs; a longer list is a system's bundle, not a cluster's, in which some always have expired
# What kubeadm calls its authorities: of what they signed, it renews the certificates that it made.
_BY_KUBEADM = frozenset({"CN=etcd-ca", "CN=kubernetes", "CN=front-proxy-ca"})
_SERVER = PKI_FILES["etcd/server.crt"]


@dataclass(frozen=True, slots=True)
class Location:
    """Where a certificate was seen: a file, or the member that presents it; and what it is for there.

    `key_fits` is None where there is no key to compare with, or it may not be read. `renew` is the command that
    renews it, "" where there is none. `host` is the name or address that a server certificate is reached by.
    """

    where: str
    purpose: str
    renew: str = ""
    key_fits: bool | None = None
    host: str = ""


@dataclass(frozen=True, slots=True)
class CertificateEntry:
    """One certificate, in all the places where it was seen.

    `chain` are the subjects from it up to a CA in the files, as far as they are known; `trusted` is None
    where the files hold no authority that it could be held against.
    """

    certificate: Certificate
    places: tuple[Location, ...]
    chain: tuple[str, ...]
    trusted: bool | None

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        return self.places[0].purpose

    @property
    def renew(self) -> str:
        """The command that renews it; "" where none is known."""
        return next((p.renew for p in self.places if p.renew), "")

    @property
    def key_fits(self) -> bool | None:
        """Whether the key beside it belongs to it: false where any does not, None where none could be compared."""
        known = [p.key_fits for p in self.places if p.key_fits is not None]
        return all(known) if known else None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A certificate file that cannot be read, and why."""

    where: str
    what: str
    remedy: str


@dataclass(frozen=True, slots=True)
class CertificateInventory:
    """Every certificate found, the one that expires first on top, and the files that could not be read.

    `unused` authorities of a large bundle are left out: nothing known depends on them.
    """

    entries: tuple[CertificateEntry, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    unused: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """A certificate in one place. `anchor`: a file says that what it signed is to be trusted."""

    certificate: Certificate
    place: Location
    anchor: bool = False


class InventoryCache:
    """Makes an inventory every round; reads the files anew at most once a minute. For one thread at a time."""

    def __init__(self, tls: TlsFiles, root: Path = Path("/")) -> None:
        self._tls = tls
        self._files = Kept(FILES_SECONDS, lambda: (collect(tls, root), made_by_kubeadm(root)))

    def look(self, cluster: ClusterFacts) -> CertificateInventory:
        """The inventory as it is now."""
        files, kubeadm = self._files.get()
        return make_inventory((*presented(cluster, self._tls.server_name, kubeadm=kubeadm), *files))


def collect(tls: TlsFiles, root: Path = Path("/")) -> tuple[Seen | Unreadable, ...]:
    """What the files hold: the client's own, and kubeadm's below root/etc/kubernetes where they may be read."""
    found = (*_own(tls), *_pki(root / PKI), *_kubeconfigs(root / KUBERNETES))
    kubeadm = made_by_kubeadm(root)
    return tuple(_renewable(one, kubeadm=kubeadm) if isinstance(one, Seen) else one for one in found)


def made_by_kubeadm(root: Path = Path("/")) -> bool:
    """Whether this machine has a static pod of etcd that kubeadm wrote."""
    return any(found.how == "kubeadm static pod" for found in find_deployments(root))


def presented(cluster: ClusterFacts, server_name: str = "", *, kubeadm: bool = False) -> tuple[Seen | Unreadable, ...]:
    """What the members present on their client ports, and what they send with it.

    `server_name` is what members are called at endpoints that none of them advertises, such as a tunnel's.
    """
    found: list[Seen | Unreadable] = []
    for member in cluster.members:
        for endpoint in member.endpoints:
            handshake = endpoint.wire.handshake.value
            if handshake is None or not handshake.certificate_der:
                continue
            host = (server_name if not endpoint.advertised else "") or parse_endpoint(endpoint.url).server_name
            own = Location(endpoint.url, f"server certificate of {member.name}", _SERVER.renew, host=host)
            sent = Location(endpoint.url, f"authority that {member.name} sends with its certificate")
            for number, der in enumerate((handshake.certificate_der, *handshake.chain_der)):
                one = _shown(der, sent if number else own)
                found.append(_renewable(one, kubeadm=kubeadm) if isinstance(one, Seen) else one)
    return tuple(found)


def make_inventory(found: Iterable[Seen | Unreadable]) -> CertificateInventory:
    """Certificates seen in several places put together, each with its chain of trust."""
    everything = tuple(found)
    together: dict[str, list[Seen]] = {}
    for one in everything:
        if isinstance(one, Seen):
            together.setdefault(one.certificate.fingerprint, []).append(one)
    anchors = {
        fingerprint: group[0].certificate for fingerprint, group in together.items() if any(s.anchor for s in group)
    }
    signers = [group[0].certificate for group in together.values() if group[0].certificate.authority]
    chains = {
        fingerprint: _chain(group[0].certificate, [*anchors.values(), *signers], anchors)
        for fingerprint, group in together.items()
    }
    unused = _unused(together, chains) if len(anchors) > _BUNDLE else set()
    entries = [
        _entry(together[fingerprint], chains[fingerprint], anchors)
        for fingerprint in together
        if fingerprint not in unused
    ]
    unreadable = tuple(one for one in everything if isinstance(one, Unreadable))
    return CertificateInventory(
        tuple(sorted(entries, key=lambda e: (e.certificate.ends, e.name))), unreadable, len(unused)
    )


def names_host(certificate: Certificate, host: str) -> bool:
    """Whether a client that goes to `host` finds it among the certificate's names; `*` stands for one label."""
    wildcard = "*." + host.partition(".")[2]
    return not host or any(name.lower() in (host.lower(), wildcard.lower()) for name in certificate.names)


_parsed = remembered(256, from_der)  # the same few certificates are seen in every round


def _entry(group: list[Seen], chain: list[Certificate], anchors: dict[str, Certificate]) -> CertificateEntry:
    return CertificateEntry(
        certificate=group[0].certificate,
        places=tuple(dict.fromkeys(s.place for s in group)),
        chain=tuple(c.subject for c in chain),
        trusted=chain[-1].fingerprint in anchors if anchors else None,
    )


def _unused(together: dict[str, list[Seen]], chains: dict[str, list[Certificate]]) -> set[str]:
    """The authorities that etcdview trusts and that nobody else's chain leads to."""
    used = {c.fingerprint for fingerprint, chain in chains.items() for c in chain if c.fingerprint != fingerprint}
    trusted = {fingerprint for fingerprint, group in together.items() if {s.place.purpose for s in group} == {_TRUSTED}}
    return trusted - used


def _chain(leaf: Certificate, signers: list[Certificate], anchors: dict[str, Certificate]) -> list[Certificate]:
    """The shortest way from a certificate to one that is trusted; where there is none, one as long as any.

    A name may have several certificates, one of them cross-signed by an authority that is not known here: every way
    is tried, and each certificate once, whatever a server sends.
    """
    ways = deque([[leaf]])
    tried = {leaf.fingerprint}
    way = [leaf]
    while ways:
        way = ways.popleft()
        if way[-1].fingerprint in anchors:
            return way
        for signer in signers:
            if signer.fingerprint not in tried and way[-1].signed_by(signer):
                tried.add(signer.fingerprint)
                ways.append([*way, signer])
    return way


def _shown(der: bytes, place: Location) -> Seen | Unreadable:
    try:
        return Seen(_parsed(der), place)
    except ValueError as error:
        return Unreadable(
            place.where,
            f"The {place.purpose} at {place.where} cannot be read: {error}.",
            "Inspect it with openssl.",
        )


def _renewable(one: Seen, *, kubeadm: bool) -> Seen:
    """Without the command where nothing shows that kubeadm made the certificate."""
    if not one.place.renew or kubeadm or one.certificate.issuer in _BY_KUBEADM:
        return one
    return replace(one, place=replace(one.place, renew=""))


def _own(tls: TlsFiles) -> Iterator[Seen | Unreadable]:
    if tls.cacert:
        yield from _bundle(tls.cacert)
    if tls.cert:
        known = Known("client certificate of etcdview", _renew_by_path(tls.cert))
        yield from _file(tls.cert, known, tls.key)


def _bundle(name: str) -> Iterator[Seen | Unreadable]:
    """What etcdview trusts: each certificate of the file, regardless of its issuer."""
    try:
        parsed, odd = read_authorities(name)
    except CertificateFileError as error:
        yield Unreadable(name, error.what, error.remedy)
        return
    for certificate in parsed:
        yield Seen(certificate, Location(name, _TRUSTED), anchor=True)
    if odd:
        what = f"{odd} of the {len(parsed) + odd} certificates in {name} cannot be read; the others are used."
        yield Unreadable(name, what, "Remove them if nothing needs them.")


def _pki(folder: Path) -> Iterator[Seen | Unreadable]:
    for path, key in kubeadm_pairs(folder):
        yield from _file(str(path), purpose_of(path.relative_to(folder)), str(key), anchor=True)


def _kubeconfigs(folder: Path) -> Iterator[Seen | Unreadable]:
    for name, known in KUBECONFIGS.items():
        path = folder / name
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue  # not there, or not for this user: no known certificate
        found = re.search(r"^\s*client-certificate-data:\s*(\S+)", text, re.MULTILINE)
        if found is None:
            continue
        try:
            pem = base64.b64decode(found[1], validate=True)
            parsed = from_pem(str(path), pem)
        except (binascii.Error, CertificateFileError) as error:
            yield Unreadable(
                str(path), f"The certificate in {path} cannot be read: {reason(error)}.", "Create the file again."
            )
            continue
        yield Seen(parsed[0], Location(str(path), known.purpose, known.renew))


def _file(name: str, known: Known, key: str = "", *, anchor: bool = False) -> Iterator[Seen | Unreadable]:
    """The certificates of a file; the key, if there is one, is the first one's. `anchor`: trust its authorities."""
    try:
        parsed = read_certificates(name)
    except CertificateFileError as error:
        yield Unreadable(name, error.what, error.remedy)
        return
    for number, certificate in enumerate(parsed):
        fits = _fits(certificate, key) if not number else None
        beside = number and not anchor
        purpose = f"authority beside the {known.purpose}" if beside else known.purpose
        place = Location(name, purpose, "" if beside else known.renew, fits)
        yield Seen(certificate, place, anchor and certificate.authority)


def _fits(certificate: Certificate, key_name: str) -> bool | None:
    try:
        return key_fits(certificate, key_name) if key_name else None
    except CertificateFileError:
        return None


def _renew_by_path(path: str) -> str:
    """By the folder too where kubeadm has two of a name, else by the file's name alone: it may be a copy."""
    file = Path(path)
    known = (known for name, known in PKI_FILES.items() if file.as_posix().endswith(f"/{name}"))
    alone = (known for name, known in PKI_FILES.items() if Path(name).name == file.name)
    return next((k.renew for k in (*known, *alone)), "")

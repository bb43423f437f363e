"""The certificate board: every certificate in sight, what it is for, who vouches for it, and how to renew it.

`collect` reads the files; all else here is pure. Only certificates are kept, never a key.
"""

from __future__ import annotations

import base64
import binascii
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from etcdview.errors import CertificateFileError
from etcdview.health.facts import ClusterFacts
from etcdview.health.kubeadm import KUBECONFIGS, Known, purpose_of
from etcdview.models import TlsFiles
from etcdview.tls import files as tls_files
from etcdview.tls.certificates import Certificate, facts, from_der, key_fits, kubeadm_pairs, read_certificates

PKI = Path("etc/kubernetes/pki")
KUBERNETES = Path("etc/kubernetes")
FILES_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Place:
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
class Entry:
    """One certificate, in all the places where it was seen.

    `chain` are the subjects from it up to a root, as far as they are in sight; `trusted` is None where no authority
    is in sight that it could be held against.
    """

    certificate: Certificate
    places: tuple[Place, ...]
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
class Board:
    """Every certificate in sight, the one that expires first on top; and the files that could not be read."""

    entries: tuple[Entry, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """A certificate in one place."""

    certificate: Certificate
    place: Place


class Boards:
    """Makes a board every round; reads the files anew at most once a minute. For one thread at a time."""

    def __init__(self, tls: TlsFiles, root: Path = Path("/")) -> None:
        self._tls = tls
        self._root = root
        self._files: tuple[Seen | Unreadable, ...] = ()
        self._due = 0.0  # monotonic

    def look(self, cluster: ClusterFacts) -> Board:
        """The board as it is now."""
        if time.monotonic() >= self._due:
            self._files = collect(self._tls, self._root)
            self._due = time.monotonic() + FILES_SECONDS
        return make_board((*presented(cluster), *self._files))


def collect(tls: TlsFiles, root: Path = Path("/")) -> tuple[Seen | Unreadable, ...]:
    """What the files hold: the client's own, and kubeadm's below root/etc/kubernetes where they may be read."""
    return (*_own(tls), *_kubeadm(root / PKI), *_kubeconfigs(root / KUBERNETES))


def presented(cluster: ClusterFacts) -> tuple[Seen, ...]:
    """What the members present on their client ports."""
    found = []
    for member in cluster.members:
        for endpoint in member.endpoints:
            handshake = endpoint.wire.handshake.value
            if handshake is None or not handshake.certificate_der:
                continue
            host = endpoint.url.rpartition("://")[2].rpartition(":")[0].strip("[]")
            place = Place(
                endpoint.url, f"server certificate of {member.name}", "kubeadm certs renew etcd-server", host=host
            )
            found.append(Seen(_parsed(handshake.certificate_der), place))
    return tuple(found)


def make_board(found: Iterable[Seen | Unreadable]) -> Board:
    """Certificates seen in several places put together, each with its chain of trust."""
    everything = tuple(found)
    together: dict[str, list[Seen]] = {}
    for one in everything:
        if isinstance(one, Seen):
            together.setdefault(one.certificate.fingerprint, []).append(one)
    authorities = [group[0].certificate for group in together.values() if group[0].certificate.authority]
    entries = [_entry(group, authorities) for group in together.values()]
    unreadable = tuple(one for one in everything if isinstance(one, Unreadable))
    return Board(tuple(sorted(entries, key=lambda e: (e.certificate.ends, e.name))), unreadable)


def names_host(certificate: Certificate, host: str) -> bool:
    """Whether a client that goes to `host` finds it among the certificate's names; `*` stands for one label."""
    wildcard = "*." + host.partition(".")[2]
    return not host or any(name.lower() in (host.lower(), wildcard.lower()) for name in certificate.names)


@lru_cache(maxsize=256)
def _parsed(der: bytes) -> Certificate:
    """The same few certificates are seen in every round."""
    return from_der(der)


def _entry(group: list[Seen], authorities: list[Certificate]) -> Entry:
    certificate = group[0].certificate
    chain = [certificate]
    while not chain[-1].self_signed:
        issuer = next((a for a in authorities if a not in chain and chain[-1].signed_by(a)), None)
        if issuer is None:
            break
        chain.append(issuer)
    rooted = chain[-1].self_signed and (len(chain) > 1 or certificate.authority)
    return Entry(
        certificate=certificate,
        places=tuple(dict.fromkeys(s.place for s in group)),
        chain=tuple(c.subject for c in chain),
        trusted=rooted if authorities else None,
    )


def _own(tls: TlsFiles) -> Iterator[Seen | Unreadable]:
    if tls.cacert:
        yield from _file(tls.cacert, Known("CA that etcdview trusts etcd by"))
    if tls.cert:
        known = Known("client certificate of etcdview", _renew_by_path(tls.cert))
        yield from _file(tls.cert, known, tls.key)


def _kubeadm(folder: Path) -> Iterator[Seen | Unreadable]:
    for path, key in kubeadm_pairs(folder):
        yield from _file(str(path), purpose_of(path.relative_to(folder)), str(key))


def _kubeconfigs(folder: Path) -> Iterator[Seen | Unreadable]:
    for name, known in KUBECONFIGS.items():
        path = folder / name
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue  # not there, or not for this user: no certificate that is in sight
        found = re.search(r"^\s*client-certificate-data:\s*(\S+)", text, re.MULTILINE)
        if found is None:
            continue
        try:
            pem = base64.b64decode(found[1], validate=True)
            parsed = tls_files.certificates(str(path), pem)
        except (binascii.Error, CertificateFileError) as error:
            yield Unreadable(str(path), f"The certificate in {path} cannot be read: {error}.", "Make the file anew.")
            continue
        yield Seen(facts(parsed[0]), Place(str(path), known.purpose, known.renew))


def _file(name: str, known: Known, key: str = "") -> Iterator[Seen | Unreadable]:
    """The certificates of a file; the key, if there is one, is the first one's."""
    try:
        parsed = read_certificates(name)
    except CertificateFileError as error:
        yield Unreadable(name, error.what, error.remedy)
        return
    for number, certificate in enumerate(parsed):
        fits = _fits(certificate, key) if not number else None
        yield Seen(certificate, Place(name, known.purpose, known.renew, fits))


def _fits(certificate: Certificate, key_name: str) -> bool | None:
    try:
        return key_fits(certificate, key_name) if key_name else None
    except CertificateFileError:
        return None


def _renew_by_path(path: str) -> str:
    parts = Path(path).parts
    return purpose_of(Path(*parts[parts.index("pki") + 1 :])).renew if "pki" in parts[:-1] else ""

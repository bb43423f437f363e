"""The certificates page: every certificate that is known, how long it lasts, who signed it, and how it is renewed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from etcdview.cluster.window import Window
from etcdview.health.certificate_inventory import (
    CertificateEntry,
    CertificateInventory,
    Location,
    Unreadable,
    collect,
    make_inventory,
)
from etcdview.models import TlsFiles
from etcdview.pages.certificates.stored import StoredSection, stored_section
from etcdview.pages.parts.commands import Command
from etcdview.pages.parts.lifetimes import Tone, left, state_of
from etcdview.pages.parts.verdict import latest_report


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """One certificate. `left` says in words how long it lasts, `part` is what is left of its life, 0 to 1.

    `state` is a word for the tone. `chain` are subjects from it up to a root; `vouched` says what that is worth.
    `serves` is empty for one that may be used for anything.
    """

    name: str
    tone: Tone
    state: str
    left: str
    part: float
    begins: datetime
    ends: datetime
    subject: str
    issuer: str
    names: tuple[str, ...]
    serves: str
    authority: bool
    key: str
    key_fit: str
    key_is_wrong: bool
    chain: tuple[str, ...]
    vouched: str
    is_untrusted: bool
    places: tuple[Location, ...]
    renew: str
    serial: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class CertificatesPage:
    """The inventory, the certificate that expires first on top; `none` says why where there is nothing on it.

    `unused` authorities of a large bundle are not on it: nothing known depends on them.
    """

    at: datetime
    rows: tuple[CertificateRow, ...]
    unreadable: tuple[Unreadable, ...]
    none: str
    plain: tuple[str, ...]
    commands: tuple[Command, ...]
    unused: int
    stored: StoredSection

    @property
    def first(self) -> CertificateRow | None:
        """The one that expires first."""
        return self.rows[0] if self.rows else None


def certificates_page(window: Window, now: datetime) -> CertificatesPage:
    """The page; waits at most as long as the monitor does. For a file: the certificates of this machine's kubeadm."""
    report = latest_report(window, now)
    live = window.cluster.monitor is not None
    certificates = report.certificates if live else make_inventory(collect(TlsFiles()))
    endpoints = [e.url for m in report.facts.members for e in m.endpoints] if report.facts else []
    plain = tuple(url for url in endpoints if url.startswith("http://"))
    return CertificatesPage(
        at=now,
        rows=tuple(_row(entry, now) for entry in certificates.entries),
        unreadable=certificates.unreadable,
        none=_none(certificates, plain, live=live, probed=report.facts is not None),
        plain=plain,
        commands=_commands(endpoints, kubeadm=any(entry.renew for entry in certificates.entries)),
        unused=certificates.unused,
        stored=stored_section(window, report.facts, now),
    )


def _none(certificates: CertificateInventory, plain: tuple[str, ...], *, live: bool, probed: bool) -> str:
    if certificates.entries or certificates.unreadable:
        return ""
    if plain:
        return (
            "No certificates: etcd is reached over plain http. Anyone who can reach it can read and change everything."
        )
    if not live:
        return "No certificates known: a file was opened, and this machine has no kubeadm certificates."
    return "No member presented a certificate." if probed else "The members have not been probed yet."


def _row(entry: CertificateEntry, now: datetime) -> CertificateRow:
    certificate = entry.certificate
    days = certificate.days_left(now)
    tone, state = state_of(days, certificate.begins > now)
    whole = (certificate.ends - certificate.begins).total_seconds() / 86_400 or 1.0
    return CertificateRow(
        name=entry.name,
        tone=tone,
        state=state,
        left=left(days),
        part=min(1.0, max(0.0, days / whole)),
        begins=certificate.begins,
        ends=certificate.ends,
        subject=certificate.subject,
        issuer=certificate.issuer,
        names=certificate.names,
        serves=_serves(certificate.usages),
        authority=certificate.authority,
        key=certificate.key,
        key_fit=_key_fit(entry.key_fits),
        key_is_wrong=entry.key_fits is False,
        chain=entry.chain,
        vouched=_vouched(entry),
        is_untrusted=entry.trusted is False,
        places=entry.places,
        renew=entry.renew,
        serial=certificate.serial,
        fingerprint=certificate.fingerprint,
    )


def _serves(usages: tuple[str, ...]) -> str:
    words = {"server": "server auth", "client": "client auth"}
    return ", ".join(words.get(usage, usage) for usage in usages)


def _key_fit(fits: bool | None) -> str:
    if fits is None:
        return "not compared: the key is not here, or this user may not read it"
    return "matches its key file" if fits else "does not match its key file"


def _vouched(entry: CertificateEntry) -> str:
    if entry.trusted:
        return "trusted directly" if len(entry.chain) == 1 else "chains to a trusted CA"
    return "no CA is known to check it against" if entry.trusted is None else "not signed by a known CA"


def _commands(endpoints: list[str], *, kubeadm: bool) -> tuple[Command, ...]:
    hosts = dict.fromkeys(url.partition("://")[2] for url in endpoints if url.startswith("https://"))
    shown = [f"openssl s_client -connect {host} -showcerts </dev/null | openssl x509 -noout -text" for host in hosts]
    return (
        *((Command("kubeadm", "kubeadm certs check-expiration"),) if kubeadm else ()),
        *(Command("openssl", text) for text in shown[:3]),
    )

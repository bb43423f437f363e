"""Rules about certificates: their time, their names, who signed them, and the keys beside them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from etcdview.health.certificate_inventory import CertificateEntry, names_host
from etcdview.health.findings import Finding, Severity
from etcdview.health.rules.base import RuleContext, plural, read_at, rule
from etcdview.kube.words import listed

_SOON_DAYS = 30
_VERY_SOON_DAYS = 7
_KUBEADM = "kubeadm certs check-expiration"


@rule("certificate-expired")
def certificate_expired(context: RuleContext) -> Iterator[Finding]:
    """A certificate has expired."""
    for entry in context.certificates.entries:
        days = -entry.certificate.days_left(context.facts.at)
        if days <= 0:
            continue
        yield Finding(
            id="certificate-expired",
            severity="critical",
            summary=f"The {entry.name} has expired.",
            evidence=f"{_of(entry)} ended {entry.certificate.ends:%Y-%m-%d %H:%M} UTC, {plural(int(days), 'day')} ago "
            f"{read_at(context.facts.at)}.",
            why="New connections with it fail; existing ones end with the next restart.",
            action=_how(entry),
            commands=_commands(entry),
        )


@rule("certificate-expiring")
def certificate_expiring(context: RuleContext) -> Iterator[Finding]:
    """A certificate expires within 30 days; critical within 7."""
    for entry in context.certificates.entries:
        days = entry.certificate.days_left(context.facts.at)
        if not 0 < days <= _SOON_DAYS:
            continue
        yield Finding(
            id="certificate-expiring",
            severity=_urgency(days),
            summary=f"The {entry.name} expires in {plural(int(days), 'day')}.",
            evidence=f"{_of(entry)} ends {entry.certificate.ends:%Y-%m-%d %H:%M} UTC {read_at(context.facts.at)}.",
            why="When it has expired, new connections that need it fail. Nothing else warns you.",
            action=_how(entry),
            commands=_commands(entry),
        )


@rule("certificate-early")
def certificate_early(context: RuleContext) -> Iterator[Finding]:
    """A certificate is not valid yet: it is new and clocks differ, or one of them is wrong."""
    for entry in context.certificates.entries:
        if entry.certificate.begins <= context.facts.at:
            continue
        yield Finding(
            id="certificate-early",
            severity="critical",
            summary=f"The {entry.name} is not valid yet.",
            evidence=f"{_of(entry)} begins {entry.certificate.begins:%Y-%m-%d %H:%M} UTC; here it is "
            f"{context.facts.at:%Y-%m-%d %H:%M}.",
            why="Until then it is rejected like an expired one.",
            action="Compare the clocks of this machine and of the one that made it; synchronise both with NTP.",
            commands=("timedatectl", *_commands(entry)),
        )


@rule("certificate-names")
def certificate_names(context: RuleContext) -> Iterator[Finding]:
    """A member's certificate does not name the address under which the member is reached."""
    for entry in context.certificates.entries:
        for place in entry.places:
            if names_host(entry.certificate, place.host):
                continue
            yield Finding(
                id="certificate-names",
                severity="warning",
                summary=f"The {place.purpose} does not name {place.host}.",
                evidence=f"{place.where} presents it for {listed(entry.certificate.names) or 'no name'} "
                f"{read_at(context.facts.at)}.",
                why="A client that checks names, as all of Kubernetes does, refuses the member at this address.",
                action=f"Reissue it with {place.host} among its names (kubeadm: etcd.local.serverCertSANs).",
                commands=_commands(entry),
            )


@rule("certificate-untrusted")
def certificate_untrusted(context: RuleContext) -> Iterator[Finding]:
    """A member presents a certificate that no known authority has signed."""
    for entry in context.certificates.entries:
        members = [p for p in entry.places if p.host]
        if entry.trusted is not False or not members:
            continue
        yield Finding(
            id="certificate-untrusted",
            severity="critical",
            summary=f"The {members[0].purpose} is signed by an untrusted CA.",
            evidence=f"{members[0].where} presents {entry.certificate.subject}, signed by {entry.certificate.issuer} "
            f"{read_at(context.facts.at)}.",
            why="It may be a different machine than intended; clients reject it.",
            action="Give the member a certificate of the cluster's CA, or give that CA with --cacert.",
            commands=_commands(entry),
        )


@rule("certificate-key")
def certificate_key(context: RuleContext) -> Iterator[Finding]:
    """The private key beside a certificate file belongs to another certificate."""
    for entry in context.certificates.entries:
        wrong = [p.where for p in entry.places if p.key_fits is False]
        if not wrong:
            continue
        yield Finding(
            id="certificate-key",
            severity="critical",
            summary=f"The key beside the {entry.name} belongs to another certificate.",
            evidence=f"{listed(wrong)} and its key do not match {read_at(context.facts.at)}.",
            why="Components that use them cannot start or restart.",
            action="Restore the matching key, or renew both.",
            commands=_commands(entry),
        )


def _urgency(days: float) -> Severity:
    return "critical" if days <= _VERY_SOON_DAYS else "warning"


def _of(entry: CertificateEntry) -> str:
    places = [p.where for p in entry.places]
    return f"{entry.certificate.subject} ({listed(places[:3])}{' and more' if len(places) > 3 else ''})"


def _how(entry: CertificateEntry) -> str:
    if entry.renew:
        return "Renew it, then restart the member or the component that uses it, one machine at a time."
    if entry.certificate.authority:
        return "A CA is not renewed automatically: create a new one, trust both for a time, and reissue what it signed."
    return "Have its CA reissue it, then restart what uses it."


def _commands(entry: CertificateEntry) -> tuple[str, ...]:
    """kubeadm's where it made the certificate; else one that shows it."""
    if entry.renew:
        return (entry.renew, _KUBEADM)
    where = entry.places[0].where
    if where.startswith("https://"):
        host = where.removeprefix("https://")
        return (f"openssl s_client -connect {host} -showcerts </dev/null | openssl x509 -noout -text",)
    return (f"openssl x509 -noout -text -in {shlex.quote(where)}",)

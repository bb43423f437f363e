"""The parts of the endurance run that need no cluster: certificates that are replaced, the pace of pages, the table."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from etcdview.demo.certificates import ClusterCertificates, Pair
from tools.endure.__main__ import Row, minutes_of, table
from tools.endure.chaos import MINUTE, replace_certificates
from tools.endure.load import pace_seconds


def _public(pair: Pair) -> tuple[bytes, bytes]:
    """The public key of the certificate, and that of the private key."""
    of_cert = x509.load_pem_x509_certificate(pair.cert.read_bytes()).public_key()
    of_key = serialization.load_pem_private_key(pair.key.read_bytes(), None).public_key()
    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    return of_cert.public_bytes(*form), of_key.public_bytes(*form)


def test_every_certificate_is_replaced_and_belongs_to_its_key_and_the_same_authority(tmp_path: Path) -> None:
    certificates = ClusterCertificates(tmp_path, ("one", "two"))
    members = certificates.members.values()
    pairs = [certificates.client, *(pair for files in members for pair in (files.server, files.peer))]
    before = [_public(pair) for pair in pairs]
    files = sorted(tmp_path.rglob("*"))

    replace_certificates(certificates)

    after = [_public(pair) for pair in pairs]
    assert all(cert == key for cert, key in after)
    assert not {cert for cert, _ in before} & {cert for cert, _ in after}
    authority = x509.load_pem_x509_certificate(certificates.authority.files.cert.read_bytes())
    for pair in pairs:
        x509.load_pem_x509_certificate(pair.cert.read_bytes()).verify_directly_issued_by(authority)
        assert pair.key.stat().st_mode & 0o777 == 0o600
    assert sorted(tmp_path.rglob("*")) == files


def test_a_minute_has_each_step_and_is_one() -> None:
    assert {step.what for step in MINUTE} >= {"killed", "paused", "restarted", "certificates replaced"}
    assert sum(step.after_seconds + step.away_seconds for step in MINUTE) == 60


@pytest.mark.parametrize(
    ("page", "seconds"),
    [
        ('<div hx-get="/" hx-trigger="every 5s">', 5.0),
        ('<div hx-get="/a" hx-trigger="every 700ms"><i hx-get="/b" hx-trigger="every 2s">', 0.7),
        ("<p>", 0.7),
    ],
)
def test_a_browser_polls_at_the_pace_of_its_page(page: str, seconds: float) -> None:
    assert pace_seconds(page) == seconds


def test_the_table_has_the_reasons_below_what_fails() -> None:
    assert list(table([Row("writes", "12"), Row("keys of the index", "1 differ", ("b'/a'",))])) == [
        "holds  writes             12",
        "FAILS  keys of the index  1 differ",
        "       b'/a'",
    ]


@pytest.mark.parametrize(
    ("given", "minutes"),
    [({}, 60), ({"MINUTES": "", "HOURS": ""}, 60), ({"HOURS": "8"}, 480), ({"MINUTES": "2.5", "HOURS": "8"}, 2.5)],
)
def test_it_lasts_an_hour_unless_it_is_told_otherwise(given: dict[str, str], minutes: float) -> None:
    assert minutes_of(given) == minutes

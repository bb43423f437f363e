"""The certificates page of a file: what it says where there is nothing to show."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from etcdview.health.certificate_inventory import CertificateInventory
from etcdview.pages.certificates import page as certificates
from etcdview.pages.certificates.page import certificates_page
from tests.unit.pages.registry_of import kv, obj, window_on

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_kubeadm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "collect", lambda _files: ())
    monkeypatch.setattr(certificates, "make_inventory", lambda _found: CertificateInventory((), (), 0))


def test_a_file_on_a_machine_without_kubeadm_says_that_no_certificate_is_known() -> None:
    page = certificates_page(window_on(()), NOW)
    assert page.none == ("No certificates known: a file was opened, and this machine has no kubeadm certificates.")
    assert (page.rows, page.first, page.plain, page.commands) == ((), None, (), ())


def test_a_stored_certificate_that_cannot_be_read_is_named_and_its_key_is_not() -> None:
    secret = obj("Secret", "shop", "tls", type="kubernetes.io/tls", data={"tls.crt": "eA==", "tls.key": "c2VjcmV0"})
    page = certificates_page(window_on([kv("/registry/secrets/shop/tls", secret)]), NOW)
    assert [field.text for field in page.stored.corrupt] == ["tls.crt of Secret shop/tls"]
    assert "c2VjcmV0" not in repr(page)

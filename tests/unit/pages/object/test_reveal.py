"""Revealing one field of a Secret: to whom, of what, and in which form."""

from __future__ import annotations

import base64

import pytest

from etcdview.access.roles import LOCAL, Viewer
from etcdview.errors import ConflictError, DecodeError, DeniedError, NotFoundError, QueryError
from etcdview.pages.object.reveal import SHOWN_BYTES, reveal, reveal_page
from tests.unit.pages.registry_of import REVISION, kv, obj, window_on

SECRET, MAP, BROKEN = b"/registry/secrets/shop/s", b"/registry/configmaps/shop/m", b"/registry/secrets/shop/b"
DATA = {"text": b"hunter2", "bytes": b"\xff\x00", "large": b"x" * (SHOWN_BYTES + 3)}
KVS = (
    kv(SECRET.decode(), obj("Secret", "shop", "s", data={n: base64.b64encode(v).decode() for n, v in DATA.items()})),
    kv(MAP.decode(), obj("ConfigMap", "shop", "m", data={"text": "hunter2"})),
    kv(BROKEN.decode(), b"k8s\0\xff\xff"),
)
OLGA = Viewer("olga", "operator", method="password")


def test_the_page_names_the_fields_and_shows_none() -> None:
    page = reveal_page(window_on(KVS, OLGA), SECRET)
    assert [field.path for field in page.fields] == ["data.text", "data.bytes", "data.large"]
    assert "hunter2" not in repr(page)


@pytest.mark.parametrize("viewer", [LOCAL, Viewer("vera", "viewer", method="password")])
def test_who_may_not_reveal_gets_neither_page_nor_field(viewer: Viewer) -> None:
    with pytest.raises(DeniedError):
        reveal_page(window_on(KVS, viewer), SECRET)
    with pytest.raises(DeniedError):
        reveal(window_on(KVS, viewer), SECRET, "data.text", REVISION)


@pytest.mark.parametrize(
    ("key", "error"),
    [(MAP, QueryError), (BROKEN, DecodeError), (b"/registry/secrets/shop/none", NotFoundError)],
)
def test_what_is_not_a_readable_secret_has_no_page(key: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        reveal_page(window_on(KVS, OLGA), key)


def test_a_field_is_text_or_hexadecimal_and_cut_where_it_is_long() -> None:
    window = window_on(KVS, OLGA)
    text, raw, large = (reveal(window, SECRET, f"data.{name}", REVISION) for name in DATA)
    assert (text.text, text.is_text, text.size_bytes, text.cut_bytes) == ("hunter2", True, 7, 0)
    assert (raw.text, raw.is_text) == ("ff 00", False)
    assert (large.size_bytes, large.cut_bytes) == (SHOWN_BYTES + 3, 3)


def test_a_field_of_another_revision_or_of_no_name_is_not_revealed() -> None:
    window = window_on(KVS, OLGA)
    with pytest.raises(ConflictError):
        reveal(window, SECRET, "data.text", REVISION - 1)
    with pytest.raises(NotFoundError):
        reveal(window, SECRET, "data.none", REVISION)

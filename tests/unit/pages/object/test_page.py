"""The object page: one of five views of a value, and where it leads."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from etcdview.access.roles import Viewer
from etcdview.errors import (
    CompactedError,
    DecodeError,
    DeniedError,
    FutureRevisionError,
    NotFoundError,
    QueryError,
)
from etcdview.pages.object.download import download
from etcdview.pages.object.page import ObjectPage, object_page
from etcdview.pages.object.query import VIEWS, ObjectQuery, View, parse_view
from etcdview.pages.object.views import (
    HEX_LIMIT_BYTES,
    LONG_LIST,
    RawView,
    SummaryView,
    TextView,
    UndecodableView,
    WireView,
)
from tests.unit.pages.registry_of import kv, obj, window_on

NOW = datetime(2026, 11, 23, tzinfo=UTC)
MANAGED = {"managedFields": [{"manager": "kubelet"}, {"manager": "kubectl"}]}
MAP, BROKEN, SECRET, FOREIGN, LARGE = (
    "/registry/configmaps/shop/settings",
    "/registry/configmaps/shop/broken",
    "/registry/secrets/shop/token",
    "/elsewhere/key",
    "/elsewhere/large",
)


def pod_with(many: int) -> dict[str, object]:
    """The spec of a pod with so many mounts, volumes and tolerations."""
    return {
        "containers": [
            {"name": "main", "volumeMounts": [{"name": f"v{n}", "mountPath": f"/{n}"} for n in range(many)]}
        ],
        "volumes": [{"name": f"v{n}", "emptyDir": {}} for n in range(many)],
        "tolerations": [{"key": f"k{n}", "operator": "Exists"} for n in range(many)],
    }


MOUNTED, TOLERANT = "/registry/pods/shop/mounted", "/registry/pods/shop/tolerant"
KVS = (
    kv(MAP, obj("ConfigMap", "shop", "settings", data={"a": "1"}, metadata=MANAGED)),
    kv(BROKEN, b"k8s\0\xff\xff\xff"),
    kv(SECRET, obj("Secret", "shop", "token", data={"password": "aHVudGVyMg=="})),
    kv(FOREIGN, b"not an object"),
    kv(LARGE, b"x" * (HEX_LIMIT_BYTES + 5)),
    kv(MOUNTED, obj("Pod", "shop", "mounted", spec=pod_with(LONG_LIST))),
    kv(TOLERANT, obj("Pod", "shop", "tolerant", spec=pod_with(LONG_LIST + 1))),
)
ANN = Viewer("ann", "admin", method="password")


def page(key: str, view: View = "summary", viewer: Viewer = ANN, **more: bool) -> ObjectPage:
    return object_page(window_on(KVS, viewer), ObjectQuery(key.encode(), view, **more), NOW)


@pytest.mark.parametrize(
    ("view", "made"), list(zip(VIEWS, (SummaryView, TextView, TextView, WireView, RawView), strict=True))
)
def test_a_page_has_the_view_that_its_address_names(view: View, made: type) -> None:
    assert isinstance(page(MAP, view).view, made)


def test_an_unknown_view_is_refused_before_anything_is_read() -> None:
    with pytest.raises(QueryError, match="Unknown view 'hex'"):
        parse_view("hex")
    assert parse_view("") == "summary"


def test_managed_fields_are_folded_unless_they_are_wanted() -> None:
    folded, whole = page(MAP, "yaml").view, page(MAP, "yaml", managed=True).view
    assert isinstance(folded, TextView)
    assert isinstance(whole, TextView)
    assert ("managedFields" in folded.text, folded.folded) == (False, 2)
    assert ("managedFields" in whole.text, whole.folded) == (True, 0)
    assert "managed=1" in folded.managed_href
    assert "managed" not in whole.managed_href


@pytest.mark.parametrize("view", ["summary", "yaml", "json"])
def test_a_value_that_cannot_be_decoded_is_shown_as_bytes_with_the_reason(view: View) -> None:
    shown = page(BROKEN, view).view
    assert isinstance(shown, UndecodableView)
    assert shown.error.what
    assert shown.raw.lines[0].hexadecimal.startswith("6b 38 73 00")


def test_the_bytes_of_a_secret_are_in_no_view() -> None:
    raw, wire = page(SECRET, "raw"), page(SECRET, "wire")
    assert raw.view == RawView((), 0)
    assert wire.view == WireView(())
    assert raw.entry.value == b""
    assert "aHVudGVyMg" not in repr([page(SECRET, view) for view in VIEWS])


def test_only_who_may_reveal_is_led_to_it() -> None:
    assert page(SECRET).links.reveal.startswith("/reveal?key=")
    assert page(SECRET, viewer=Viewer("vera", "viewer", method="password")).links.reveal == ""
    assert page(MAP).links.reveal == ""
    assert page(SECRET).links.raw == ""


def test_a_file_has_nothing_to_poll_for_and_nothing_to_change() -> None:
    links = page(MAP).links
    assert (links.poll, links.edit, links.restore) == ("", "", "")


def test_a_key_that_fits_no_pattern_is_called_by_itself() -> None:
    shown = page(FOREIGN, "raw")
    assert (shown.title, shown.subtitle) == (FOREIGN, "")
    assert [crumb.text for crumb in shown.crumbs] == ["Registry", "/elsewhere/", "key"]


def test_a_long_value_is_cut_and_says_by_how_much() -> None:
    view = page(LARGE, "raw").view
    assert isinstance(view, RawView)
    assert view.cut_bytes == 5
    assert len(view.lines) == HEX_LIMIT_BYTES // 16


def test_a_key_that_never_was_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="does not exist at revision 9"):
        page("/registry/pods/shop/none")


@pytest.mark.parametrize(("revision", "error"), [(3, CompactedError), (12, FutureRevisionError)])
def test_a_dump_has_one_revision_the_older_are_gone_and_the_later_not_written(
    revision: int, error: type[Exception]
) -> None:
    with pytest.raises(error, match="holds revision 9 only"):
        object_page(window_on(KVS), ObjectQuery(MAP.encode(), revision=revision), NOW)


@pytest.mark.parametrize(
    ("key", "form", "error"),
    [(SECRET, "raw", DeniedError), (BROKEN, "yaml", DecodeError), (MAP, "xml", QueryError)],
)
def test_what_cannot_be_downloaded_says_why(key: str, form: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        download(window_on(KVS), key.encode(), form)


def test_a_download_is_named_for_the_object_and_keeps_its_managed_fields() -> None:
    file = download(window_on(KVS), MAP.encode(), "json")
    assert (file.name, file.media_type) == ("settings.json", "application/json")
    assert b"managedFields" in file.content
    assert download(window_on(KVS), FOREIGN.encode(), "raw").name == "_elsewhere_key.bin"


def test_a_label_leads_to_the_objects_of_the_type_that_have_it_and_an_annotation_has_its_value() -> None:
    meta = {"labels": {"app": "web"}, "annotations": {"note": "kept\nin two lines"}}
    window = window_on([kv(MAP, obj("ConfigMap", "shop", "settings", metadata=meta))], ANN)
    view = object_page(window, ObjectQuery(MAP.encode()), NOW).view

    assert isinstance(view, SummaryView)
    found = {section.title: section for section in view.sections}
    labels = next(field for field in found["Object"].fields if field.label == "Labels")
    assert [(chip.text, chip.href) for chip in labels.chips] == [
        ("app=web", "/registry?resource=configmaps&namespace=shop&labels=app%3Dweb")
    ]
    assert [(text.label, text.value) for text in found["Annotations"].texts] == [("note", "kept\nin two lines")]


@pytest.mark.parametrize(("key", "folds"), [(MOUNTED, False), (TOLERANT, True)])
def test_a_long_list_of_mounts_volumes_or_tolerations_is_folded(key: str, folds: bool) -> None:
    view = page(key).view
    assert isinstance(view, SummaryView)
    tolerations = next(f for s in view.sections for f in s.fields if f.label == "Tolerations")

    assert [s.title for s in view.sections if s.is_folded] == (["Mounts", "Volumes"] if folds else [])
    assert len(tolerations.items) == (LONG_LIST + 1 if folds else 0)
    assert tolerations.value.startswith("k0")

"""What must not be seen is not there after masking, wherever it stood."""

from __future__ import annotations

import base64
import json

import pytest

from etcdview.kube.redaction import LAST_APPLIED, Redactor, is_sensitive
from etcdview.kube.resources import BY_PREFIX

PASSWORD = "correct horse battery staple"
ENCODED = base64.b64encode(PASSWORD.encode()).decode()


def secret(**more: object) -> dict[str, object]:
    return {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "db"}, "data": {"password": ENCODED}} | more


def test_a_secrets_values_are_masked_with_their_size() -> None:
    masked = Redactor(b"k").mask(secret(stringData={"user": "admin"}))

    assert ENCODED not in json.dumps(masked)
    assert "admin" not in json.dumps(masked)
    assert masked["data"]["password"].startswith("••• 28 bytes · fingerprint ")
    assert masked["metadata"] == {"name": "db"}


def test_masking_changes_nothing_in_place() -> None:
    original = secret()
    Redactor(b"k").mask(original)

    assert original == secret()


def test_an_annotation_that_repeats_a_secret_is_masked_on_any_kind() -> None:
    applied = json.dumps(secret())
    listed = {"kind": "ConfigMap", "metadata": {"annotations": {LAST_APPLIED: applied, "other": "kept"}}}

    masked = Redactor(b"k").mask(listed)

    assert ENCODED not in json.dumps(masked)
    assert masked["metadata"]["annotations"]["other"] == "kept"


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v1\nkind: Secret\nstringData:\n  password: hunter2\n",
        "kind: 'Secret'",
        json.dumps({"manifest": json.dumps(secret())}),
        json.dumps({"deeper": json.dumps({"manifest": json.dumps(secret())})}),
    ],
)
def test_copies_in_yaml_and_in_texts_within_texts_are_masked(text: str) -> None:
    pod = {"kind": "Pod", "metadata": {"annotations": {"copy": text}}}
    assert Redactor(b"k").mask(pod)["metadata"]["annotations"]["copy"].startswith("•••")


@pytest.mark.parametrize("text", ["kind: SecretStore", '{"kind":"SecretList"}', "secretName: db", "kind: Secretary"])
def test_what_is_only_called_like_a_secret_is_shown(text: str) -> None:
    pod = {"kind": "Pod", "metadata": {"annotations": {"note": text}}}
    assert Redactor(b"k").mask(pod) is pod


def test_what_holds_no_secret_is_given_back_as_it_is() -> None:
    pod = {"kind": "Pod", "metadata": {"name": "web", "annotations": {LAST_APPLIED: '{"kind":"Pod"}'}}}

    assert Redactor(b"k").mask(pod) is pod


def test_equal_values_have_equal_fingerprints_and_another_key_gives_others() -> None:
    one, other = Redactor(b"k"), Redactor(b"l")

    assert one.mask_text(b"x") == one.mask_text(b"x")
    assert one.mask_text(b"x") != one.mask_text(b"y")
    assert one.mask_text(b"x") != other.mask_text(b"x")
    assert "k" not in repr(one).removeprefix("Redactor")


@pytest.mark.parametrize("odd", [None, 7, "text", [], {}])
def test_a_damaged_secret_is_masked_as_far_as_it_goes(odd: object) -> None:
    Redactor(b"k").mask({"kind": "Secret", "metadata": odd, "data": odd})
    masked = Redactor(b"k").mask({"kind": "Secret", "data": {"a": odd}})

    assert masked["data"]["a"].startswith("•••")


def test_bytes_are_sensitive_by_place_or_by_kind() -> None:
    assert is_sensitive(BY_PREFIX["secrets"], "")
    assert is_sensitive(None, "Secret")
    assert not is_sensitive(BY_PREFIX["pods"], "Pod")
    assert not is_sensitive(None, "")

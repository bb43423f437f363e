"""What must not be seen is not there after masking, wherever it stood."""

from __future__ import annotations

import base64
import json

import pytest

from etcdview.kube.redaction import LAST_APPLIED, Redactor, is_sensitive
from etcdview.kube.resources import BY_PREFIX
from etcdview.writes.masks import unmasked

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


HELM = {"owner": "helm", "name": "shop", "status": "deployed"}
EMBEDDED: dict[str, dict[str, object]] = {
    "in a list": {"kind": "List", "items": [secret()]},
    "in a list of Secrets": {"kind": "SecretList", "items": [{"data": {"password": ENCODED}}]},
    "in a custom resource": {"kind": "ManifestWork", "spec": {"workload": {"manifests": [{"a": 1}, secret()]}}},
    "deeper": {"kind": "Object", "spec": {"forProvider": {"manifest": secret(stringData={"password": PASSWORD})}}},
    "in a text": {"kind": "ConfigMap", "data": {"all.yaml": f"apiVersion: v1\nkind: Secret\ndata:\n  p: {ENCODED}\n"}},
    "in a text with an anchor": {
        "kind": "ConfigMap",
        "data": {"a": f"kind: &k Secret\nstringData: {{p: '{PASSWORD}'}}"},
    },
    "in JSON as a text": {"kind": "Pod", "spec": {"containers": [{"args": [json.dumps(secret())]}]}},
    "in JSON in JSON": {"kind": "ConfigMap", "data": {"a": json.dumps({"b": json.dumps(secret())})}},
    "in packed data": {
        "kind": "ConfigMap",
        "binaryData": {"a": base64.b64encode(json.dumps(secret()).encode()).decode()},
    },
    "in Helm's release": {"kind": "ConfigMap", "metadata": {"labels": HELM}, "data": {"release": "H4sI" + ENCODED}},
    "in a template": {"kind": "SealedSecret", "spec": {"template": {"data": {"password": PASSWORD}}}},
    "in a deeper template": {
        "kind": "ExternalSecret",
        "spec": {"target": {"template": {"stringData": {"p": PASSWORD}}}},
    },
    "in a generator": {"kind": "Kustomization", "secretGenerator": [{"name": "s", "literals": [f"p={PASSWORD}"]}]},
    "in a generator's text": {"kind": "ConfigMap", "data": {"k": f"secretGenerator:\n- literals: ['p={PASSWORD}']"}},
}


@pytest.mark.parametrize("where", EMBEDDED)
@pytest.mark.parametrize("form", ["json", "escaped", "unknown"])
def test_a_secret_inside_another_object_is_masked(where: str, form: str) -> None:
    obj = EMBEDDED[where]
    raw = {"json": json.dumps(obj), "escaped": json.dumps(obj).replace("S", "\\u0053"), "unknown": ""}[form].encode()
    before = json.dumps(obj)

    shown = json.dumps(Redactor(b"k").mask(obj, False, raw), ensure_ascii=False)

    assert PASSWORD not in shown
    assert ENCODED not in shown
    assert "••• " in shown
    assert json.dumps(obj) == before


@pytest.mark.parametrize("where", EMBEDDED)
def test_an_editor_gets_the_masks_and_gives_the_values_back(where: str) -> None:
    redactor, obj = Redactor(b"k"), EMBEDDED[where]

    assert unmasked(redactor.mask(obj) | {"more": 1}, obj, redactor) == obj | {"more": 1}


@pytest.mark.parametrize(
    "obj",
    [
        {"kind": "Pod", "spec": {"volumes": [{"secret": {"secretName": "db"}}]}},
        {"kind": "Role", "rules": [{"resources": ["secrets"]}]},
        {"kind": "ServiceAccount", "secrets": [{"kind": "Secret", "name": "db"}]},
        {"kind": "ConfigMap", "data": {"a": "kind: SecretStore\ndata: {}", "b": "the kind: Secret is one"}},
        {"kind": "SealedSecret", "spec": {"encryptedData": {"a": "AgB"}, "template": {"metadata": {"name": "a"}}}},
        {"kind": "ConfigMap", "metadata": {"labels": {"owner": "helm"}}, "data": {"values": "a: 1"}},
        {"kind": "ConfigMap", "binaryData": {"a": "H4sIAAAA"}},
    ],
)
def test_what_only_speaks_of_secrets_is_given_back_as_it_is(obj: dict[str, object]) -> None:
    assert Redactor(b"k").mask(obj, False, json.dumps(obj).encode()) is obj


@pytest.mark.parametrize(
    "copy",
    [PASSWORD, PASSWORD[::-1], ENCODED, ENCODED.rstrip("="), PASSWORD.encode().hex(), PASSWORD.encode().hex().upper(),
     "correct%20horse%20battery%20staple", f"it is {PASSWORD}"],
)  # fmt: skip
@pytest.mark.parametrize("field", ["labels", "annotations"])
def test_copies_in_short_labels_and_annotations_of_a_secret_are_masked(field: str, copy: str) -> None:
    masked = Redactor(b"k").mask(secret(metadata={field: {"copy": copy, "app": "shop"}}))

    assert masked["metadata"][field]["copy"].startswith("••• ")
    assert masked["metadata"][field]["app"] == "shop"

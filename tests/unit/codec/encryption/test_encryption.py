"""Encryption at rest: every provider, any order of keys, and why a value stays closed."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from etcdview.codec import Codec, EncryptionConfig, StorageFormat, load_encryption_config
from etcdview.codec.encryption.ciphers import encrypt
from etcdview.codec.encryption.config import parse_encryption_config
from etcdview.codec.encryption.encrypted_values import prefix
from etcdview.codec.protobuf import wire
from etcdview.errors import DecryptError, SettingError
from tests.unit.codec.building import CONFIG_MAP, stored

KEY = b"/registry/secrets/shop/login"
ONE, TWO = bytes(range(32)), bytes(range(1, 33))
PROVIDERS = ("aescbc", "aesgcm", "secretbox")


def _provider(name: str, *keys: tuple[str, bytes]) -> dict[str, Any]:
    return {name: {"keys": [{"name": n, "secret": base64.b64encode(secret).decode()} for n, secret in keys]}}


def _config(*providers: dict[str, Any], resources: tuple[str, ...] = ("secrets",)) -> EncryptionConfig:
    rule = {"resources": list(resources), "providers": list(providers)}
    return parse_encryption_config({"kind": "EncryptionConfiguration", "resources": [rule]})


def _encrypted(provider: str, name: str, secret: bytes, key: bytes = KEY) -> bytes:
    codec = Codec(encryption=_config(_provider(provider, (name, secret))))
    return codec.encode(CONFIG_MAP, StorageFormat("protobuf", provider, name), key)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("size", [16, 24, 32])
def test_each_provider_opens_what_it_sealed(provider: str, size: int) -> None:
    if provider == "secretbox" and size < 32:
        with pytest.raises(SettingError, match="takes 32"):
            _config(_provider(provider, ("a", ONE[:size])))
        return
    config = _config(_provider(provider, ("a", ONE[:size])))
    value = Codec(encryption=config).encode(CONFIG_MAP, StorageFormat("json", provider, "a"), KEY)
    decoded = Codec(encryption=config).decode(KEY, value)
    assert decoded.object == CONFIG_MAP
    assert decoded.storage == StorageFormat("json", provider, "a", "v1", "ConfigMap")
    assert decoded.plain.startswith(b"{")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_any_order_of_providers_keys_and_rules_will_do(provider: str) -> None:
    value = _encrypted(provider, "b", TWO)
    others = [_provider(p, ("x", ONE), ("b", TWO)) for p in reversed(PROVIDERS)]
    config = _config({"identity": {}}, *others, resources=("*.*",))
    assert Codec(encryption=config).decode(KEY, value).object is not None


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_key_name_may_stand_twice(provider: str) -> None:
    config = _config(_provider(provider, ("a", TWO), ("a", ONE)))
    for _ in range(20):  # with aescbc, a wrong key seems to fit now and then
        assert Codec(encryption=config).decode(KEY, _encrypted(provider, "a", ONE)).object is not None


def test_a_wrong_key_that_seems_to_fit_gives_way_to_the_right_one() -> None:
    """One in 256 wrong keys of aescbc leaves padding that is none by chance."""
    config = _config(_provider("aescbc", *(("a", bytes([i]) * 32) for i in range(255)), ("a", ONE)))
    for _ in range(8):
        assert Codec(encryption=config).decode(KEY, _encrypted("aescbc", "a", ONE)).error is None


def test_an_encrypted_value_inside_another_is_opened_and_named_by_the_outer_one() -> None:
    inner = _encrypted("secretbox", "in", ONE)
    outer_config = _config(_provider("aescbc", ("out", TWO)))
    value = prefix("aescbc", "out") + encrypt("aescbc", TWO, inner, KEY)
    both = _config(_provider("aescbc", ("out", TWO)), _provider("secretbox", ("in", ONE)))
    decoded = Codec(encryption=both).decode(KEY, value)
    assert (decoded.storage.provider, decoded.storage.key_name) == ("aescbc", "out")
    assert decoded.object is not None
    closed = Codec(encryption=outer_config).decode(KEY, value)
    assert (closed.storage.format, closed.object) == ("encrypted", None)


def test_aesgcm_is_bound_to_its_etcd_key() -> None:
    codec = Codec(encryption=_config(_provider("aesgcm", ("a", ONE))))
    value = _encrypted("aesgcm", "a", ONE)
    assert codec.decode(KEY, value).object is not None
    copied = codec.decode(KEY + b"-copy", value)
    assert isinstance(copied.error, DecryptError)
    no_key = codec.decode(b"", value)
    assert no_key.error is not None
    assert "--key" in no_key.error.remedy


@pytest.mark.parametrize("provider", PROVIDERS)
def test_damaged_and_cut_values_stay_closed(provider: str) -> None:
    codec = Codec(encryption=_config(_provider(provider, ("a", ONE))))
    value = _encrypted(provider, "a", ONE)
    for length in range(8, len(value), 7):
        decoded = codec.decode(KEY, value[:length])
        assert decoded.object is None
        assert decoded.storage.format in ("encrypted", "unknown", "protobuf")


def test_a_closed_value_names_provider_and_key_and_what_would_open_it() -> None:
    value = _encrypted("secretbox", "box", ONE)
    decoded = Codec().decode(KEY, value)
    assert decoded.storage == StorageFormat("encrypted", "secretbox", "box")
    assert decoded.error is not None
    assert "secretbox with the key 'box'" in decoded.error.what
    assert "--encryption-config" in decoded.error.remedy
    other = Codec(encryption=_config(_provider("secretbox", ("new", ONE)))).decode(KEY, value)
    assert other.error is not None
    assert "not in the EncryptionConfiguration" in other.error.what
    wrong = Codec(encryption=_config(_provider("secretbox", ("box", TWO)))).decode(KEY, value)
    assert wrong.error is not None
    assert "does not decrypt it" in wrong.error.what


def test_key_names_with_colons_are_found() -> None:
    config = _config(_provider("secretbox", ("a:b", ONE)))
    value = Codec(encryption=config).encode(CONFIG_MAP, StorageFormat("json", "secretbox", "a:b"), KEY)
    assert Codec(encryption=config).decode(KEY, value).storage.key_name == "a:b"


def test_kms_v2_says_which_plugin_and_which_key() -> None:
    body = wire.delimited(1, b"cipher") + wire.text(2, "arn:key/7") + wire.delimited(3, b"dek")
    decoded = Codec().decode(KEY, b"k8s:enc:kms:v2:vault:" + body)
    assert decoded.storage == StorageFormat("encrypted", "kms", "vault")
    assert decoded.error is not None
    assert "kms v2 plugin 'vault' with the key 'arn:key/7'" in decoded.error.what


def test_kms_v1_says_which_plugin_and_damaged_v2_too() -> None:
    for version, body in (("v1", b"\x00\x04abcd"), ("v2", b"\xff\xff")):
        decoded = Codec().decode(KEY, f"k8s:enc:kms:{version}:vault:".encode() + body)
        assert decoded.error is not None
        assert f"the kms {version} plugin 'vault'" in decoded.error.what


@pytest.mark.parametrize(
    "value", [b"k8s:enc:", b"k8s:enc:aescbc", b"k8s:enc:aescbc:v1:", b"k8s:enc:x:v1:k:", b"k8s:enc:::::"]
)
def test_broken_prefixes_are_encrypted_values_too(value: bytes) -> None:
    decoded = Codec(encryption=_config(_provider("aescbc", ("k", ONE)))).decode(KEY, value)
    assert decoded.storage.format == "encrypted"
    assert decoded.error is not None


def test_encoding_for_a_key_that_is_not_there_is_refused() -> None:
    with pytest.raises(DecryptError, match="aescbc has no key 'x'"):
        Codec().encode(CONFIG_MAP, StorageFormat("protobuf", "aescbc", "x"), KEY)


def test_the_same_object_under_each_provider_has_the_same_plain_bytes() -> None:
    for provider in PROVIDERS:
        codec = Codec(encryption=_config(_provider(provider, ("a", ONE))), release="1.36")
        value = codec.encode(CONFIG_MAP, StorageFormat("protobuf", provider, "a"), KEY)
        assert codec.decode(KEY, value).plain == stored(CONFIG_MAP)


@pytest.mark.parametrize(
    ("pattern", "resource", "covered"),
    [
        ("secrets", "secrets", True),
        ("secrets", "configmaps", False),
        ("*.*", "secrets", True),
        ("*.*", "deployments.apps", True),
        ("*.", "secrets", True),
        ("*.", "deployments.apps", False),
        ("*.apps", "deployments.apps", True),
        ("*.apps", "jobs.batch", False),
        ("deployments.apps", "deployments.apps", True),
    ],
)
def test_wildcards_cover_what_the_api_server_says_they_do(pattern: str, resource: str, covered: bool) -> None:
    config = _config({"identity": {}}, resources=(pattern,))
    assert (config.rule_for(resource) is not None) == covered


def test_the_first_rule_that_covers_a_resource_counts() -> None:
    rules = [{"resources": ["secrets"], "providers": [{"identity": {}}]}]
    rules += [{"resources": ["*.*"], "providers": [{"kms": {"name": "vault", "endpoint": "unix:///x"}}]}]
    config = parse_encryption_config({"kind": "EncryptionConfiguration", "resources": rules})
    assert [r.providers for r in (config.rule_for("secrets"), config.rule_for("pods")) if r] == [
        ("identity",),
        ("kms",),
    ]
    assert config.rules[1].kms_names == ("vault",)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "not an EncryptionConfiguration"),
        ("kind: Pod", "not an EncryptionConfiguration"),
        ("kind: EncryptionConfiguration", "no list `resources`"),
        ("a: [", "not valid YAML at line"),
        ("kind: EncryptionConfiguration\nresources: [{resources: [a], providers: [{aescbc: {}}]}]", "no list `keys`"),
        ("kind: EncryptionConfiguration\nresources: [{resources: [a], providers: [{rot13: {}}]}]", "rot13"),
        ("kind: EncryptionConfiguration\nresources: [{resources: [a], providers: [7]}]", "exactly one provider"),
        (
            "kind: EncryptionConfiguration\nresources: [{resources: [a], providers: [{aescbc: {keys: [{name: k}]}}]}]",
            "has 0 bytes",
        ),
    ],
)
def test_a_bad_configuration_names_the_place(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "enc.yaml"
    path.write_text(text)
    with pytest.raises(SettingError) as caught:
        load_encryption_config(path)
    assert complaint in caught.value.what
    assert str(path) in caught.value.what


def test_an_unreadable_configuration_is_a_setting_error(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="cannot be read"):
        load_encryption_config(tmp_path / "none.yaml")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingError, match="cannot be read"):
        load_encryption_config(tmp_path / "binary")


@pytest.mark.parametrize("secret", ["c2VjcmV0LXRleHQ=", "not base64 but secret-text", "[secret-text"])
def test_no_secret_is_ever_in_a_message_or_a_repr(tmp_path: Path, secret: str) -> None:
    path = tmp_path / "enc.yaml"
    path.write_text(
        "kind: EncryptionConfiguration\n"
        f"resources: [{{resources: [a], providers: [{{aescbc: {{keys: [{{name: k, secret: {secret}}}]}}}}]}}]\n"
    )
    with pytest.raises(SettingError) as caught:
        load_encryption_config(path)
    shown = f"{caught.value!r} {caught.value} {caught.value.__cause__!r}"
    assert "secret-text" not in shown
    assert "c2VjcmV0" not in shown
    assert repr(ONE) not in repr(_config(_provider("aescbc", ("k", ONE))))

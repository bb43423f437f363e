"""Encrypted values: k8s:enc:PROVIDER:VERSION:NAME:, then the provider's ciphertext. Opened with the keys there are.

Source: k8s.io/apiserver/pkg/server/options/encryptionconfig/config.go; for kms v2 the EncryptedObject of
k8s.io/apiserver/pkg/storage/value/encrypt/envelope/kmstypes/v2/api.proto.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from etcdview.codec.encryption import ciphers
from etcdview.codec.encryption.config import EncryptionConfig, Key
from etcdview.codec.protobuf import wire
from etcdview.errors import DecryptError

PREFIX = b"k8s:enc:"
# As long as a name in a message may be.
_NAME_LIMIT = 253
_KEY_ID = 2


@dataclass(frozen=True, slots=True)
class EncryptedValue:
    """An encrypted value in its parts. `name` is the key's, or the kms plugin's; "" where the value breaks off."""

    provider: str
    version: str
    name: str
    body: bytes


def split(value: bytes) -> EncryptedValue:
    """The parts of a value that begins with PREFIX."""
    parts = value[len(PREFIX) :].split(b":", 3)
    if len(parts) < 4:
        parts = [*parts[:3], *([b""] * (4 - len(parts[:3])))][:4]
    provider, version, name, body = parts
    return EncryptedValue(_text(provider), _text(version), _text(name), body)


def encrypted_by(value: bytes) -> tuple[str, str]:
    """Provider and key name by the first bytes alone, nothing is opened; two "" for a plain value."""
    if not value.startswith(PREFIX):
        return "", ""
    parts = split(value[: len(PREFIX) + 3 * _NAME_LIMIT])
    return parts.provider, parts.name


def prefix(provider: str, name: str) -> bytes:
    """The prefix of a value encrypted with that provider's key."""
    return PREFIX + f"{provider}:v1:{name}:".encode()


def decrypted(value: bytes, key: bytes, config: EncryptionConfig) -> Iterator[tuple[Key, bytes]]:
    """Each key that opens the value, with the plain value; with aescbc, a wrong one can seem to.

    `key` is the etcd key of the value.
    """
    for candidate in config.all_keys():
        head = prefix(candidate.provider, candidate.name)
        if value.startswith(head):
            plain = ciphers.decrypt(candidate.provider, candidate.secret, value[len(head) :], key)
            if plain is not None:
                yield candidate, plain


def closed(encrypted: EncryptedValue, key: bytes, config: EncryptionConfig) -> DecryptError:
    """Why the value stays closed, and what would open it."""
    if encrypted.provider == "kms":
        return DecryptError(
            f"This value is encrypted by {_kms(encrypted)}.",
            "Its key never leaves the key service: only the API server can read it.",
        )
    if encrypted.provider not in ciphers.PROVIDERS:
        return DecryptError(f"This value is encrypted by {encrypted.provider or 'nobody'}, an unknown provider.")
    by = f"{encrypted.provider} with the key {encrypted.name!r}"
    if not config.rules:
        return DecryptError(
            f"This value is encrypted by {by}.",
            "Give the API server's EncryptionConfiguration (--encryption-config).",
        )
    if not config.candidates(encrypted.provider, encrypted.name):
        return DecryptError(
            f"This value is encrypted by {by}, which is not in the EncryptionConfiguration.",
            "Give the configuration that wrote it.",
        )
    remedy = "The configuration has another secret under that name, or the value is damaged."
    if encrypted.provider == "aesgcm" and not key:
        remedy = "aesgcm binds a value to its etcd key: give it (--key)."
    return DecryptError(f"This value is encrypted by {by}, but the configuration's key does not decrypt it.", remedy)


def _kms(encrypted: EncryptedValue) -> str:
    plugin = f"the kms {encrypted.version} plugin {encrypted.name!r}"
    key_id = _key_id(encrypted.body) if encrypted.version == "v2" else ""
    return f"{plugin} with the key {key_id!r}" if key_id else plugin


def _key_id(body: bytes) -> str:
    try:
        for piece in wire.pieces(body, 0, len(body)):
            if piece.number == _KEY_ID and piece.wire_type == wire.BYTES:
                return _text(body[piece.value_start : piece.end])
    except wire.WireError:
        pass  # then only the plugin is known
    return ""


def _text(part: bytes) -> str:
    return part[:_NAME_LIMIT].decode("utf-8", "backslashreplace")

"""How each provider of encryption at rest encrypts and decrypts a value.

Source: k8s.io/apiserver/pkg/storage/value/encrypt (aes, secretbox).
"""

from __future__ import annotations

import os
from collections.abc import Callable

import nacl.exceptions
import nacl.secret
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_BLOCK = 16
_GCM_NONCE = 12


def decrypt(provider: str, secret: bytes, body: bytes, key: bytes) -> bytes | None:
    """The plain value, or None where this secret does not open it. `key` is the etcd key: aesgcm binds it."""
    return _UNSEAL[provider](secret, body, key)


def encrypt(provider: str, secret: bytes, plain: bytes, key: bytes) -> bytes:
    """The body of an encrypted value, with a new nonce (so it differs each time)."""
    return _ENCRYPT[provider](secret, plain, key)


def _decrypt_cbc(secret: bytes, body: bytes, _: bytes) -> bytes | None:
    iv, encrypted = body[:_BLOCK], body[_BLOCK:]
    if len(iv) < _BLOCK or not encrypted or len(encrypted) % _BLOCK:
        return None
    decryptor = Cipher(algorithms.AES(secret), modes.CBC(iv)).decryptor()
    padded = decryptor.update(encrypted) + decryptor.finalize()
    unpadder = padding.PKCS7(_BLOCK * 8).unpadder()
    try:
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        return None


def _encrypt_cbc(secret: bytes, plain: bytes, _: bytes) -> bytes:
    iv = os.urandom(_BLOCK)
    padder = padding.PKCS7(_BLOCK * 8).padder()
    encryptor = Cipher(algorithms.AES(secret), modes.CBC(iv)).encryptor()
    return iv + encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()


def _decrypt_gcm(secret: bytes, body: bytes, key: bytes) -> bytes | None:
    if len(body) < _GCM_NONCE + _BLOCK:
        return None
    try:
        return AESGCM(secret).decrypt(body[:_GCM_NONCE], body[_GCM_NONCE:], key)
    except InvalidTag:
        return None


def _encrypt_gcm(secret: bytes, plain: bytes, key: bytes) -> bytes:
    nonce = os.urandom(_GCM_NONCE)
    return nonce + AESGCM(secret).encrypt(nonce, plain, key)


def _decrypt_box(secret: bytes, body: bytes, _: bytes) -> bytes | None:
    try:
        return nacl.secret.SecretBox(secret).decrypt(body)
    except (nacl.exceptions.CryptoError, ValueError):
        return None


def _encrypt_box(secret: bytes, plain: bytes, _: bytes) -> bytes:
    return bytes(nacl.secret.SecretBox(secret).encrypt(plain))


# Bytes of secret that each provider takes.
PROVIDERS: dict[str, tuple[int, ...]] = {"aescbc": (16, 24, 32), "aesgcm": (16, 24, 32), "secretbox": (32,)}
_UNSEAL: dict[str, Callable[[bytes, bytes, bytes], bytes | None]] = {
    "aescbc": _decrypt_cbc,
    "aesgcm": _decrypt_gcm,
    "secretbox": _decrypt_box,
}
_ENCRYPT: dict[str, Callable[[bytes, bytes, bytes], bytes]] = {
    "aescbc": _encrypt_cbc,
    "aesgcm": _encrypt_gcm,
    "secretbox": _encrypt_box,
}

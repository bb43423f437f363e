"""Hashes of passwords (argon2id, slow on purpose) and of tokens (SHA-256: they are random enough)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from etcdview.errors import UsageError

MIN_PASSWORD = 10
MAX_PASSWORD = 1024
TOKEN_PREFIX = "etcdview"  # noqa: S105  (not a secret: it lets scanners of leaked secrets know one of ours)
# One hash takes 64 MiB for a tenth of a second: many at once would be an attack of their own.
_AT_ONCE = threading.BoundedSemaphore(2)
_HASHER = PasswordHasher()
# The hash of no password. Unknown names are checked against it, so that both answers take equally long.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$4pj60uJepGida1CIcLzeiA$IO3LXSn5VoL+GwnIJzo+t7evF3+xxiqlx2NolPomh00"


@dataclass(frozen=True, slots=True)
class Token:
    """An API token in its two parts: `id` finds it, the hash of `secret` proves it."""

    id: str
    secret: str

    def __repr__(self) -> str:
        return f"Token({self.id!r})"

    def __str__(self) -> str:
        return f"{TOKEN_PREFIX}_{self.id}_{self.secret}"


def hash_password(password: str) -> str:
    """The hash to keep. Raises UsageError for a password that is too short."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise UsageError(
            f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters.", "A few words in a row are easily kept."
        )
    return _HASHER.hash(password)


def password_is(password: str, kept: str | None) -> bool:
    """Whether `password` is the one of the hash; takes as long where there is no hash (None, or "")."""
    with _AT_ONCE:
        try:
            _HASHER.verify(kept or _NOBODY, password[: MAX_PASSWORD + 1])
        except (VerificationError, InvalidHashError):
            return False
    return bool(kept)


def new_token() -> Token:
    """A token of 256 random bits."""
    return Token(secrets.token_hex(6), secrets.token_urlsafe(32).replace("_", "-"))


def read_token(text: str) -> Token | None:
    """The token in what a client sent; None for what is none."""
    prefix, _, rest = text.strip().partition("_")
    name, _, secret = rest.partition("_")
    return Token(name, secret) if prefix == TOKEN_PREFIX and name and secret and len(text) < 200 else None


def hash_token(token: Token) -> str:
    """The hash to keep."""
    return hashlib.sha256(token.secret.encode()).hexdigest()


def token_is(token: Token, kept: str) -> bool:
    """Whether `token` is the one of the hash."""
    return hmac.compare_digest(hash_token(token), kept)

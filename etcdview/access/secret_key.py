"""The secret key: signs sessions and makes fingerprints. Each use derives its own key from the one setting."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace

from etcdview.config import Settings
from etcdview.errors import SettingError

MIN_CHARACTERS = 32


def with_secret_key(settings: Settings) -> Settings:
    """The settings with a secret key: the one given, or a random one. Call it before workers are forked: they share it.

    Raises SettingError for one that is too short.
    """
    if not settings.secret_key:
        return replace(settings, secret_key=secrets.token_hex(32))
    if len(settings.secret_key) < MIN_CHARACTERS:
        raise SettingError(
            f"The secret key has fewer than {MIN_CHARACTERS} characters: it could be guessed.",
            "Make one with: python3 -c 'import secrets; print(secrets.token_hex(32))'",
        )
    return settings


def derived(settings: Settings, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose. Keys of different purposes are independent of each other."""
    key = hashlib.sha256(settings.secret_key.encode()).digest()
    return hashlib.blake2b(purpose.encode(), key=key, digest_size=32).digest()

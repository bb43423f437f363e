"""The API server's EncryptionConfiguration: which keys there are, and for which resources.

Its secrets stay out of every message and repr.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from etcdview.codec.encryption.ciphers import PROVIDERS
from etcdview.errors import SettingError
from etcdview.kube.yaml_text import read_yaml_file

_REMEDY = "Give the file that kube-apiserver gets as --encryption-provider-config."


@dataclass(frozen=True, slots=True)
class Key:
    """One key of one provider."""

    provider: str
    name: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ResourceRule:
    """What one entry of `resources` says: for these resources ("secrets", "*.apps", "*.*") the first provider
    writes, and all read. A provider is aescbc, aesgcm, secretbox, kms or identity."""

    resources: tuple[str, ...]
    providers: tuple[str, ...]
    keys: tuple[Key, ...]
    kms_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EncryptionConfig:
    """All rules of a file, in its order."""

    rules: tuple[ResourceRule, ...] = ()

    def all_keys(self) -> tuple[Key, ...]:
        """All keys, whichever rule has them: a value may have been written under an earlier one."""
        return tuple(dict.fromkeys(key for rule in self.rules for key in rule.keys))

    def candidates(self, provider: str, name: str) -> tuple[Key, ...]:
        """The keys of that provider and name: a name may stand twice."""
        return tuple(key for key in self.all_keys() if (key.provider, key.name) == (provider, name))

    def rule_for(self, resource: str) -> ResourceRule | None:
        """The first rule that covers "secrets" or "deployments.apps", as the API server chooses it."""
        return next((rule for rule in self.rules if any(_covers(r, resource) for r in rule.resources)), None)

    def writer(self, resource: str) -> tuple[str, str]:
        """Provider and key name that the API server writes this resource with; two "" for plain."""
        rule = self.rule_for(resource)
        provider = rule.providers[0] if rule is not None and rule.providers else "identity"
        if rule is None or provider == "identity":
            return "", ""
        names = rule.kms_names if provider == "kms" else [key.name for key in rule.keys if key.provider == provider]
        return provider, names[0] if names else ""


def _covers(pattern: str, resource: str) -> bool:
    if pattern == "*.*" or pattern == resource:
        return True
    group = resource.partition(".")[2]
    return pattern.startswith("*.") and pattern[2:] == group


def load_encryption_config(path: Path) -> EncryptionConfig:
    """Read an EncryptionConfiguration. Raises SettingError that names the place, never the key."""
    try:
        raw = read_yaml_file(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise SettingError(f"{path} cannot be read: {reason}.", _REMEDY) from None
    except ValueError as error:
        raise SettingError(f"{path} cannot be used: {error}.", _REMEDY) from None
    try:
        return parse_encryption_config(raw)
    except SettingError as error:
        raise SettingError(f"{path}: {error.what}", error.remedy) from None


def parse_encryption_config(raw: Any) -> EncryptionConfig:
    """The configuration in parsed YAML. Raises SettingError."""
    if not isinstance(raw, dict) or raw.get("kind") not in ("EncryptionConfiguration", "EncryptionConfig"):
        raise SettingError("This is not an EncryptionConfiguration.", _REMEDY)
    rules = _list(raw, "resources", "the file")
    return EncryptionConfig(tuple(_rule(rule, f"resources[{i}]") for i, rule in enumerate(rules)))


def _rule(raw: Any, where: str) -> ResourceRule:
    resources = tuple(str(r) for r in _list(raw, "resources", where))
    providers: list[str] = []
    keys: list[Key] = []
    kms_names: list[str] = []
    for i, entry in enumerate(_list(raw, "providers", where)):
        place = f"{where}.providers[{i}]"
        if not isinstance(entry, dict) or len(entry) != 1:
            raise SettingError(f"{place} must name exactly one provider.", _REMEDY)
        name, settings = next(iter(entry.items()))
        if name not in (*PROVIDERS, "kms", "identity"):
            raise SettingError(f"{place} is an unknown provider: {str(name)[:40]}.", _REMEDY)
        providers.append(name)
        if name in PROVIDERS:
            keys.extend(_keys(name, settings, f"{place}.{name}"))
        elif name == "kms" and isinstance(settings, dict):
            kms_names.append(str(settings.get("name", "")))
    return ResourceRule(resources, tuple(providers), tuple(keys), tuple(kms_names))


def _keys(provider: str, settings: Any, where: str) -> Iterator[Key]:
    for i, raw in enumerate(_list(settings, "keys", where)):
        place = f"{where}.keys[{i}]"
        if not isinstance(raw, dict) or not raw.get("name"):
            raise SettingError(f"{place} has no name.", _REMEDY)
        yield Key(provider, str(raw["name"]), _secret(provider, raw.get("secret"), place))


def _secret(provider: str, text: Any, where: str) -> bytes:
    try:
        secret = base64.b64decode(str(text or ""), validate=True)
    except (ValueError, binascii.Error):
        raise SettingError(f"The secret of {where} is not valid base64.", _REMEDY) from None
    sizes = PROVIDERS[provider]
    if len(secret) not in sizes:
        wanted = " or ".join(str(size) for size in sizes)
        raise SettingError(f"The secret of {where} has {len(secret)} bytes; {provider} takes {wanted}.", _REMEDY)
    return secret


def _list(raw: Any, name: str, where: str) -> list[Any]:
    found = raw.get(name) if isinstance(raw, dict) else None
    if not isinstance(found, list):
        raise SettingError(f"{where} has no list `{name}`.", _REMEDY)
    return found

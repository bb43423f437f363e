"""How a new value is stored: as the API server would, as far as the EncryptionConfiguration and the kind tell."""

from __future__ import annotations

from typing import Any

from etcdview.codec import Codec, StorageFormat
from etcdview.errors import EncodeError
from etcdview.kube.keys import ObjectKey

FORMATS = ("protobuf", "json", "cbor")


def new_form(codec: Codec, object_key: ObjectKey | None, obj: dict[str, Any], form: str = "") -> StorageFormat:
    """The form of a new value of this kind; `form` is one of FORMATS, "" for the API server's choice.

    Raises EncodeError where the API server would encrypt it with a key that is out of reach.
    """
    api_version, kind = str(obj.get("apiVersion", "")), str(obj.get("kind", ""))
    if form not in ("", *FORMATS):
        raise EncodeError(f"Unknown storage format {form[:20]!r}.", f"Choose {', '.join(FORMATS)}.")
    chosen: Any = form or ("protobuf" if codec.stores_as_protobuf(api_version, kind) else "json")
    provider, name = _encryption(codec, object_key)
    return StorageFormat(chosen, provider, name, api_version, kind)


def _encryption(codec: Codec, object_key: ObjectKey | None) -> tuple[str, str]:
    """Provider and key name that the API server writes values of this type with; both "" for none."""
    rule = codec.encryption.rule_for(object_key.resource.qualified) if object_key else None
    provider = rule.providers[0] if rule and rule.providers else "identity"
    if rule is None or provider == "identity":
        return "", ""
    key = next((key for key in rule.keys if key.provider == provider), None)
    if key is None:
        raise EncodeError(
            f"The API server encrypts values of this type with {provider}: its key is not available.",
            "Create the object through the API server.",
        )
    return provider, key.name

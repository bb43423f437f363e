"""Bytes -> object: envelope, protobuf by the schema table, JSON, CBOR, encryption at rest; and the way back.

Only this package knows how stored bytes look. It imports no neighbour (stores, tables, health) and reads no network.
"""

from etcdview.codec import answers
from etcdview.codec.codec import Codec, wire_tree
from etcdview.codec.encryption.config import EncryptionConfig, load_encryption_config
from etcdview.codec.encryption.encrypted_values import encrypted_by
from etcdview.codec.model import Decoded, Detail, Excerpt, StorageFormat, UnknownField, WireNode
from etcdview.codec.outline import Outline
from etcdview.codec.protobuf.schema import Schema, SchemaField, schema
from etcdview.codec.stored_text import StoredText, why_decoded
from etcdview.codec.text.json import json_list, to_json
from etcdview.codec.text.yaml import to_yaml, yaml_list

__all__ = [
    "Codec",
    "Decoded",
    "Detail",
    "EncryptionConfig",
    "Excerpt",
    "Outline",
    "Schema",
    "SchemaField",
    "StorageFormat",
    "StoredText",
    "UnknownField",
    "WireNode",
    "answers",
    "encrypted_by",
    "json_list",
    "load_encryption_config",
    "schema",
    "to_json",
    "to_yaml",
    "why_decoded",
    "wire_tree",
    "yaml_list",
]

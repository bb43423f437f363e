"""The etcdctl commands that make the same change: one transaction, with the same comparison."""

from __future__ import annotations

import shlex

from etcdview.codec import StorageFormat
from etcdview.kube.keys import shell_word

# A longer value makes no command that anybody wants to read.
MAX_VALUE_BYTES = 64 * 1024
_PRINTABLE = frozenset(range(0x20, 0x7F)) - {ord('"'), ord("\\")}


def put(key: bytes, value: bytes, mod_revision: int, lease: int = 0) -> str:
    """The transaction that puts the value; "" for one that is too long."""
    if len(value) > MAX_VALUE_BYTES:
        return ""
    on_lease = f" --lease={lease:x}" if lease else ""
    return _transaction(key, mod_revision, f"put{on_lease} {quoted(key)} {quoted(value)}")


def encode_and_put(key: bytes, storage: StorageFormat, mod_revision: int) -> str:
    """The same from a file, without the comparison: what is left for long values and for Secrets."""
    name = shell_word(key)
    flags = f"--key {name} --format {storage.format}"
    if storage.provider:
        flags += f" --provider {storage.provider} --key-name {shlex.quote(storage.key_name)} --encryption-config FILE"
    look = f"etcdctl get {name} -w fields | grep ModRevision" if mod_revision else f"etcdctl get {name} --keys-only"
    return f"{look}   # {mod_revision or 'nothing'}?\netcdview encode {flags} object.yaml | etcdctl put {name}"


def delete(key: bytes, mod_revision: int) -> str:
    """The transaction that deletes the key."""
    return _transaction(key, mod_revision, f"del {quoted(key)}")


def delete_prefix(prefix: bytes) -> str:
    """What deletes all of them, whatever has become of them."""
    return f"etcdctl del --prefix {shell_word(prefix)}"


def quoted(raw: bytes) -> str:
    """The bytes as Go's %q and etcdctl read them: in double quotes, on one line."""
    return '"' + "".join(chr(b) if b in _PRINTABLE else f"\\x{b:02x}" for b in raw) + '"'


def _transaction(key: bytes, mod_revision: int, change: str) -> str:
    return f"etcdctl txn <<'EOF'\nmod({quoted(key)}) = \"{mod_revision}\"\n\n{change}\n\n\nEOF"

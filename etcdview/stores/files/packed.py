"""Archives and compressed files, told apart by how they begin: what they are, and the command that unpacks them."""

from __future__ import annotations

from dataclasses import dataclass

TAR_AT = 257  # where "ustar" stands in the header of a tar archive


@dataclass(frozen=True, slots=True)
class Packing:
    """A form that is not read as it is: `what` it is, behind "is", and the `command` that unpacks FILE."""

    what: str
    command: str


_FORMS = (
    (0, b"PK\x05\x06", Packing("an empty zip archive", "unzip FILE")),
    (0, b"\xfd7zXZ\0", Packing("compressed with xz", "xz -dk FILE")),
    (0, b"BZh", Packing("compressed with bzip2", "bunzip2 -k FILE")),
    (0, b"\x04\x22\x4d\x18", Packing("compressed with lz4", "lz4 -d FILE")),
    (0, b"7z\xbc\xaf\x27\x1c", Packing("a 7-Zip archive", "7z x FILE")),
    (TAR_AT, b"ustar", Packing("a tar archive", "tar -xf FILE")),
)
GZIPPED_TAR = Packing("a tar archive compressed with gzip", "tar -xzf FILE")


def packing_of(head: bytes, *, gzipped: bool = False) -> Packing | None:
    """What a file that begins so is packed in; None for what is not packed. `head` is unpacked already if `gzipped`."""
    found = next((form for at, magic, form in _FORMS if head[at : at + len(magic)] == magic), None)
    if not gzipped:
        return found
    return GZIPPED_TAR if found is not None and "tar" in found.what else None

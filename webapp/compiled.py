"""Compiled templates, kept where Python keeps our compiled modules: the first page does not wait for Jinja.

Anyone who can write there can change our modules as well, so it needs no further trust.
"""

from __future__ import annotations

import contextlib
import hashlib
import sys
from importlib.util import cache_from_source
from pathlib import Path

import jinja2
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket


class KeptTemplates(BytecodeCache):
    """In `folder`, by default this module's __pycache__. What is damaged, or made in another way, is made anew.

    As with modules, nothing is written where Python was told not to (PYTHONDONTWRITEBYTECODE), and a folder that is
    read-only, full or gone is not a failure.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or Path(cache_from_source(__file__)).parent

    def load_bytecode(self, bucket: Bucket) -> None:
        """Jinja asks for the code of a template here."""
        with contextlib.suppress(OSError):
            kept = self._path(bucket).read_bytes()
            size = hashlib.sha256().digest_size
            if kept[:size] == _sum(bucket, kept[size:]):
                bucket.bytecode_from_string(kept[size:])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Jinja gives the code of a template here. Half of it is told from all by the sum, so no lock is needed."""
        if sys.dont_write_bytecode:
            return
        code = bucket.bytecode_to_string()
        with contextlib.suppress(OSError):
            self._folder.mkdir(exist_ok=True)
            self._path(bucket).write_bytes(_sum(bucket, code) + code)

    def _path(self, bucket: Bucket) -> Path:
        return self._folder / f"template-{bucket.key}.{sys.implementation.cache_tag}.cache"


def _sum(bucket: Bucket, code: bytes) -> bytes:
    """Of the code and of all that shapes it; the template's text Jinja looks after itself."""
    made = bucket.environment
    how = (
        jinja2.__version__,
        made.trim_blocks,
        made.lstrip_blocks,
        made.autoescape,
        sorted(made.filters),
        sorted(made.extensions),
        made.finalize is None,
    )
    return hashlib.sha256(repr(how).encode() + code).digest()

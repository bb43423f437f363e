"""Decoded objects of a store: type by type, one by one, or those that surround one. What pages and commands read.

Everything of one answer is read at one revision, and what must not be seen is masked before anything else sees it.
"""

from __future__ import annotations

from etcdview.objects.reading import Mask, ObjectRow, Objects
from etcdview.objects.surroundings import Surroundings, key_of, surroundings

__all__ = ["Mask", "ObjectRow", "Objects", "Surroundings", "key_of", "surroundings"]

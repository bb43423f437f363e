"""From a reference to an address: the object page of what another object names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from etcdview.cluster.window import Window
from etcdview.objects import key_of
from etcdview.pages.parts.addresses import object_href
from etcdview.relations import Ref, references


@dataclass(frozen=True, slots=True)
class Link:
    """A text that leads to an object page; `href` is "" where nothing is stored of it (users, groups)."""

    text: str
    href: str


def ref_href(window: Window, ref: Ref) -> str:
    """The object page of `ref`; "" for a kind that this registry does not store, and outside of the viewer's role."""
    key = key_of(ref, window.definitions, window.keyspace) if ref.name else None
    return object_href(key) if key is not None and window.permits(key) else ""


def is_outside(window: Window, ref: Ref) -> bool:
    """Whether the viewer's role does not cover the object, so that nothing is known of it."""
    key = key_of(ref, window.definitions, window.keyspace) if ref.name else None
    return key is not None and not window.permits(key)


def named_links(window: Window, obj: dict[str, Any], hrefs: dict[Ref, str]) -> dict[str, Link]:
    """What the object names, by the bare name: owners, node, account, claims, config maps, secrets.

    `hrefs` are the addresses so far, of which the objects of one table share many.
    """
    found: dict[str, Link] = {}
    for reference in references(obj):
        ref = reference.ref
        if ref not in hrefs:
            hrefs[ref] = ref_href(window, ref)
        if hrefs[ref] and ref.name not in found:
            found[ref.name] = Link(f"{ref.kind}/{ref.name}", hrefs[ref])
    return found

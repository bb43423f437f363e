"""The details of one object beside the list that it is in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from etcdview.cluster.window import Window
from etcdview.errors import EtcdviewError
from etcdview.kube.keys import show
from etcdview.pages.object.page import ObjectPage, object_page
from etcdview.pages.object.query import ObjectQuery
from etcdview.pages.parts.addresses import object_href


@dataclass(frozen=True, slots=True)
class Drawer:
    """The summary of an object's page, or the `problem` in its place: the list beside it goes on without it."""

    key: str
    object_href: str
    close_href: str
    object: ObjectPage | None
    problem: EtcdviewError | None = None


def drawer(window: Window, key: bytes, list_href: str, now: datetime) -> Drawer:
    """The details of `key`, which close to `list_href`."""
    try:
        return Drawer(show(key), object_href(key), list_href, object_page(window, ObjectQuery(key), now))
    except EtcdviewError as error:
        return Drawer(show(key), object_href(key), list_href, None, error)

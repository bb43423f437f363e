"""The object page: one key's value decoded, how it is stored, and etcd's own facts about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from etcdview.cluster.consistent_store import how_read
from etcdview.cluster.window import Entry, Window
from etcdview.index.base import Freshness
from etcdview.kube.keys import show
from etcdview.pages.object.entry import ObjectAnswer, crumbs_of, read_entry, title_of
from etcdview.pages.object.query import VIEWS, ObjectQuery, View, with_changes
from etcdview.pages.object.views import ObjectView, view_of
from etcdview.pages.parts import commands
from etcdview.pages.parts.addresses import Crumb, key_href
from etcdview.pages.parts.commands import Command
from etcdview.pages.parts.writable import may_write

TAB_NAMES: dict[View, str] = {"summary": "Summary", "yaml": "YAML", "json": "JSON", "wire": "Wire", "raw": "Raw"}


@dataclass(frozen=True, slots=True)
class Tab:
    """One way to look at the value."""

    name: str
    text: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class ObjectLinks:
    """Where the page leads. "" for what this viewer may not do, or what there is nothing of.

    `poll`: where an open page asks for news; only the newest value of a live store has any.
    """

    newest: str
    yaml: str
    json: str
    raw: str
    history: str
    reveal: str
    edit: str
    restore: str
    poll: str


@dataclass(frozen=True, slots=True)
class ObjectPage:
    """One key at one revision, read as `how` says, in one of five views.

    `release` is the Kubernetes release that it is decoded as, "" where none is known; `release_why` what tells it.
    """

    crumbs: tuple[Crumb, ...]
    freshness: Freshness
    query: ObjectQuery
    key: str
    title: str
    subtitle: str
    entry: Entry
    revision: int
    how: str
    release: str
    release_why: str
    tabs: tuple[Tab, ...]
    commands: tuple[Command, ...]
    links: ObjectLinks
    view: ObjectView


def object_page(window: Window, query: ObjectQuery, now: datetime) -> ObjectPage:
    """The page for `query`; raises what read_entry raises."""
    answer = read_entry(window, query.key, query.revision)
    entry = answer.entry
    release, why = window.cluster.releases.words()
    return ObjectPage(
        crumbs=crumbs_of(entry, f"revision {query.revision}" if query.revision else ""),
        freshness=window.index.freshness(),
        query=query,
        key=show(query.key),
        title=title_of(entry),
        subtitle=_subtitle(entry),
        entry=entry,
        revision=answer.revision,
        how=how_read(window.cluster.store.live, answer.serializable),
        release=release,
        release_why=why,
        tabs=tuple(Tab(v, TAB_NAMES[v], with_changes(query, view=v), v == query.view) for v in VIEWS),
        commands=commands.for_object(query.key, entry.object_key, query.revision),
        links=_links(window, query, answer),
        view=view_of(window, query, answer, now),
    )


def _links(window: Window, query: ObjectQuery, answer: ObjectAnswer) -> ObjectLinks:
    key, revision, hidden = query.key, query.revision, answer.entry.hidden
    writable = may_write(window, key)
    polls = window.cluster.store.live and not revision
    return ObjectLinks(
        newest=with_changes(query, revision=""),
        yaml=key_href("/download", key, format="yaml", revision=revision),
        json=key_href("/download", key, format="json", revision=revision),
        raw="" if hidden else key_href("/download", key, format="raw", revision=revision),
        history=key_href("/history", key),
        reveal=key_href("/reveal", key) if hidden and window.viewer.may("reveal") else "",
        edit=key_href("/edit", key) if writable and not revision else "",
        restore=key_href("/restore", key, revision=revision) if writable and revision else "",
        poll=with_changes(query, since=str(answer.revision)) if polls else "",
    )


def _subtitle(entry: Entry) -> str:
    storage, object_key = entry.decoded.storage, entry.object_key
    where = f"in {object_key.namespace}" if object_key and object_key.namespace else ""
    return " · ".join(part for part in (storage.kind, storage.api_version, where) if part)

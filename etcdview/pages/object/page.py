"""The object page: one key's value decoded, how it is stored, and etcd's own facts about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from etcdview.cluster.consistent_store import how_read
from etcdview.cluster.window import Entry, Window
from etcdview.errors import CompactedError, DeletedError, NotFoundError
from etcdview.index.base import Freshness
from etcdview.kube.distributions import Distribution
from etcdview.kube.identity import misnamed
from etcdview.kube.keys import show
from etcdview.kube.release import Witness
from etcdview.models import Range
from etcdview.pages.object import past
from etcdview.pages.object.entry import ObjectAnswer, crumbs_of, is_secret, read_entry, subtitle_of, title_of
from etcdview.pages.object.plain import is_foreign
from etcdview.pages.object.query import ObjectQuery, with_changes
from etcdview.pages.object.tabs import Tab, tabs_of
from etcdview.pages.object.views import ObjectView, view_of
from etcdview.pages.parts import commands
from etcdview.pages.parts.addresses import Crumb, key_href
from etcdview.pages.parts.commands import Command
from etcdview.pages.parts.writable import may_write
from etcdview.stores.routed import revision_of


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
    delete: str
    restore: str
    poll: str


@dataclass(frozen=True, slots=True)
class DeletedKey:
    """The revision at which a key that does not exist was deleted; `seen` when, where a watch saw it, "" else."""

    revision: int
    seen: str


@dataclass(frozen=True, slots=True)
class ObjectPage:
    """One key at one revision, read as `how` says, in one of five views.

    `deleted`: the key does not exist now; without a revision in the query this is its last value then.
    `newest`: nothing has been written to the key since.

    `release` is the Kubernetes release that it is decoded as, "" where none is known; `release_why` what tells it.
    `release_ranked` is all that says a release, the best first; `distributions` which distribution of Kubernetes it is.
    `misnamed` is what the object calls itself, where its key says otherwise.
    """

    crumbs: tuple[Crumb, ...]
    freshness: Freshness
    query: ObjectQuery
    key: str
    title: str
    subtitle: str
    entry: Entry
    deleted: DeletedKey | None
    newest: bool
    revision: int
    how: str
    release: str
    release_why: str
    release_ranked: tuple[Witness, ...]
    distributions: tuple[Distribution, ...]
    misnamed: str
    tabs: tuple[Tab, ...]
    commands: tuple[Command, ...]
    links: ObjectLinks
    view: ObjectView


def object_page(window: Window, query: ObjectQuery, now: datetime) -> ObjectPage:
    """The page for `query`, or of the last value of a key that was deleted; raises what read_entry raises."""
    known_to = revision_of(window.index.freshness().revision, window.cluster.etcd_of(query.key))
    answer, deleted, newest = _read(window, query)
    entry = answer.entry
    at = query.revision or (entry.meta.mod_revision if deleted else 0)
    releases, named = window.cluster.releases, window.viewer.scope.whole
    release, why = releases.words(named=named)
    return ObjectPage(
        crumbs=crumbs_of(entry, f"revision {query.revision}" if query.revision else ""),
        freshness=window.index.freshness(),
        query=query,
        key=show(query.key),
        title=title_of(entry),
        subtitle=subtitle_of(entry),
        entry=entry,
        deleted=deleted,
        newest=newest,
        revision=answer.revision,
        how=how_read(window.cluster.store.live, answer.serializable),
        release="" if is_foreign(entry) else release,
        release_why=why,
        release_ranked=releases.ranked(named=named),
        distributions=() if is_foreign(entry) else releases.distributions(named=named),
        misnamed=misnamed(entry.object_key, entry.object),
        tabs=tabs_of(query, query.view),
        commands=commands.for_object(query.key, entry.object_key, at),
        links=_links(window, query, answer, at, known_to if deleted else answer.revision),
        view=view_of(window, query, answer, now),
    )


def _read(window: Window, query: ObjectQuery) -> tuple[ObjectAnswer, DeletedKey | None, bool]:
    """The value, whether the key has been deleted since, and whether the value is still the newest."""
    key = query.key
    if not query.revision:
        try:
            return read_entry(window, key), None, True
        except DeletedError as error:
            return _last_value(window, error), _deletion(window, key, error.revision), True
    answer = read_entry(window, key, query.revision)
    now = window.store.range(Range(key, keys_only=True))
    if now.kvs:
        return answer, None, now.kvs[0].mod_revision == answer.entry.meta.mod_revision
    return answer, _deletion(window, key, past.deletion_before(window, key, now.revision)), False


def _deletion(window: Window, key: bytes, revision: int) -> DeletedKey:
    return DeletedKey(revision, past.seen_deleted(window, key, revision))


def _last_value(window: Window, error: DeletedError) -> ObjectAnswer:
    """The value before the deletion. Raises NotFoundError where it no longer exists."""
    try:
        return read_entry(window, error.key, error.revision - 1)
    except CompactedError as gone:
        raise NotFoundError(error.what, "etcd has dropped its last value: that revision is compacted.") from gone


def _links(window: Window, query: ObjectQuery, answer: ObjectAnswer, at: int, since: int) -> ObjectLinks:
    """`at`: the revision that the value must be asked for by; 0 for the newest of a key that exists.

    `since`: an open page asks for what came after it.
    """
    key, hidden = query.key, answer.entry.hidden
    writable = may_write(window, key)
    polls = window.cluster.store.live and not query.revision
    return ObjectLinks(
        newest=with_changes(query, revision=""),
        yaml=key_href("/download", key, format="yaml", revision=at),
        json=key_href("/download", key, format="json", revision=at),
        raw="" if hidden else key_href("/download", key, format="raw", revision=at),
        history=key_href("/history", key),
        reveal=key_href("/reveal", key) if is_secret(answer.entry) and not at and window.viewer.may("reveal") else "",
        edit=key_href("/edit", key) if writable and not at else "",
        delete=key_href("/delete", key) if writable and not at else "",
        restore=key_href("/restore", key, revision=at) if writable and at else "",
        poll=with_changes(query, since=str(since)) if polls else "",
    )

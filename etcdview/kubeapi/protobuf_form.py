"""Objects and lists as Kubernetes' protobuf: the stored bytes where they are what is served, else written anew."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from typing import IO

from etcdview.cluster.kept_items import FinishedItem
from etcdview.cluster.window import Entry, Window
from etcdview.codec import answers
from etcdview.errors import EncodeError
from etcdview.kube.fields import items
from etcdview.kube.keys import show
from etcdview.kubeapi.accept import PROTOBUF
from etcdview.kubeapi.exchange import KubeAnswer, KubeRequest
from etcdview.kubeapi.options import ListOptions
from etcdview.kubeapi.reading import KubePlace, LabelReader, kept_as
from etcdview.kubeapi.served_objects import served_object
from etcdview.kubeapi.served_types import ServedType
from etcdview.kubeapi.statuses import StatusError, facts_of

_HELD_BYTES = 4 << 20  # of a list; more goes to a file, for its length is sent first
_CHUNK_BYTES = 256 << 10


def has_protobuf(served: ServedType) -> bool:
    """Whether clients may have the type as protobuf: custom resources are never sent so."""
    return served.resource.builtin


def protobuf_object(window: Window, served: ServedType, entry: Entry) -> KubeAnswer:
    """One object. Raises StatusError."""
    try:
        message = _message(window, served, entry)
    except EncodeError as error:
        raise StatusError(facts_of(500), f"{show(entry.key)}: {error.what}") from error
    return KubeAnswer(answers.in_envelope(served.api_version, served.kind, message), content_type=PROTOBUF)


def protobuf_list(window: Window, place: KubePlace, request: KubeRequest, options: ListOptions) -> KubeAnswer:
    """A list: its items are made, and kept, before the first byte is sent. Raises StatusError."""
    served = place.served
    begins = answers.beginning(served.api_version, served.kind)
    reader = LabelReader(window, place, options, request.revealed, begins)
    with ExitStack() as stack:
        spool = stack.enter_context(tempfile.SpooledTemporaryFile(_HELD_BYTES))
        items = reader.items(partial(_item, window, served), kept_as(window, served, PROTOBUF), request.now())
        size = sum(map(spool.write, items))
        spool.seek(0)
        facts = reader.facts
        ends = answers.list_ends(
            served.api_version, served.list_kind, size, str(facts.revision), facts.continues, facts.remaining
        )
        body: bytes | Iterator[bytes]
        if size <= _HELD_BYTES:
            body = ends[0] + spool.read() + ends[1]
        else:
            body = _pieces(ends, spool, stack.pop_all())
            next(body)  # from here on the file is closed with it
    return KubeAnswer(body, content_type=PROTOBUF, warnings=facts.all_warnings())


def _item(window: Window, served: ServedType, entry: Entry) -> FinishedItem:
    return FinishedItem(answers.list_item(_message(window, served, entry)))


def _pieces(ends: tuple[bytes, bytes], spool: IO[bytes], held: ExitStack) -> Iterator[bytes]:
    with held:
        yield b""
        yield ends[0]
        while chunk := spool.read(_CHUNK_BYTES):
            yield chunk
        yield ends[1]


def _message(window: Window, served: ServedType, entry: Entry) -> bytes:
    stored = None
    if not entry.masked:
        revision = entry.meta.mod_revision
        stored = answers.stored_message(entry.decoded, served.api_version, served.kind, revision)
    if stored is not None:
        return stored
    obj = served_object(window, served, entry)
    for template in items(obj, "spec", "volumeClaimTemplates"):  # the messages within name no type
        for name in ("apiVersion", "kind"):
            template.pop(name, None)
    return answers.made_message(obj, window.cluster.codec.release)

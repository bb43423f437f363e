"""What a get, list or watch asks for beside the type: selectors, pages, revisions. Wrong values are a Status."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass

from etcdview.errors import QueryError
from etcdview.kube.selectors import ALL_LABELS, FieldRequirement, LabelSelector, parse_fields, parse_labels
from etcdview.kubeapi.field_labels import check_selectable
from etcdview.kubeapi.served_types import ServedType
from etcdview.kubeapi.statuses import bad_request, invalid
from etcdview.models import MAX_REVISION

_MAX_TEXT = 20_000
_OLDER, _EXACT = "NotOlderThan", "Exact"
_CONTINUE_VERSION = "meta.k8s.io/v1"


@dataclass(frozen=True, slots=True)
class ListOptions:
    """Which objects, at which revision.

    `exact`: read at this revision, 0 for the newest; `at_least`: the newest must have reached this one. `limit` 0 means
    all; `start` is where a list goes on, behind the type's prefix. `since` is where a watch begins, 0 for the present
    objects first, or for now where `from_now`. `initial_events`: with a bookmark behind the present objects.
    """

    labels: LabelSelector = ALL_LABELS
    fields: tuple[FieldRequirement, ...] = ()
    exact: int = 0
    at_least: int = 0
    limit: int = 0
    start: bytes = b""
    watch: bool = False
    since: int = 0
    bookmarks: bool = False
    initial_events: bool = False
    from_now: bool = False
    timeout_seconds: int = 0

    @property
    def selective(self) -> bool:
        """Whether any selector was given."""
        return bool(self.labels.requirements or self.fields)

    @property
    def name(self) -> str:
        """The one name that the field selector leaves; "" where it leaves others too."""
        found = [f.value for f in self.fields if f.path == "metadata.name" and not f.negated]
        return found[0] if found else ""


Args = Mapping[str, str]


def list_options(args: Args, served: ServedType) -> ListOptions:
    """The options of a list or a watch. Raises StatusError."""
    for name, value in args.items():
        if len(value) > _MAX_TEXT:
            raise bad_request(f"the value of {name} is longer than {_MAX_TEXT:,} characters")
    try:
        labels, fields = parse_labels(args.get("labelSelector", "")), parse_fields(args.get("fieldSelector", ""))
    except QueryError as error:
        raise bad_request(str(error)) from error
    for requirement in fields.requirements:
        check_selectable(served, requirement.path)
    limit = _integer(args, "limit")
    exact, at_least, start = _position(args, limit)
    watch = is_set(args, "watch")
    initial_events = is_set(args, "sendInitialEvents")
    _check_match(args, watch)
    return ListOptions(
        labels=labels,
        fields=fields.requirements,
        exact=exact,
        at_least=at_least,
        limit=0 if watch else limit,
        start=start,
        watch=watch,
        since=0 if initial_events else _revision(args),
        bookmarks=is_set(args, "allowWatchBookmarks"),
        initial_events=initial_events,
        from_now="sendInitialEvents" in args and not initial_events and not _revision(args),
        timeout_seconds=_integer(args, "timeoutSeconds"),
    )


def is_set(args: Args, name: str) -> bool:
    """A boolean as the API server reads it: what is there is true, unless it says false or 0."""
    return name in args and args[name].lower() not in ("false", "0")


def minimum_revision(args: Args) -> int:
    """The revision that a get must have reached."""
    return _revision(args)


def continue_token(start: bytes, revision: int) -> str:
    """Where the next page begins, behind the type's prefix, and at which revision it is read."""
    text = start.decode("utf-8", "surrogateescape")
    plain = json.dumps({"v": _CONTINUE_VERSION, "rv": revision, "start": text}, separators=(",", ":"))
    return base64.urlsafe_b64encode(plain.encode()).rstrip(b"=").decode()


def _position(args: Args, limit: int) -> tuple[int, int, bytes]:
    """The revision to read at, the one to have reached, and where to begin."""
    revision, match = _revision(args), args.get("resourceVersionMatch", "")
    if token := args.get("continue", ""):
        if args.get("resourceVersion", "") not in ("", "0"):
            raise bad_request("specifying resource version is not allowed when using continue")
        start, at = _read_continue(token)
        return at, 0, start
    if match == _EXACT or (not match and limit and revision):
        return revision, 0, b""
    return 0, revision, b""


def _read_continue(token: str) -> tuple[bytes, int]:
    try:
        padded = token + "=" * (-len(token) % 4)
        found = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        start, revision = found["start"].encode("utf-8", "surrogateescape"), found["rv"]
        if found["v"] != _CONTINUE_VERSION or type(revision) is not int or not 0 < revision <= MAX_REVISION:
            raise ValueError("not a token of ours")
    except (ValueError, binascii.Error, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise bad_request("continue key is not valid: it is not one that this server gave") from error
    return start, revision


def _check_match(args: Args, watch: bool) -> None:
    """Raises StatusError (422) for parameters that contradict each other, in the API server's words."""
    match = args.get("resourceVersionMatch", "")
    why = ""
    if match not in ("", _OLDER, _EXACT):
        why = f'Unsupported value: "{match[:100]}": supported values: "Exact", "NotOlderThan", ""'
    elif "sendInitialEvents" in args:
        if not watch:
            why = "Forbidden: sendInitialEvents is forbidden for list"
        elif match != _OLDER:
            why = "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
    elif match:
        why = _contradiction(args, watch, match)
    if why:
        where = "WatchOptions" if watch else "ListOptions"
        field = "sendInitialEvents" if "sendInitialEvents" in args and not watch else "resourceVersionMatch"
        raise invalid(f'{where}.meta.k8s.io "" is invalid: {field}: {why}')


def _contradiction(args: Args, watch: bool, match: str) -> str:
    revision = args.get("resourceVersion", "")
    if watch:
        return "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
    if not revision:
        return "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"
    if args.get("continue"):
        return "Forbidden: resourceVersionMatch is forbidden when continue is provided"
    if match == _EXACT and revision == "0":
        return 'Forbidden: resourceVersionMatch "Exact" is forbidden for resourceVersion "0"'
    return ""


def _revision(args: Args) -> int:
    text = args.get("resourceVersion", "")
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= MAX_REVISION):
        raise bad_request(f'resourceVersion: Invalid value: "{text[:100]}": not a revision')
    return int(text)


def _integer(args: Args, name: str) -> int:
    text = args.get(name, "")
    if not text:
        return 0
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
        raise bad_request(f'strconv.ParseInt: parsing "{text[:100]}": invalid syntax')
    return max(0, min(int(text), MAX_REVISION))

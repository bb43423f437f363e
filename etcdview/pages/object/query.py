"""What the address of an object page asks for, and the addresses of its other views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from etcdview.errors import QueryError
from etcdview.pages.parts.addresses import key_href

View = Literal["summary", "yaml", "json", "wire", "raw"]
VIEWS: tuple[View, ...] = get_args(View)


@dataclass(frozen=True, slots=True)
class ObjectQuery:
    """What the address asks for; `revision` 0 is the newest. `managed`: show managed fields unfolded."""

    key: bytes
    view: View = "summary"
    revision: int = 0
    managed: bool = False
    as_served: bool = False
    since: int = 0


def parse_view(text: str) -> View:
    """The view of that name, "" for the summary. Raises QueryError."""
    found = next((view for view in VIEWS if view == (text or "summary")), None)
    if found is None:
        raise QueryError(f"Unknown view {text[:40]!r}.", f"Choose one of {', '.join(VIEWS)}.")
    return found


def with_changes(query: ObjectQuery, **changes: str) -> str:
    """The address of the page with some parameters changed."""
    params: dict[str, str | int] = {
        "view": query.view,
        "revision": query.revision,
        "managed": "1" if query.managed else "",
        "served": "1" if query.as_served else "",
    }
    return key_href("/object", query.key, **(params | changes))

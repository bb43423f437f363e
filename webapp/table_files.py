"""Each table of a page as a file, at the page's own address: `table=` names it, `format=` is csv or json.

What a file says is what the page shows, cell by cell: who may see the one may have the other, and what is masked stays
so. The frame that every table stands in (`parts.table_frame`) offers its table here while the page is made.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import cast
from urllib.parse import quote, urlencode

from flask import Flask, Response, g, has_request_context, jsonify, request

from etcdview.errors import NotFoundError, QueryError
from etcdview.pages.parts.csv_text import csv_line
from webapp import params

FORMATS = ("csv", "json")
_OWN = ("table", "format", "since", "until")  # not of the page that a reader would share
_NUMBER = re.compile(r"-?[0-9]{1,3}(,[0-9]{3})+|-?[0-9]+")
_NOT_TEXT = frozenset(("button", "form", "script", "select", "style", "svg"))
_BLOCKS = frozenset(("br", "dd", "details", "div", "dt", "li", "p", "pre", "summary", "ul"))
_EMPTY = frozenset(("br", "hr", "img", "input", "wbr"))  # of HTML's: these have no end
_WORDS = frozenset(("a", "code", "small", "span"))  # what one of these ends with and another begins with is two words

Cell = str | int | None


@dataclass(slots=True)
class _Offered:
    """The tables of the page that is being made: how often each name was offered, and the one that is wanted."""

    wanted: str = ""
    names: dict[str, int] = field(default_factory=dict)
    body: str | None = None


@dataclass(frozen=True, slots=True)
class TableFiles:
    """The addresses of a table as a file."""

    csv: str
    json: str


def init_app(app: Flask) -> None:
    """Let templates offer their tables."""
    app.jinja_env.globals["table_files"] = table_files


def begin() -> None:
    """Read which table of the page that is to be made is wanted. Raises QueryError."""
    wanted = request.args.get("table", "") if request.method in ("GET", "HEAD") else ""
    if wanted and not params.choice(request.args, "format", FORMATS):
        raise QueryError("table= needs a format.", f"Add format={' or format='.join(FORMATS)}.")
    g.tables = _Offered(wanted)


def table_files(label: str, body: str) -> TableFiles | None:
    """Offer a table by its name. Its addresses; None for the answer to a form, which has none."""
    if not has_request_context() or request.method not in ("GET", "HEAD") or "tables" not in g:
        return None
    offered = cast(_Offered, g.tables)
    name = _free_name(offered, label)
    if name == offered.wanted:
        offered.body = str(body)
    query = [(key, text) for key, text in request.args.items() if key not in _OWN]  # as views read them
    csv, json = (f"{quote(request.path)}?{urlencode([*query, ('table', name), ('format', f)])}" for f in FORMATS)
    return TableFiles(csv, json)


def wanted_file() -> Response | None:
    """The table that the request wants, once the page is made; None where it wants the page.

    Raises NotFoundError where the page has no such table.
    """
    offered = cast(_Offered, g.tables)
    if not offered.wanted:
        return None
    if offered.body is None:
        names = ", ".join(offered.names) or "none"
        raise NotFoundError(f"This page has no table {offered.wanted[:40]!r} now.", f"Its tables: {names}.")
    rows = _rows_of(offered.body)
    if request.args.get("format") == "json":
        return jsonify(table=offered.wanted, columns=rows[0] if rows else [], rows=rows[1:])
    headers = {"Content-Disposition": f'attachment; filename="{offered.wanted}.csv"'}
    return Response("".join(map(csv_line, rows)), mimetype="text/csv", headers=headers)


def _free_name(offered: _Offered, label: str) -> str:
    """The label as a part of an address; of several tables of one label the later ones have a number behind it."""
    name = re.sub(r"[^a-z0-9]+", "-", label.removesuffix("-title").lower()).strip("-") or "table"
    offered.names[name] = offered.names.get(name, 0) + 1
    return name if offered.names[name] == 1 else f"{name}-{offered.names[name]}"


def _rows_of(body: str) -> list[list[Cell]]:
    """The heads, and the cells of each row."""
    reader = _TableReader()
    reader.feed(body)
    reader.close()
    return reader.rows


class _TableReader(HTMLParser):
    """The texts of a table's cells. One that spans columns leaves those behind it empty."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[Cell]] = []
        self._text: list[str] | None = None
        self._is_number = False
        self._span = 1
        self._apart = False  # whether another word begins here
        self._passed_over: list[str] = []  # the element that is not read, and those of its kind within it

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A row, a cell, or what ends a word within one."""
        known = dict(attrs)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self._text = []
            self._is_number = "num" in (known.get("class") or "").split()
            self._span = int(known.get("colspan") or 1)
        elif self._passed_over:
            self._passed_over += [tag] * (tag == self._passed_over[0])
        elif tag not in _EMPTY and (tag in _NOT_TEXT or known.get("aria-hidden") == "true"):
            self._passed_over.append(tag)
        else:
            self._between(tag)

    def handle_endtag(self, tag: str) -> None:
        """The end of a cell is where its text is known."""
        if tag in ("td", "th") and self._text is not None:
            self.rows[-1] += [self._cell(" ".join("".join(self._text).split())), *([None] * (self._span - 1))]
            self._text = None
        elif tag in self._passed_over:
            self._passed_over.pop()
        else:
            self._between(tag)

    def handle_data(self, data: str) -> None:
        """A piece of a cell's text."""
        if self._text is None or self._passed_over:
            return
        if self._apart and self._text and self._text[-1][-1:].isalnum() and data[:1].isalnum():
            self._text.append(" ")
        self._text.append(data)
        self._apart = False

    def _between(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.handle_data(" ")
        self._apart |= tag in _WORDS

    def _cell(self, text: str) -> Cell:
        if self._is_number and _NUMBER.fullmatch(text):
            return int(text.replace(",", ""))
        return text

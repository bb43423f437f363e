"""What the operations of /api/v1 share: their blueprint, how queries are read, and which problems are documented."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, NoReturn, TypeVar, cast

from flask import Request
from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, ValidationError
from webargs.flaskparser import FlaskParser

from etcdview.errors import QueryError
from etcdview.pages.parts.costly import lists_many
from webapp.accounts.expensive import in_turn, readings
from webapp.api import URL_PREFIX, schemas
from webapp.runtime import current_window

View = TypeVar("View", bound=Callable[..., Any])

bp = Blueprint("api", __name__, url_prefix=URL_PREFIX, description="What the pages show, as JSON")


def problems(*statuses: int) -> Callable[[View], View]:
    """Document these statuses as problem details, and 400 and 403, which any operation may answer."""

    def document(view: View) -> View:
        for status in {400, 403, *statuses}:
            view = bp.alt_response(status, schema=schemas.ProblemSchema, content_type="application/problem+json")(view)
        return view

    return document


def long_answer(view: View) -> View:
    """An operation that names every type or namespace: where these are very many, one answer is made at a time."""

    @functools.wraps(view)
    def answer(*args: Any, **kwargs: Any) -> Any:
        with in_turn(readings) if lists_many(current_window()) else nullcontext():
            return view(*args, **kwargs)

    return cast(View, answer)


class _Parser(FlaskParser):
    """Queries are read strictly: an unknown parameter is as wrong as a bad one."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"query": RAISE}  # noqa: RUF012 - webargs' own way to set it

    def handle_error(
        self,
        error: ValidationError,
        req: Request,
        schema: Schema,
        *,
        error_status_code: int | None,
        error_headers: Any,
    ) -> NoReturn:
        raise QueryError(f"Invalid query: {_sentence(error.messages)}.", "See /api/v1/openapi.json.") from error


bp.ARGUMENTS_PARSER = _Parser()


def _sentence(messages: Any) -> str:
    """marshmallow's nested messages as one line."""
    if isinstance(messages, dict):
        return "; ".join(f"{name}: {_sentence(value)}" for name, value in messages.items())
    return " ".join(str(m).rstrip(".") for m in messages) if isinstance(messages, list) else str(messages)

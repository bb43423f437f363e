"""Changing keys: the editor, the check of what a change would do, and the change itself. Off unless --allow-writes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from flask import Blueprint, Response, redirect, request

from etcdview.cluster.window import Window
from etcdview.errors import ConflictError, DecodeError, EtcdviewError, UsageError
from etcdview.pages.edit import MAX_FORM_BYTES
from etcdview.pages.parts.addresses import href, key_href, key_text
from etcdview.pages.parts.writable import InputProblem
from webapp import params
from webapp.accounts.acting import acting
from webapp.params import Args
from webapp.rendering import render_page
from webapp.runtime import current_window, now

if TYPE_CHECKING:
    from etcdview.pages.edit.delete import PrefixDone
    from etcdview.pages.edit.edit import EditQuery, How

bp = Blueprint("edit", __name__)

MAX_PREFIX = 4096
MISTAKE = 422
# What is wrong with what was typed: shown above the text, which is not lost.
_MISTAKES = (UsageError, ConflictError, DecodeError)


@bp.url_value_preprocessor
def _larger_forms(_: str | None, __: dict[str, Any] | None) -> None:
    """The largest value and the other fields fit. Set before anything reads the form, the CSRF check included."""
    request.max_form_memory_size = MAX_FORM_BYTES


@bp.get("/edit")
def edit_page() -> Response:
    """The editor with what is there."""
    from etcdview.pages.edit import edit as pages

    return render_page("edit/index.html", pages.edit_page(current_window(), _query(request.args, "update")))


@bp.get("/create")
def create_page() -> Response:
    """The editor for a new key."""
    from etcdview.pages.edit import edit as pages

    return render_page("edit/index.html", pages.edit_page(current_window(), _query(request.args, "create")))


@bp.get("/restore")
def restore_page() -> Response:
    """What restoring the value of an older revision would do."""
    from etcdview.pages.edit import preview as pages
    from etcdview.pages.edit.edit import EditQuery

    args = request.args
    query = EditQuery(params.key(args), "restore", at=params.integer(args, "revision", 0))
    return render_page("edit/preview.html", pages.preview_page(current_window(), query))


@bp.post("/edit")
def preview_change() -> Response:
    """What the change would do."""
    from etcdview.pages.edit import preview as pages

    query = _posted()
    try:
        page = pages.preview_page(current_window(), query)
    except _MISTAKES as error:
        return _again(query, error)
    return render_page("edit/preview.html", page)


@bp.post("/edit/back")
def reopen_editor() -> Response:
    """The editor again, with what was typed."""
    from etcdview.pages.edit import edit as pages

    return render_page("edit/index.html", pages.retry_page(current_window(), _posted(), None))


@bp.post("/edit/convert")
def convert_draft() -> Response:
    """The editor again, with what was typed in the other language, or with or without its managed fields."""
    from etcdview.pages.edit import edit as pages

    query = _posted()
    try:
        page = pages.converted_page(current_window(), query, request.form.get("to", ""))
    except _MISTAKES as error:
        return _again(query, error)
    return render_page("edit/index.html", page)


@bp.post("/edit/apply")
def apply_change() -> Response:
    """Make the change."""
    from etcdview.pages.edit import preview as pages

    query, window = _posted(), current_window()
    try:
        with acting(query.how, key=query.key, revision=query.revision) as done:
            done.revision = pages.apply_edit(window, query, now())
    except ConflictError as error:
        if query.how == "restore":  # there is no text to go back to
            raise
        return _again(query, error)
    except UsageError as error:
        return render_page(
            "edit/preview.html", pages.preview_page(window, query, InputProblem.of(error)), status=_status(error)
        )
    return _done(query.key, query.how, done.revision)


@bp.get("/delete")
def confirm_delete() -> Response:
    """What would be deleted."""
    from etcdview.pages.edit import delete as pages

    return render_page("edit/delete.html", pages.delete_page(current_window(), params.key(request.args)))


@bp.post("/delete")
def delete_key() -> Response:
    """Delete the key."""
    from etcdview.pages.edit import delete as pages

    form, window = request.form, current_window()
    key, revision = params.key(form), params.integer(form, "revision", 0)
    try:
        with acting("delete", key=key, revision=revision) as done:
            done.revision = pages.delete_key(window, key, revision, form.get("typed", ""), now())
    except (UsageError, ConflictError) as error:
        return render_page(
            "edit/delete.html", pages.delete_page(window, key, InputProblem.of(error)), status=_status(error)
        )
    return _done(key, "delete", done.revision)


@bp.get("/delete-prefix")
def confirm_delete_prefix() -> Response:
    """What lies below a prefix."""
    from etcdview.pages.edit import delete as pages

    prefix, window = params.text(request.args, "prefix", MAX_PREFIX).encode(), current_window()
    deleted = params.integer(request.args, "deleted", 0)
    try:
        page = pages.prefix_page(window, prefix, deleted=deleted)
    except UsageError as error:
        return _no_prefix(window, prefix, error)
    return render_page("edit/prefix.html", page)


@bp.post("/delete-prefix")
def delete_prefix() -> Response:
    """Delete every key below the prefix."""
    from etcdview.pages.edit import delete as pages

    form, window = request.form, current_window()
    prefix, revision = params.text(form, "prefix", MAX_PREFIX).encode(), params.integer(form, "revision", 0)
    try:
        with acting("delete prefix", key=prefix, revision=revision) as done:

            def progress(ended: PrefixDone) -> None:
                done.revision, done.detail = ended.revision, f"{ended.deleted} of {ended.wanted} keys"

            ended = pages.delete_prefix(window, prefix, revision, form.get("typed", ""), now(), progress)
    except ConflictError as error:
        page = pages.prefix_page(window, prefix, problem=InputProblem.of(error))
        return render_page("edit/prefix.html", page, status=error.status)
    except UsageError as error:
        return _no_prefix(window, prefix, error)
    return cast(Response, redirect(href("/delete-prefix", prefix=key_text(prefix), deleted=ended.deleted), 303))


@bp.get("/changed")
def changed_page() -> Response:
    """The page after a change."""
    from etcdview.pages.edit import preview as pages

    args = request.args
    page = pages.done_page(
        current_window(), params.key(args), args.get("what", ""), params.integer(args, "revision", 0)
    )
    return render_page("edit/done.html", page)


def _no_prefix(window: Window, prefix: bytes, error: UsageError) -> Response:
    """The list again where there is one, else the prefix that was typed, and what is wrong."""
    from etcdview.pages.edit import delete as pages

    problem = InputProblem.of(error)
    try:
        page = pages.prefix_page(window, prefix, problem=problem)
    except UsageError:
        page = replace(pages.prefix_page(window, b"", problem=problem), prefix=key_text(prefix))
    return render_page("edit/prefix.html", page, status=MISTAKE)


def _posted() -> EditQuery:
    return _query(request.form, request.form.get("how", ""))


def _query(args: Args, how: str) -> EditQuery:
    from etcdview.pages.edit.edit import EditQuery

    return EditQuery(
        key=params.key(args) if args.get("key") or args.get("key64") or how == "update" else b"",
        how=cast("How", how),  # checked where it is used
        form=args.get("form", "yaml"),
        text=args.get("text", ""),
        revision=params.integer(args, "revision", 0),
        format=args.get("format", ""),
        typed=args.get("typed", ""),
        managed=params.flag(args, "managed"),
        at=params.integer(args, "at", 0),
    )


def _again(query: EditQuery, error: EtcdviewError) -> Response:
    from etcdview.pages.edit import edit as pages

    return render_page("edit/index.html", pages.retry_page(current_window(), query, error), status=_status(error))


def _status(error: EtcdviewError) -> int:
    """A typing mistake is not an attempt at something forbidden, which 400 stands for in the audit log."""
    return MISTAKE if isinstance(error, UsageError) else error.status


def _done(key: bytes, what: str, revision: int) -> Response:
    return cast(Response, redirect(key_href("/changed", key, what=what, revision=revision), 303))

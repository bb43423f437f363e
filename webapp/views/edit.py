"""Changing keys: the editor, the check of what a change would do, and the change itself. Off unless --allow-writes."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from flask import Response, redirect, request

from etcdview.cluster.window import Window
from etcdview.errors import ConflictError, DecodeError, EtcdviewError, UsageError
from etcdview.kube.keys import show
from etcdview.pages.edit.delete import delete_key, delete_page, delete_prefix, prefix_page
from etcdview.pages.edit.edit import EditQuery, How, edit_page, retry_page
from etcdview.pages.edit.preview import apply_edit, done_page, preview_page
from etcdview.pages.parts.addresses import href, key_href
from etcdview.pages.parts.writable import Problem
from webapp import params
from webapp.accounts.acting import acting
from webapp.params import Args
from webapp.rendering import render_page
from webapp.runtime import current_window, now

MAX_PREFIX = 4096
MISTAKE = 422
# What is wrong with what was typed: shown above the text, which is not lost.
_MISTAKES = (UsageError, ConflictError, DecodeError)


def edit() -> Response:
    """The editor with what is there."""
    return render_page("edit/index.html", edit_page(current_window(), _query(request.args, "update")))


def create() -> Response:
    """The editor for a key that is not there yet."""
    return render_page("edit/index.html", edit_page(current_window(), _query(request.args, "create")))


def restore() -> Response:
    """What putting back the value of an older revision would do."""
    args = request.args
    query = EditQuery(params.key(args), "restore", at=params.integer(args, "revision", 0))
    return render_page("edit/preview.html", preview_page(current_window(), query))


def check() -> Response:
    """What the change would do."""
    query = _posted()
    try:
        page = preview_page(current_window(), query)
    except _MISTAKES as error:
        return _again(query, error)
    return render_page("edit/preview.html", page)


def back() -> Response:
    """The editor again, with what was typed."""
    return render_page("edit/index.html", retry_page(current_window(), _posted(), None))


def apply() -> Response:
    """Make the change."""
    query, window = _posted(), current_window()
    try:
        with acting(query.how, key=query.key, revision=query.revision) as done:
            done.revision = apply_edit(window, query, now())
    except ConflictError as error:
        if query.how == "restore":  # there is no text to go back to
            raise
        return _again(query, error)
    except UsageError as error:
        return render_page("edit/preview.html", preview_page(window, query, Problem.of(error)), status=_status(error))
    return _done(query.key, query.how, done.revision)


def ask() -> Response:
    """What would be deleted."""
    return render_page("edit/delete.html", delete_page(current_window(), params.key(request.args)))


def delete() -> Response:
    """Delete the key."""
    form, window = request.form, current_window()
    key, revision = params.key(form), params.integer(form, "revision", 0)
    try:
        with acting("delete", key=key, revision=revision) as done:
            done.revision = delete_key(window, key, revision, form.get("typed", ""), now())
    except (UsageError, ConflictError) as error:
        return render_page("edit/delete.html", delete_page(window, key, Problem.of(error)), status=_status(error))
    return _done(key, "delete", done.revision)


def ask_prefix() -> Response:
    """What lies below a prefix."""
    prefix, window = params.text(request.args, "prefix", MAX_PREFIX).encode(), current_window()
    deleted = params.integer(request.args, "deleted", 0)
    try:
        page = prefix_page(window, prefix, deleted=deleted)
    except UsageError as error:
        return _no_prefix(window, prefix, error)
    return render_page("edit/prefix.html", page)


def delete_below() -> Response:
    """Delete it."""
    form, window = request.form, current_window()
    prefix, revision = params.text(form, "prefix", MAX_PREFIX).encode(), params.integer(form, "revision", 0)
    try:
        with acting("delete prefix", key=prefix, revision=revision) as done:
            ended = delete_prefix(window, prefix, revision, form.get("typed", ""), now())
            done.revision, done.detail = ended.revision, f"{ended.deleted} keys"
    except ConflictError as error:
        page = prefix_page(window, prefix, problem=Problem.of(error))
        return render_page("edit/prefix.html", page, status=error.status)
    except UsageError as error:
        return _no_prefix(window, prefix, error)
    return cast(Response, redirect(href("/delete-prefix", prefix=show(prefix), deleted=ended.deleted), 303))


def changed() -> Response:
    """What was done."""
    args = request.args
    page = done_page(current_window(), params.key(args), args.get("what", ""), params.integer(args, "revision", 0))
    return render_page("edit/done.html", page)


def _no_prefix(window: Window, prefix: bytes, error: UsageError) -> Response:
    """The list again where there is one, else the prefix that was typed, and what is wrong."""
    problem = Problem.of(error)
    try:
        page = prefix_page(window, prefix, problem=problem)
    except UsageError:
        page = replace(prefix_page(window, b"", problem=problem), prefix=show(prefix))
    return render_page("edit/prefix.html", page, status=MISTAKE)


def _posted() -> EditQuery:
    return _query(request.form, request.form.get("how", ""))


def _query(args: Args, how: str) -> EditQuery:
    return EditQuery(
        key=params.key(args) if args.get("key") or args.get("key64") or how == "update" else b"",
        how=cast(How, how),  # checked by whoever uses it
        form=args.get("form", "yaml"),
        text=args.get("text", ""),
        revision=params.integer(args, "revision", 0),
        format=args.get("format", ""),
        typed=args.get("typed", ""),
        managed=params.flag(args, "managed"),
        at=params.integer(args, "at", 0),
    )


def _again(query: EditQuery, error: EtcdviewError) -> Response:
    return render_page("edit/index.html", retry_page(current_window(), query, error), status=_status(error))


def _status(error: EtcdviewError) -> int:
    """A mistake in what was typed is no attempt at something forbidden, which 400 stands for in the audit log."""
    return MISTAKE if isinstance(error, UsageError) else error.status


def _done(key: bytes, what: str, revision: int) -> Response:
    return cast(Response, redirect(key_href("/changed", key, what=what, revision=revision), 303))

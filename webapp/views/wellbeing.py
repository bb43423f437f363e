"""The pages on what is not well: by namespace, and in the stored state."""

from __future__ import annotations

from flask import Response, request

from etcdview.pages.namespaces_and_storage import namespaces_page, storage_page
from webapp import params
from webapp.rendering import render_page
from webapp.runtime import current_window, now

MAX_NAME = 300


def namespaces() -> Response:
    """What is in each namespace, and what is not well there."""
    namespace = params.text(request.args, "namespace", MAX_NAME)
    page = namespaces_page(current_window(), namespace, now())
    return render_page("namespaces/index.html", page, fragments={"not-well": "namespaces/_not_well.html"})


def storage() -> Response:
    """What is wrong with what etcd stores."""
    page = storage_page(current_window(), params.flag(request.args, "run"), now())
    return render_page("storage/index.html", page)

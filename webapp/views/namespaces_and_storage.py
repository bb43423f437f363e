"""The pages on problems of objects: by namespace, and in the stored state."""

from __future__ import annotations

from contextlib import nullcontext

from flask import Blueprint, Response, request

from webapp import params
from webapp.accounts.expensive import expensive, in_turn, readings
from webapp.rendering import render_page
from webapp.runtime import current_window, now, patient_window

MAX_NAME = 300

bp = Blueprint("namespaces_and_storage", __name__)


@bp.get("/namespaces")
def namespaces_page() -> Response:
    """What is in each namespace, and the problems found there."""
    from etcdview.pages import namespaces_and_storage as pages

    namespace = params.text(request.args, "namespace", MAX_NAME)
    after = params.text(request.args, "after", MAX_NAME)
    window = current_window()
    with in_turn(readings) if pages.reads_many(window, namespace) else nullcontext():
        page = pages.namespaces_page(window, namespace, now(), after)
    return render_page("namespaces/index.html", page, fragments={"not-well": "namespaces/_not_well.html"})


@bp.get("/storage")
def storage_page() -> Response:
    """What is wrong with what etcd stores."""
    from etcdview.pages import namespaces_and_storage as pages

    window, run = current_window(), params.flag(request.args, "run")
    costly = run and pages.is_costly(window)
    with expensive(window, "check-storage") if costly else nullcontext():
        page = pages.storage_page(patient_window() if costly else window, run, now())
    return render_page("storage/index.html", page)

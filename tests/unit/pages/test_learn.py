"""The page that explains: kinds with their old names, quorum to try, exercises that say what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from etcdview.access.roles import Scope, Viewer
from etcdview.errors import UnreachableError
from etcdview.kube.keys import KeySpace
from etcdview.pages.learn.exercises import check
from etcdview.pages.learn.page import LearnPage, LearnQuery, learn_page
from etcdview.pages.learn.quorum import SIZES, quorum_picture
from tests.unit.pages.registry_of import kv, obj, window_on

NOW = datetime(2026, 11, 29, tzinfo=UTC)
KEYS = [
    kv("/registry/configmaps/shop/cart", obj("ConfigMap", "shop", "cart")),
    kv("/registry/deployments/shop/cart", obj("Deployment", "shop", "cart", "apps/v1")),
    kv("/registry/minions/worker-1", obj("Node", "", "worker-1")),
    kv("/registry/namespaces/shop", obj("Namespace", "", "shop")),
    kv("/registry/pods/payments/db-0", obj("Pod", "payments", "db-0")),
    kv("/registry/pods/shop/cart-1", obj("Pod", "shop", "cart-1")),
    kv("/registry/secrets/shop/tls", obj("Secret", "shop", "tls", data={"a": "c2VjcmV0"})),
]
WINDOW = window_on(KEYS)
NINA = Viewer("nina", "viewer", Scope(("shop",), ("*", "!secrets")), "password")


def page(**query: object) -> LearnPage:
    return learn_page(WINDOW, LearnQuery(**query), NOW)  # type: ignore[arg-type]


def test_kinds_have_their_keys_their_counts_and_their_old_names() -> None:
    kinds = {row.plural: row for row in page().kinds}
    old = {row.plural: row for row in page().old_names}

    assert (kinds["pods"].key, kinds["pods"].count) == ("/registry/pods/NAMESPACE/NAME", 2)
    assert kinds["pods"].href == "/registry?resource=pods"
    assert (kinds["nodes"].key, kinds["nodes"].command) == ("/registry/minions/NAME", "kubectl get nodes")
    assert "minions" in old["nodes"].remark
    assert (old["services"].key, old["services"].href) == ("/registry/services/specs/NAMESPACE/NAME", "")


def test_an_object_is_followed_from_its_line_to_its_bytes() -> None:
    followed = page(key=b"/registry/pods/shop/cart-1").followed

    assert followed is not None
    assert {c.column: c.source for c in followed.cells}["Restarts"].startswith("status.containerStatuses")
    assert followed.lines[0].text.startswith("{")
    first = page().followed
    assert first is not None
    assert first.key == "/registry/pods/payments/db-0"


def test_a_secret_is_followed_without_its_bytes_and_a_missing_key_says_so() -> None:
    secret, missing = (page(key=key).followed for key in (b"/registry/secrets/shop/tls", b"/registry/pods/shop/none"))

    assert secret is not None
    assert secret.hidden
    assert secret.lines == ()
    assert secret.fields == ()
    assert missing is not None
    assert "does not exist" in missing.problem


def test_a_viewer_of_a_part_learns_from_that_part_alone() -> None:
    shown = learn_page(window_on(KEYS, NINA), LearnQuery(key=b"/registry/pods/payments/db-0"), NOW)

    assert shown.followed is not None
    assert shown.followed.problem
    assert {row.plural: row.count for row in shown.kinds}["pods"] == 1
    assert "payments" not in str((shown.tried, shown.exercises, shown.kinds))


def test_quorum_is_lost_once_too_many_are_taken_away_in_thought() -> None:
    whole, one, two = (quorum_picture(None, names) for names in ((), ("m1",), ("m1", "m2")))

    assert (whole.words, whole.holds) == ("It works: 3 of 3 voters answer, and 2 must agree. 1 more may fail.", True)
    assert one.holds
    assert "elect a new leader" in one.words
    assert "no further one may fail" in one.words
    assert not two.holds
    assert two.words.startswith("No quorum: 1 of 3")
    assert one.voters[0].href == "/learn#quorum"
    assert one.voters[1].href == "/learn?without=m1%2Cm2#quorum"
    assert [(s.voters, s.quorum, s.may_fail) for s in SIZES][2:4] == [(3, 2, 1), (4, 3, 1)]


@pytest.mark.parametrize(
    ("key", "answer", "right", "part"),
    [
        ("/registry/minions/worker-1", "/registry/minions/worker-1", True, "Right"),
        ("/registry/minions/worker-1", "/registry/nodes/worker-1", False, "old name"),
        ("/registry/minions/worker-1", "/registry/minions/shop/worker-1", False, "in no namespace"),
        ("/registry/configmaps/shop/cart", "configmaps/shop/cart", False, "begin with /registry/"),
        ("/registry/configmaps/shop/cart", "/registry/configmap/shop/cart", False, "in the plural"),
        ("/registry/configmaps/shop/cart", "/registry/secrets/shop/cart", False, "Secret objects"),
        ("/registry/configmaps/shop/cart", "/registry/configmaps/cart", False, "namespace, shop"),
        ("/registry/configmaps/shop/cart", "/registry/configmaps/shop/Cart", False, "must be cart"),
        ("/registry/configmaps/shop/cart", "/registry/", False, "in the plural"),
    ],
)
def test_an_answer_is_judged_and_what_is_wrong_is_said(key: str, answer: str, right: bool, part: str) -> None:
    place = KeySpace().object_key(key.encode())
    assert place is not None
    judged, reply = check(KeySpace(), key, place, answer)

    assert judged is right
    assert part in reply


def test_an_exercise_is_answered_on_the_page() -> None:
    asked = page().exercises
    answered = page(exercise=2, answer=" /registry/configmaps/shop/cart ").exercises

    assert [e.question for e in asked][:2] == [
        "Find the key of the Deployment cart in namespace shop.",
        "Find the key of the ConfigMap cart in namespace shop.",
    ]
    assert [e.right for e in answered] == [False, True, False]
    assert [e.question for e in answered] == [e.question for e in asked]


def test_what_needs_the_names_says_why_it_is_missing_while_etcd_is_out_of_reach(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def out_of_reach(*_: object) -> int:
        raise UnreachableError("Nothing listens at http://127.0.0.1:1.", "Is etcd running there?")

    window = window_on(KEYS)
    monkeypatch.setattr(type(window.index), "count", out_of_reach)

    assert "Nothing listens" in learn_page(window, LearnQuery(), NOW).tried[1].answer

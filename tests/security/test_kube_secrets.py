"""Who gets Secrets in the clear from the Kubernetes API: tokens of those who may reveal them; each read is logged."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from etcdview.cluster.places import Places
from tests.security.hostile import LEAKS
from tests.security.lab import Lab
from webapp.kubeapi import views

CREDENTIALS = "/kube/api/v1/namespaces/payments/secrets/db-credentials"
SHOP = "/kube/api/v1/namespaces/shop/secrets"
WATCH = f"{SHOP}?watch=1&timeoutSeconds=1"
TABLE = {"Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"}
PROTOBUF = {"Accept": "application/vnd.kubernetes.protobuf"}


def reveals(lab: Lab) -> list[dict[str, Any]]:
    return [entry for entry in lab.audit if entry["action"] == "reveal"]


@pytest.mark.parametrize("who", ["olga", "ann"])
def test_a_token_that_may_reveal_gets_the_value_and_the_log_says_so(made: Lab, who: str) -> None:
    secret = made.as_token(who).get(CREDENTIALS).get_json()

    assert base64.b64decode(secret["data"]["password"]) == b"correct horse battery staple"
    [entry] = reveals(made)
    assert (entry["who"], entry["key"]) == (who, "/registry/secrets/payments/db-credentials")


@pytest.mark.parametrize("path", [SHOP, WATCH, f"{SHOP}?limit=2", "at"])
@pytest.mark.parametrize("headers", [{}, PROTOBUF], ids=["json", "protobuf"])
def test_each_secret_of_a_list_is_logged_by_itself(made: Lab, path: str, headers: dict[str, str]) -> None:
    olga = made.as_token("olga")
    if path == "at":
        revision = olga.get("/kube/api/v1/nodes").get_json()["metadata"]["resourceVersion"]
        path = f"/kube/at/{revision}{SHOP.removeprefix('/kube')}"
    if path == WATCH:
        headers = {}
    text = olga.get(path, headers=headers).get_data()

    assert any(leak in text for leak in LEAKS) or b'"data"' in text or b"correct horse" in text
    assert len(reveals(made)) >= 2


@pytest.mark.parametrize("headers", [{}, TABLE, PROTOBUF], ids=["json", "table", "protobuf"])
@pytest.mark.parametrize("who", ["vera", "nina"])
def test_a_token_that_may_not_reveal_gets_masks(made: Lab, who: str, headers: dict[str, str]) -> None:
    for path in (CREDENTIALS, SHOP, WATCH, "/kube/api/v1/secrets", "/kube/api/v1/configmaps", "/kube/api/v1/pods"):
        with made.as_token(who).get(path, headers=headers) as response:
            body = response.get_data()
        assert [leak for leak in LEAKS if leak in body] == [], path
    assert reveals(made) == []


def test_a_browser_gets_masks_whoever_has_logged_in(made: Lab) -> None:
    body = made.logged_in("ann").get(CREDENTIALS).get_data()

    assert [leak for leak in LEAKS if leak in body] == []
    assert reveals(made) == []


def test_a_log_that_cannot_be_written_keeps_the_secret(made: Lab) -> None:
    (made.folder / "audit.jsonl").unlink(missing_ok=True)
    (made.folder / "audit.jsonl").mkdir()

    response = made.as_token("olga").get(CREDENTIALS)

    assert response.status_code == 503
    assert response.get_json()["kind"] == "Status"
    assert [leak for leak in LEAKS if leak in response.get_data()] == []


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_write_of_any_role_is_a_status(made: Lab, method: str) -> None:
    for who in ("nina", "ann"):
        response = getattr(made.as_token(who), method)("/kube/api/v1/namespaces/shop/pods/crashloop")
        assert (response.status_code, response.get_json()["reason"]) == (405, "MethodNotAllowed")


def test_nobody_gets_a_status_and_not_the_login_page(made: Lab) -> None:
    response = made.anonymous().get("/kube/api/v1/pods")

    assert (response.status_code, response.get_json()["reason"]) == (401, "Unauthorized")


@pytest.mark.parametrize(
    "header", ["Impersonate-User", "impersonate-group", "Impersonate-Uid", "Impersonate-Extra-Scopes"]
)
def test_a_token_is_good_for_its_user_alone(made: Lab, header: str) -> None:
    for who in ("nina", "ann"):
        for path in (CREDENTIALS, SHOP, "/kube/api"):
            response = made.as_token(who).get(path, headers={header: "vera"})
            assert (response.status_code, response.get_json()["reason"]) == (403, "Forbidden")
            assert 'cannot impersonate resource "users"' in response.get_json()["message"]
    assert reveals(made) == []


def test_a_wrong_token_gets_a_status(made: Lab) -> None:
    response = made.anonymous().get("/kube/api", headers={"Authorization": "Bearer nonsense"})

    assert (response.status_code, response.get_json()["code"]) == (401, 401)


def test_it_is_off_unless_it_was_switched_on(capture_client: Any) -> None:
    response = capture_client.get("/kube/api/v1/pods")

    assert (response.status_code, response.get_json()["reason"]) == (404, "NotFound")
    assert "--kube-api" in response.get_json()["message"]


def test_another_site_cannot_ask(made: Lab) -> None:
    response = made.as_token("vera").get("/kube/api/v1/pods", headers={"Sec-Fetch-Site": "cross-site"})

    assert (response.status_code, response.get_json()["reason"]) == (403, "Forbidden")


def test_a_dashboard_may_ask_for_much_at_once(made: Lab) -> None:
    """Clients such as pykube do not come again after 429; kubectl asks for three hundred before it waits."""
    vera = made.as_token("vera")

    assert {vera.get(f"/kube/api/v1/namespaces/{n}").status_code for n in range(200)} == {404}


def test_lists_at_once_are_few_and_the_next_client_is_told_when_to_come_again(
    made: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "_lists", Places(2, waiting=0))
    monkeypatch.setattr(views, "_SMALL_BYTES", 10)  # each list of the test is a long one
    path = "/kube/api/v1/pods"
    first, nina = made.as_token("vera").get(path, buffered=False), made.as_token("nina")

    again = made.as_token("vera").get(path)
    with nina.get(path) as other:
        assert other.status_code == 200
        assert made.as_token("ann").get(path).status_code == 429  # two are being sent
        assert made.as_token("ann").get("/kube/api/v1").status_code == 200
    first.close()

    assert (again.status_code, again.get_json()["reason"]) == (429, "TooManyRequests")
    assert int(again.headers["Retry-After"]) > 0
    for _ in range(3):  # a place is given back when the answer was sent, and when there is an error
        made.as_token("nina").get("/kube/api/v1/secrets").close()
        made.as_token("vera").get(path, headers={"Accept": "image/png"}).close()
        with made.as_token("vera").get(path) as response:
            assert response.status_code == 200

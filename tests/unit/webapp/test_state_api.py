"""The API's certificates, storage, namespaces and content are what the pages show, without their links."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient


def answer(client: FlaskClient, address: str) -> Any:
    response = client.get(f"/api/v1/{address}")
    assert response.status_code == 200, response.text
    return response.get_json()


@pytest.mark.parametrize("address", ["certificates", "storage", "namespaces", "content?q=nginx"])
def test_an_answer_has_camel_case_names_and_no_address(client: FlaskClient, address: str) -> None:
    text = client.get(f"/api/v1/{address}").text
    assert re.findall(r'"[a-z0-9]+_\w*":', text) == []
    assert "href" not in text


def test_storage_has_the_findings_of_the_page(client: FlaskClient) -> None:
    found, page = answer(client, "storage"), unescape(client.get("/storage").text)
    assert (found["checked"], found["total"], found["tooMany"]) == (442, 442, False)
    assert found["findings"]
    for finding in found["findings"]:
        assert finding["summary"] in page
        assert all(line in page for line in finding["evidence"])


def test_namespaces_have_the_counts_and_problems_of_the_page(client: FlaskClient) -> None:
    found = {row["name"]: row for row in answer(client, "namespaces")["namespaces"]}
    assert found["going-away"]["phase"] == "Terminating"
    assert found["going-away"]["healthy"] is False
    assert found["default"]["counts"]["Event"] == 10
    assert answer(client, "namespaces?namespace=default")["namespaces"] == [found["default"]]


def test_content_has_the_keys_of_the_page_up_to_the_limit(client: FlaskClient) -> None:
    found = answer(client, "content?kind=labels&q=app")
    page = client.get("/search/content?kind=labels&q=app").text
    keys = [hit["key"] for hit in found["keys"]]
    assert len(keys) > 1
    assert keys == re.findall(r'class="mono" href="[^"]+">([^<]+)</a>', page)
    assert found["complete"]
    assert all(hit["modRevision"] > 0 for hit in found["keys"])
    cut = answer(client, "content?kind=labels&q=app&limit=1")
    assert (len(cut["keys"]), cut["complete"]) == (1, False)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("content", 400),
        ("content?q=x&kind=word", 400),
        ("content?q=x&namespace=shop", 400),
        ("content?q=x&limit=0", 400),
        ("content?q=x&resource=nosuch", 404),
        ("storage?run=perhaps", 400),
        ("namespaces?name=x", 400),
    ],
)
def test_a_bad_question_is_answered_with_problem_details(client: FlaskClient, address: str, status: int) -> None:
    response = client.get(f"/api/v1/{address}")
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"

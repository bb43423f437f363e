"""docs/api.md says what the OpenAPI document says, and each request in it is answered."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from tools.api_reference import DOCUMENT, EXAMPLES, main, request_of, with_operations
from webapp.api.document import described

TEXT = DOCUMENT.read_text("utf-8")
PATHS = described()["paths"]
# Names of the reader's own sources -> the one that the app of this test has.
HERE = {"backup.db": "registry.jsonl.gz", "live": "registry.jsonl.gz"}


def test_the_document_has_what_the_operations_are() -> None:
    assert with_operations(TEXT) == TEXT, "run python -m tools.api_reference"
    assert main(["--check"]) == 0


def test_all_behind_the_marker_is_made_anew() -> None:
    before, _, _ = TEXT.partition("\n## GET")
    assert with_operations(f"{before}\nold\n") == TEXT


def test_each_operation_has_a_request_and_no_other() -> None:
    assert EXAMPLES.keys() == PATHS.keys()
    assert all(re.search(rf"^## GET {path}$", TEXT, re.MULTILINE) for path in PATHS)


@pytest.mark.parametrize("path", PATHS)
def test_the_request_is_answered(path: str, client: FlaskClient) -> None:
    address = request_of(path)
    assert f"    curl -s 'http://127.0.0.1:8000{address}'\n" in TEXT
    for theirs, ours in HERE.items():
        address = re.sub(rf"=\b{re.escape(theirs)}\b", f"={ours}", address)

    answer = client.get(address)

    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("path", PATHS)
def test_each_parameter_has_a_meaning_and_each_answer_a_description(path: str) -> None:
    operation = PATHS[path]["get"]
    answer = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]

    assert [each["name"] for each in operation.get("parameters", ()) if not each.get("description")] == []
    assert described()["components"]["schemas"][answer.rpartition("/")[2]]["description"]


def test_the_statuses_of_problems_are_explained() -> None:
    explained = set(re.findall(r"^\| (\d{3}) \|", TEXT, re.MULTILINE))
    told = {status for methods in PATHS.values() for status in methods["get"]["responses"] if status.isdigit()}

    assert explained == (told - {"200"}) | {"401"}

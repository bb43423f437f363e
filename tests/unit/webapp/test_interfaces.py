"""docs/interfaces.md names every address with its methods, every field of the JSON, and every command."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from etcdview.cli.main import COMMANDS

TEXT = (Path(__file__).parents[3] / "docs" / "interfaces.md").read_text("utf-8")


def _documented() -> set[tuple[str, str]]:
    """Each address of the page with each of its methods; those of the API are GET."""
    rows = re.findall(r"^\| `(/[^`]*)` \| ([A-Z, ]+) \|", TEXT, re.MULTILINE)
    rows += re.findall(r"`(/[^`]*)` \(([A-Z]+)[):]", TEXT)
    rows += [(address, "GET") for address in re.findall(r"^\| `(/api/[^`]*)` \|", TEXT, re.MULTILINE)]
    return {(address, method) for address, methods in rows for method in methods.split(", ")}


def test_every_address_of_the_app_stands_there_with_its_methods_and_no_other(app: Flask) -> None:
    served = {
        (rule.rule, m) for rule in app.url_map.iter_rules() for m in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }

    assert _documented() == served


def test_every_command_stands_there_and_no_other() -> None:
    assert re.findall(r"^\| `etcdview ([a-z]+)` \|", TEXT, re.MULTILINE) == sorted(COMMANDS)


def test_every_answer_of_the_api_stands_there_with_all_its_fields(client: FlaskClient) -> None:
    api = json.loads(client.get("/api/v1/openapi.json").text)
    schemas = api["components"]["schemas"]
    for path, operations in api["paths"].items():
        answer = operations["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        if "$ref" in answer:
            [drawn] = re.findall(rf"^{path.rpartition('/')[2]}\n  (\{{.*\}})$", TEXT, re.MULTILINE)
            assert re.findall(r'"(\w+)"', drawn) == list(_fields(schemas, answer["$ref"])), path


def _fields(schemas: dict[str, Any], ref: str) -> Iterator[str]:
    for name, field in schemas[ref.rpartition("/")[2]]["properties"].items():
        yield name
        inner = field.get("$ref") or field.get("items", {}).get("$ref")
        if inner:
            yield from _fields(schemas, inner)


@pytest.mark.parametrize("name", ["type", "title", "status", "detail"])
def test_the_members_of_a_problem_stand_there(client: FlaskClient, name: str) -> None:
    assert name in client.get("/api/v1/object?key=/nothing").get_json()
    assert f"`{name}`" in TEXT


def test_the_api_lists_its_operations(client: FlaskClient) -> None:
    listed = client.get("/api/v1", follow_redirects=True).get_json()

    assert {row["path"] for row in listed["operations"]} == set(client.get(listed["openapi"]).get_json()["paths"])
    assert all(row["summary"] for row in listed["operations"])
    assert "key" in next(row for row in listed["operations"] if row["path"] == "/api/v1/object")["parameters"]

"""`python -m tools.api_reference`: docs/api.md from the OpenAPI document that /api/v1/openapi.json answers.

Each operation has its parameters with their limits, its answer field by field, its problems, and a request to copy.
With --check nothing is written, and the exit status is 1 where the document says something else.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from tools.given import arguments
from webapp.api.document import described

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "api.md"
BEGIN = "<!-- operations: made by python -m tools.api_reference -->"
SERVER = "http://127.0.0.1:8000"
# The query of the request that is shown, by path; a test sends them.
EXAMPLES = {
    "/api/v1/certificates": "",
    "/api/v1/cluster": "",
    "/api/v1/compare": "from=backup.db&to=live&namespace=shop",
    "/api/v1/content": "kind=labels&q=app=cart&resource=pods",
    "/api/v1/health": "",
    "/api/v1/history": "key=/registry/pods/shop/crashloop",
    "/api/v1/keys": "prefix=/registry/pods/shop/&limit=5",
    "/api/v1/namespaces": "namespace=shop",
    "/api/v1/object": "key=/registry/pods/shop/crashloop",
    "/api/v1/resources": "",
    "/api/v1/space": "by=namespace",
    "/api/v1/storage": "run=1",
    "/api/v1/table": "resource=pods&namespace=shop&sort=-age",
}
_TYPES = {"integer": "whole number", "number": "number", "string": "text", "boolean": "true or false", "null": "null"}
_LARGEST = 2**63 - 1  # the largest that there is, and so no limit to tell of
Json = Mapping[str, Any]


def main(arguments: list[str]) -> int:
    """Write the operations behind the marker; exit status 1 where --check finds them old."""
    old = DOCUMENT.read_text("utf-8")
    new = with_operations(old)
    if "--check" in arguments:
        return int(old != new)
    DOCUMENT.write_text(new, "utf-8")
    return 0


def with_operations(text: str) -> str:
    """The document with all that follows its marker made anew."""
    before, _, _ = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{operations(described())}"


def operations(api: Json) -> str:
    """A section for each operation of an OpenAPI document, in the order of the paths."""
    return "".join(
        _section(api, path, method, operation)
        for path, methods in sorted(api["paths"].items())
        for method, operation in methods.items()
    )


def request_of(path: str) -> str:
    """The address of the request that is shown."""
    return f"{path}?{EXAMPLES[path]}" if EXAMPLES[path] else path


def _section(api: Json, path: str, method: str, operation: Json) -> str:
    answers = operation["responses"]
    name = answers["200"]["content"]["application/json"]["schema"]["$ref"]
    schema = _schema(api, name)
    lines = [
        f"\n## {method.upper()} {path}\n\n{operation['summary']}\n",
        f"\n    curl -s '{SERVER}{request_of(path)}'\n",
        *_parameters(operation.get("parameters", ())),
        f"\nThe answer (200): {schema['description']}\n\n| field | is | meaning |\n|---|---|---|\n",
        *(_row(f"`{field}`", kind, meaning) for field, kind, meaning in _fields(api, schema, "")),
        f"\nProblems: {', '.join(_problems(answers))}.\n",
    ]
    return "".join(lines)


def _parameters(found: list[Json]) -> Iterator[str]:
    if not found:
        yield "\nIt takes no parameters.\n"
        return
    yield "\n| parameter | meaning | takes |\n|---|---|---|\n"
    for each in found:
        yield _row(f"`{each['name']}`", each.get("description", ""), _takes(each))


def _takes(parameter: Json) -> str:
    """What is taken for a parameter, and what holds without it."""
    schema = parameter["schema"]
    default = schema.get("default", "")
    without = f"{default:,}" if isinstance(default, int) and not isinstance(default, bool) else str(default).lower()
    parts = [_limits(schema)]
    if parameter["required"]:
        parts.append("required")
    elif without:
        parts.append(f"`{without}` where it is missing" if "enum" in schema else f"{without} where it is missing")
    return "; ".join(parts)


def _limits(schema: Json) -> str:
    if "enum" in schema:
        return "one of " + ", ".join(f"`{value}`" for value in schema["enum"] if value)
    kind = _TYPES[schema["type"]]
    if schema["type"] == "integer":
        least, most = schema.get("minimum"), schema.get("maximum", _LARGEST)
        return f"{kind}, {least:,} to {most:,}" if most < _LARGEST else f"{kind}, {least:,} or more"
    if "maxLength" in schema:
        least = f"{schema['minLength']} to " if schema.get("minLength") else "up to "
        return f"{kind}, {least}{schema['maxLength']:,} characters"
    return kind


def _fields(api: Json, schema: Json, before: str) -> Iterator[tuple[str, str, str]]:
    """Each field with its path, what it is and what it means; those of objects in it below it."""
    for name, field in schema["properties"].items():
        listed = field.get("type") == "array"
        path = f"{before}{name}{'[]' if listed else ''}"
        inner = _inner(api, field)
        meaning = field.get("description", "") or (inner["description"] if inner else "")
        kind = _kind(field) + ("" if name in schema.get("required", ()) else "; may be absent")
        yield path, kind, meaning
        if inner:
            yield from _fields(api, inner, f"{path}.")


def _inner(api: Json, field: Json) -> Json | None:
    """The schema of the objects that a field holds."""
    name = field.get("$ref") or field.get("items", {}).get("$ref")
    return _schema(api, name) if name else None


def _kind(field: Json) -> str:
    if "$ref" in field:
        return "object"
    if "enum" in field:
        return "one of " + ", ".join(f"`{value}`" for value in field["enum"])
    if field.get("type") == "array":
        return f"list of {_kind(field['items'])}s" if field["items"] else "list of any JSON"
    if field.get("type") == "object":
        return f"object; each value a {_kind(field['additionalProperties'])}"
    if field.get("format") == "date-time":
        return "time"
    types = field.get("type", ())
    return " or ".join(_TYPES[each] for each in ([types] if isinstance(types, str) else types)) or "any JSON"


def _schema(api: Json, name: str) -> Json:
    found: Json = api["components"]["schemas"][name.rpartition("/")[2]]
    return found


def _problems(answers: Json) -> Iterator[str]:
    """The statuses of the operation beside 200, with HTTP's name for each."""
    for status in sorted(each for each in answers if each.isdigit() and each != "200"):
        yield f"{status} {HTTPStatus(int(status)).phrase}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(' '.join(cell.replace('|', chr(92) + '|').split()) for cell in cells)} |\n"


if __name__ == "__main__":
    sys.exit(main(arguments(__doc__)))

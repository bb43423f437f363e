"""The OpenAPI document is true: schemathesis calls every operation with good and bad input and checks each answer."""

from __future__ import annotations

import schemathesis
from flask import Flask
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


def test_every_operation_answers_as_the_document_says(app: Flask) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    called = []

    for result in schema.get_all_operations():
        operation = result.ok()
        called.append(operation.path)
        _call_with_generated_input(operation)

    assert sorted(called) == [
        "/api/v1/certificates",
        "/api/v1/cluster",
        "/api/v1/compare",
        "/api/v1/content",
        "/api/v1/health",
        "/api/v1/history",
        "/api/v1/keys",
        "/api/v1/namespaces",
        "/api/v1/object",
        "/api/v1/resources",
        "/api/v1/space",
        "/api/v1/storage",
        "/api/v1/table",
    ]


def _call_with_generated_input(operation: schemathesis.APIOperation) -> None:
    from hypothesis import given

    @given(case=operation.as_strategy())
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    def call(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=CHECKS)

    call()

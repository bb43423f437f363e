"""The API under generated input, for each role: it answers as its document says, and never with what is masked."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.security.hostile import LEAKS
from tests.security.lab import Lab

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
EXAMPLES = 20


@pytest.mark.parametrize("who", ["nina", "vera", "olga", "ann"])
def test_the_api_answers_each_role_as_it_says(made: Lab, who: str) -> None:
    headers = {"Authorization": f"Bearer {made.tokens[who]}"}
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", made.app, headers=headers)
    operations = [result.ok() for result in schema.get_all_operations()]

    assert len(operations) == 13
    for operation in operations:
        _call(operation, headers)


def _call(operation: schemathesis.APIOperation, headers: dict[str, str]) -> None:
    @given(case=operation.as_strategy())
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    def call(case: schemathesis.Case) -> None:
        case.headers.update(headers)  # what is generated may hold a login of its own
        response = case.call()
        case.validate_response(response, checks=CHECKS)
        assert response.status_code != 401
        assert not [leak for leak in LEAKS if leak in response.content]

    call()

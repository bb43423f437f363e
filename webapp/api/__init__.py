"""The JSON API under /api/v1: the same page dataclasses as the pages, serialised; described by OpenAPI."""

URL_PREFIX = "/api/v1"

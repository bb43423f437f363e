"""Kubernetes' protobuf form: the schema, bytes to JSON and JSON to bytes."""

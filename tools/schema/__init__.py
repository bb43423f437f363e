"""Makes etcdview/codec/protobuf/schema.json.gz from the Go types of every Kubernetes release (docs/schema.md).

`python -m tools.schema` needs Go and the Go module proxy; nobody who uses etcdview does.
"""

"""Vectors that Go itself makes, to hold the codec to (docs/schema.md)."""

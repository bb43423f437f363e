"""The registry: the tree of types and their tables."""

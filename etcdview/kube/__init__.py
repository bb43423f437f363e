"""Kubernetes' words: resources, keys, CRDs, selectors, JSONPath, order, differences. Knows no store and no bytes."""

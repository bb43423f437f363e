"""Sizes in words, the same on every page and in every column."""

from etcdview.kube.quantities import size_text

__all__ = ["size_text"]

"""What there is to say of an object, in the spirit of `kubectl describe`, by kind. Pure, as all of relations."""

from __future__ import annotations

from etcdview.describe.describe import summary
from etcdview.describe.sections import Field, Section, Text

__all__ = ["Field", "Section", "Text", "summary"]

"""Which release of Kubernetes a cluster runs, found from what the registry itself holds."""

from __future__ import annotations

import re
from dataclasses import dataclass

from etcdview.errors import SettingError

_TEXT = re.compile(r"v?(\d{1,4})\.(\d{1,4})(?:[.+-]|$)")


@dataclass(frozen=True, slots=True, order=True)
class Release:
    """A minor release: 1.36."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"

    @classmethod
    def parse(cls, text: str) -> Release:
        """Read "1.36", "v1.36.3" or "v1.36.3-gke.1". Raises SettingError for anything else."""
        match = _TEXT.match(text.strip())
        if match is None:
            raise SettingError(f"{text[:40]!r} is no release of Kubernetes.", "Write it as 1.36.")
        return cls(int(match[1]), int(match[2]))

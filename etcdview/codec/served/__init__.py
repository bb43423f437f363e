"""What the API server adds on the way out (docs/decoding.md), as far as it is known offline.

Three things, in its order: fields that the writer did not know are zero, defaulting, and conversion to the version
that the release prefers. Not done: what needs the cluster (webhook conversion, pruning by a custom resource's schema).
"""

from etcdview.codec.served.serving import as_served, serve
from etcdview.codec.served.versions import preferred

__all__ = ["as_served", "preferred", "serve"]

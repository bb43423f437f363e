"""What belongs to what: pure functions over decoded objects. No store, no codec, no clock.

It stands above tables, whose words for states it uses; it never reads anything by itself.
"""

from __future__ import annotations

from etcdview.relations.graph import Graph
from etcdview.relations.model import Ref, Reference, Related, Selection, State, ref_of
from etcdview.relations.needs import KindRange, Needs, needs, users_of
from etcdview.relations.references import references
from etcdview.relations.selections import selections
from etcdview.relations.states import state_of

__all__ = [
    "Graph",
    "KindRange",
    "Needs",
    "Ref",
    "Reference",
    "Related",
    "Selection",
    "State",
    "needs",
    "ref_of",
    "references",
    "selections",
    "state_of",
    "users_of",
]

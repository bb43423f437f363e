"""The picture of an etcd cluster: machines, the members on them, who comes to them and by which ports. Pure geometry.

Boxes, wires and labels have their places here; the template only draws them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from etcdview.deployment.deployment import Topology

BOX_WIDTH, BOX_HEIGHT = 160, 82
API_HEIGHT = 30
GAP, PADDING, MARGIN = 16, 12, 8
LABEL_HEIGHT = 20
BUS_HEIGHT = 30  # from the boxes to the line that joins them

BoxKind = Literal["machine", "api", "member"]


@dataclass(frozen=True, slots=True)
class DrawnMember:
    """A member as it is drawn; `healthy` is None where it was not probed."""

    name: str
    host: str
    role: str
    client_port: str
    peer_port: str
    healthy: bool | None


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with a title and lines of text; `healthy` as in DrawnMember."""

    kind: BoxKind
    x: int
    y: int
    width: int
    height: int
    title: str
    lines: tuple[str, ...] = ()
    healthy: bool | None = None


@dataclass(frozen=True, slots=True)
class Wire:
    """A straight line; `kind` is who speaks over it."""

    kind: Literal["client", "peer"]
    x1: int
    y1: int
    x2: int
    y2: int


@dataclass(frozen=True, slots=True)
class Label:
    """Text that begins at a place; wires may run behind it."""

    x: int
    y: int
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything to draw, and `words` that say the same."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]
    labels: tuple[Label, ...]
    words: str


def draw(members: Sequence[DrawnMember], topology: Topology, api_servers: Sequence[str]) -> Picture | None:
    """The picture; None without members. `api_servers` are addresses, which may be unknown."""
    if not members:
        return None
    machines = [(host, list(group)) for host, group in groupby(_by_host(members), key=lambda m: m.host)]
    is_stacked = topology == "stacked"
    top = MARGIN if is_stacked else MARGIN + API_HEIGHT + BUS_HEIGHT + LABEL_HEIGHT
    boxes: list[Box] = []
    x = MARGIN
    for host, mine in machines:
        made = _machine(x, top, host, mine, is_stacked)
        boxes += made
        x += made[0].width + GAP
    width = max(x - GAP + MARGIN, 420)
    apis = [] if is_stacked else _api_row(api_servers, width)
    drawn = [b for b in boxes if b.kind == "member"]
    bottom = boxes[0].y + boxes[0].height
    wires = (*_client_wires(apis, boxes, is_stacked), *_peer_wires(drawn, bottom))
    return Picture(
        width=width,
        height=bottom + (BUS_HEIGHT + LABEL_HEIGHT if len(drawn) > 1 else MARGIN),
        boxes=(*apis, *boxes),
        wires=wires,
        labels=_labels(members, top, bottom, is_stacked, len(drawn)),
        words=_words(machines),
    )


def _by_host(members: Sequence[DrawnMember]) -> list[DrawnMember]:
    """Machines in the order of their first member's name, which may repeat."""
    return sorted(members, key=lambda m: (min(o.name for o in members if o.host == m.host), m.host, m.name))


def _machine(x: int, y: int, host: str, members: Sequence[DrawnMember], is_stacked: bool) -> list[Box]:
    """The machine and what is on it; the machine comes first."""
    width = len(members) * (BOX_WIDTH + GAP) - GAP + 2 * PADDING
    below = y + LABEL_HEIGHT + PADDING
    inside: list[Box] = []
    if is_stacked:
        inside.append(Box("api", x + PADDING, below, width - 2 * PADDING, API_HEIGHT, "kube-apiserver"))
        below += API_HEIGHT + BUS_HEIGHT
    for number, member in enumerate(members):
        object_key = x + PADDING + number * (BOX_WIDTH + GAP)
        inside.append(_member(object_key, below, member))
    machine = Box("machine", x, y, width, below + BOX_HEIGHT + PADDING - y, host or "address not known")
    return [machine, *inside]


def _member(x: int, y: int, member: DrawnMember) -> Box:
    ports = (f"client port {member.client_port or '?'}", f"peer port {member.peer_port or '?'}")
    return Box("member", x, y, BOX_WIDTH, BOX_HEIGHT, member.name, (member.role, *ports), member.healthy)


def _api_row(api_servers: Sequence[str], width: int) -> list[Box]:
    """API servers above the machines; where none is known, who usually comes."""
    titles = [f"kube-apiserver {address}" for address in api_servers] or ["kube-apiserver, etcdctl, etcdview"]
    room = (width - 2 * MARGIN + GAP) // len(titles) - GAP
    return [Box("api", MARGIN + n * (room + GAP), MARGIN, room, API_HEIGHT, t) for n, t in enumerate(titles)]


def _client_wires(apis: Sequence[Box], boxes: Sequence[Box], is_stacked: bool) -> list[Wire]:
    members = [b for b in boxes if b.kind == "member"]
    if is_stacked:  # each API server to the members on its own machine
        above = next(b.y + b.height for b in boxes if b.kind == "api")
        return [Wire("client", _middle(m), above, _middle(m), m.y) for m in members]
    bus = MARGIN + API_HEIGHT + BUS_HEIGHT // 2
    down = [Wire("client", _middle(a), a.y + a.height, _middle(a), bus) for a in apis]
    ends = [_middle(b) for b in (*apis, *members)]
    return [*down, Wire("client", min(ends), bus, max(ends), bus), *(_drop("client", m, bus, m.y) for m in members)]


def _peer_wires(members: Sequence[Box], bottom: int) -> list[Wire]:
    if len(members) < 2:
        return []
    bus = bottom + BUS_HEIGHT // 2
    stubs = [_drop("peer", m, m.y + m.height, bus) for m in members]
    return [*stubs, Wire("peer", _middle(members[0]), bus, _middle(members[-1]), bus)]


def _drop(kind: Literal["client", "peer"], box: Box, y1: int, y2: int) -> Wire:
    return Wire(kind, _middle(box), y1, _middle(box), y2)


def _middle(box: Box) -> int:
    return box.x + box.width // 2


def _labels(members: Sequence[DrawnMember], top: int, bottom: int, is_stacked: bool, count: int) -> tuple[Label, ...]:
    clients = f"clients, {_ports([m.client_port for m in members])}"
    at = top + LABEL_HEIGHT + PADDING + API_HEIGHT + BUS_HEIGHT // 2 + 4 if is_stacked else top - 8
    found = [Label(MARGIN + PADDING + (BOX_WIDTH // 2 + 8 if is_stacked else 0), at, clients)]
    if count > 1:
        peers = f"members among themselves (raft), {_ports([m.peer_port for m in members])}"
        found.append(Label(MARGIN + PADDING, bottom + BUS_HEIGHT + 8, peers))
    return tuple(found)


def _ports(ports: Sequence[str]) -> str:
    known = list(dict.fromkeys(p for p in ports if p))
    if not known:
        return "port not known"
    return f"port {known[0]}" if len(known) == 1 else f"ports {', '.join(known)}"


def _words(machines: Sequence[tuple[str, list[DrawnMember]]]) -> str:
    sentences = (
        "; ".join(f"{m.name} ({m.role}) on {host or 'an unknown machine'}" for m in mine) for host, mine in machines
    )
    return "; ".join(sentences) + "."

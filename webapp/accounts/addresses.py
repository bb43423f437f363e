"""From where a request comes: the peer, or whom a trusted proxy says it speaks for."""

from __future__ import annotations

from flask import request

from etcdview.access.origins import hop_address, in_networks
from webapp.accounts.state import Accounts, current_accounts


def from_proxy(accounts: Accounts) -> bool:
    """Whether the peer is one of the trusted proxies."""
    return _trusted(accounts, request.remote_addr or "")


def client_address() -> str:
    """The client's address. Of X-Forwarded-For only the part counts that trusted proxies wrote."""
    accounts = current_accounts()
    peer = request.remote_addr or ""
    if not _trusted(accounts, peer):
        return peer
    for hop in reversed([hop for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]):
        address = hop_address(hop)
        if not address:
            return peer
        peer = address
        if not _trusted(accounts, address):
            return address
    return peer


def _trusted(accounts: Accounts, address: str) -> bool:
    return in_networks(address, accounts.proxies)

"""etcd's own login: a name and password become a token, anew when it runs out."""

from __future__ import annotations

import threading

import grpc
from etcd3 import etcdrpc

from etcdview.stores.etcd.channel import Channel
from etcdview.stores.etcd.grpc_errors import translate
from etcdview.stores.etcd.messages import Call


class Login:
    """The token of one user, shared by all connections: members replicate tokens among each other."""

    def __init__(self, user: str, password: str) -> None:
        self._user = user
        self._password = password
        self._lock = threading.Lock()  # guards the token
        self._token: str | None = None
        self._off = not user

    def token(self, channel: Channel, timeout_seconds: float) -> str:
        """The token, fetched over `channel` where there is none; "" without a user. Raises EtcdviewError."""
        if self._off:
            return ""
        with self._lock:
            if not self._token:
                self._token = self._authenticate(channel, timeout_seconds)
            return self._token

    def forget(self, token: str) -> bool:
        """Drop a token that was refused; whether there is any sense in asking for another."""
        with self._lock:
            if token and self._token == token:
                self._token = None
            return not self._off and bool(token)

    def _authenticate(self, channel: Channel, timeout_seconds: float) -> str:
        request = etcdrpc.AuthenticateRequest(name=self._user, password=self._password)
        call = Call("auth", "Authenticate", request)
        try:
            token: str = channel.start(call, timeout_seconds).result().token
        except grpc.RpcError as error:
            if "authentication is not enabled" in (error.details() or ""):
                self._off = True
                return ""
            raise translate(error, channel.name, call.method) from error
        return token

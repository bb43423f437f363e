"""One endpoint's connection: opened outside of every lock, made anew with the files, ended for good by close."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import pytest
from etcd3 import etcdrpc

from etcdview.demo.certificates import Authority, Pair
from etcdview.endpoints import parse_endpoint
from etcdview.errors import CertificateFileError, DeadlineError, TooLargeError, UnreachableError
from etcdview.models import TlsFiles
from etcdview.stores.etcd import channel as channels
from etcdview.stores.etcd.channel import Channel, Connection, metadata
from etcdview.stores.etcd.client import EtcdStore
from etcdview.stores.etcd.grpc_errors import translate
from etcdview.stores.etcd.messages import Call, range_request
from etcdview.stores.protocols import Range
from tests.unit.stores.etcd.answering import Silent, answering

ROOT = Path(__file__).parents[4]
UNCHECKED = TlsFiles(insecure_skip_verify=True)
READ = Call("kv", "Range", range_request(Range(b"/a")))
CLOSED = "The connection to etcd was closed"


def seven(_: Any, __: Any) -> Any:
    return etcdrpc.RangeResponse(header=etcdrpc.ResponseHeader(revision=7))


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "pki")


@pytest.fixture
def pair(authority: Authority, tmp_path: Path) -> Pair:
    return authority.issue(tmp_path / "pki", "server", "server", sans=("127.0.0.1",))


@pytest.fixture
def silent() -> Iterator[Silent]:
    server = Silent()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def files_are_checked_at_every_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "STAMP_SECONDS", 0.0)


def opened(url: str, files: TlsFiles = UNCHECKED) -> Channel:
    return Channel(parse_endpoint(url), files)


class Caller(threading.Thread):
    """Asks for the channel's link in a thread of its own, and keeps what it got."""

    def __init__(self, channel: Channel) -> None:
        super().__init__(daemon=True)
        self.channel = channel
        self.link: Connection | None = None
        self.error: UnreachableError | None = None
        self.start()

    def run(self) -> None:
        try:
            self.link = self.channel.link()
        except UnreachableError as error:
            self.error = error


def test_a_handshake_that_hangs_delays_no_call_to_another_endpoint(silent: Silent, pair: Pair) -> None:
    with answering(pair=pair, Range=seven) as (url, _):
        hanging, living = opened(silent.url), opened(url)
        first = Caller(hanging)
        assert silent.reached.wait(5)
        assert living.start(READ, 5.0).result().header.revision == 7
        assert first.is_alive()
        silent.let_go()
        first.join(5)
        assert first.error is not None
        assert silent.url in str(first.error.what)
        living.close()
        hanging.close()


def test_a_store_answers_from_the_endpoint_whose_handshake_does_not_hang(silent: Silent, pair: Pair) -> None:
    with answering(pair=pair, Range=seven) as (url, _):
        store = EtcdStore([silent.url, url], UNCHECKED)
        store._is_kine_known = True
        assert store.range(Range(b"/a")).revision == 7
        store.close()


def test_those_who_come_during_an_opening_share_it_and_its_failure(
    silent: Silent, monkeypatch: pytest.MonkeyPatch
) -> None:
    openings: list[str] = []
    begin = Channel._open

    def opening(channel: Channel, stamp: Any) -> Connection:
        if channel.name == silent.url:  # a command of an earlier test may still try another
            openings.append(channel.name)
        return begin(channel, stamp)

    monkeypatch.setattr(Channel, "_open", opening)
    channel = opened(silent.url)
    waiting = threading.Semaphore(0)
    wait_for = channel._newest._changed.wait_for

    def reported(*args: Any) -> bool:
        waiting.release()
        return wait_for(*args)

    channel._newest._changed.wait_for = reported  # type: ignore[method-assign]
    callers = [Caller(channel) for _ in range(5)]
    assert silent.reached.wait(5)
    for _ in callers:
        assert waiting.acquire(timeout=5)
    silent.let_go()
    for caller in callers:
        caller.join(5)
    assert openings == [silent.url]
    assert len({caller.error for caller in callers}) == 1
    assert callers[0].error is not None
    channel.close()


def test_closing_waits_for_no_handshake_and_the_opening_ends_in_an_error(silent: Silent) -> None:
    channel = opened(silent.url)
    caller = Caller(channel)
    assert silent.reached.wait(5)
    channel.close()
    assert caller.is_alive()
    silent.let_go()
    caller.join(5)
    assert caller.error is not None


def test_a_connection_whose_opening_ends_after_the_close_is_closed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(Range=seven) as (url, _):
        channel = opened(url, TlsFiles())
        made: list[Connection] = []
        begin = channel._open

        def closing(stamp: Any) -> Connection:
            made.append(begin(stamp))
            channel.close()
            return made[0]

        monkeypatch.setattr(channel, "_open", closing)
        with pytest.raises(UnreachableError, match=CLOSED):
            channel.link()
        with pytest.raises(ValueError, match="closed channel"):
            made[0].stubs["kv"].Range(READ.request)


def test_a_closed_channel_opens_no_connection(silent: Silent) -> None:
    channel = opened(silent.url)
    channel.close()
    channel.close()
    with pytest.raises(UnreachableError, match=CLOSED):
        channel.start(READ, 1.0)
    assert silent.connections == 0


def test_a_channel_closed_between_its_opening_and_the_call_is_told_as_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(Range=seven) as (url, server):
        channel = opened(url, TlsFiles())
        link = channel.link()
        channel.close()
        monkeypatch.setattr(channel, "link", lambda: link)
        with pytest.raises(UnreachableError, match=CLOSED) as caught:
            channel.start(READ, 1.0)
    assert caught.value.endpoint == url
    assert server.calls == []


def test_calls_begin_side_by_side_and_a_close_waits_for_all_that_begin() -> None:
    channel = opened("http://127.0.0.1:1", TlsFiles())
    link, together = channel.link(), threading.Barrier(3)

    def begin(_: Any, may_end: threading.Event) -> None:
        together.wait(10)
        may_end.wait(10)

    gates = [threading.Event(), threading.Event()]
    threads = [threading.Thread(target=link.begin, args=(partial(begin, may_end=gate),)) for gate in gates]
    threads.append(threading.Thread(target=channel.close))
    for thread in threads[:2]:
        thread.start()
    together.wait(10)  # both are inside
    threads[2].start()
    gates[0].set()
    threads[0].join(10)
    threads[2].join(0.2)
    assert threads[2].is_alive()
    gates[1].set()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)
    with pytest.raises(ValueError, match="closed"):
        link.begin(print)


def test_a_close_does_not_wait_for_ever_for_a_call_that_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "BEGIN_SECONDS", 0.05)
    channel, go_on, inside = opened("http://127.0.0.1:1", TlsFiles()), threading.Event(), threading.Event()

    def begin(_: Any) -> None:
        inside.set()
        go_on.wait(10)

    thread = threading.Thread(target=channel.link().begin, args=(begin,))
    thread.start()
    assert inside.wait(10)
    channel.close()
    assert thread.is_alive()  # the close was over first
    go_on.set()
    thread.join(10)


def test_an_answer_that_grpc_never_tells_of_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "GRACE_SECONDS", 0.0)
    channel = opened("http://127.0.0.1:1", TlsFiles())
    monkeypatch.setattr(channel, "start", lambda *_: Silence())
    with pytest.raises(grpc.RpcError) as caught:
        channel.ask(READ, 0.01)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert isinstance(translate(caught.value, "a:1"), DeadlineError)
    channel.close()


class Silence:
    """A call that nothing is ever known of."""

    def result(self, seconds: float) -> Any:
        time.sleep(seconds)
        raise grpc.FutureTimeoutError


def test_nothing_is_opened_before_the_first_call_and_one_connection_serves_all() -> None:
    with answering(Range=seven) as (url, _):
        channel = opened(url, TlsFiles())
        assert channel._newest.known is None
        first = channel.link()
        channel.start(READ, 5.0).result()
        assert channel.link() is first
        channel.close()


class TestFilesThatChange:
    @pytest.fixture
    def files(self, authority: Authority, tmp_path: Path) -> TlsFiles:
        client = authority.issue(tmp_path / "client", "client", "client")
        return TlsFiles(str(authority.files.cert), str(client.cert), str(client.key))

    def renew(self, authority: Authority, tmp_path: Path, files: TlsFiles) -> None:
        fresh = authority.issue(tmp_path / "fresh", "client", "client")
        shutil.copy(fresh.cert, files.cert)
        shutil.copy(fresh.key, files.key)

    def test_calls_under_way_end_on_the_connection_of_before(
        self, authority: Authority, pair: Pair, tmp_path: Path, files: TlsFiles
    ) -> None:
        requested, answer = threading.Event(), threading.Event()

        def slow(request: Any, context: Any) -> Any:
            requested.set()
            answer.wait(10)
            return seven(request, context)

        with answering(pair=pair, Range=slow) as (url, _):
            channel = opened(url, files)
            before = channel.link()
            pending = channel.start(READ, 10.0)
            assert requested.wait(5)
            self.renew(authority, tmp_path, files)
            assert channel.link() is not before
            answer.set()
            assert pending.result().header.revision == 7
            channel.close()

    def test_the_connection_before_the_last_is_closed(
        self, authority: Authority, pair: Pair, tmp_path: Path, files: TlsFiles
    ) -> None:
        with answering(pair=pair, Range=seven) as (url, _):
            channel = opened(url, files)
            before = channel.link()
            for _ in range(2):
                self.renew(authority, tmp_path, files)
                channel.link()
            with pytest.raises(ValueError, match="closed channel"):
                before.stubs["kv"].Range(READ.request)
            channel.close()

    def test_half_a_renewal_changes_nothing(self, pair: Pair, files: TlsFiles) -> None:
        with answering(pair=pair, Range=seven) as (url, _):
            channel = opened(url, files)
            before = channel.link()
            Path(files.cert).write_bytes(b"")
            assert channel.link() is before
            channel.close()

    def test_files_that_are_no_good_from_the_start_are_read_again_at_the_next_call(
        self, pair: Pair, files: TlsFiles
    ) -> None:
        good = Path(files.cert).read_bytes()
        Path(files.cert).write_bytes(b"")
        with answering(pair=pair, Range=seven) as (url, _):
            channel = opened(url, files)
            with pytest.raises(CertificateFileError):
                channel.link()
            Path(files.cert).write_bytes(good)
            assert channel.start(READ, 5.0).result().header.revision == 7
            channel.close()


def test_an_answer_larger_than_the_limit_is_refused_and_the_next_call_is_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small = tuple(
        ("grpc.max_receive_message_length", 100_000) if "receive" in name else (name, value)
        for name, value in channels.OPTIONS
    )
    monkeypatch.setattr(channels, "OPTIONS", small)

    def huge(request: Any, _: Any) -> Any:
        response = seven(request, None)
        response.count = 1
        response.kvs.add(key=b"/a", value=b"x" * (10 if request.limit else 200_000))
        return response

    with answering(Range=huge) as (url, server):
        store = EtcdStore([url], TlsFiles())
        store._is_kine_known = True
        with pytest.raises(TooLargeError):
            store.range(Range(b"/a", b"/b"))
        assert len(store.range(Range(b"/a", b"/b", limit=1)).kvs) == 1
        assert server.calls == ["Range"] * 2
        store.close()


@pytest.mark.parametrize(
    ("needs_leader", "token", "rows"),
    [
        (False, None, ()),
        (False, "", ()),
        (True, None, (("hasleader", "true"),)),
        (False, "t", (("token", "t"),)),
        (True, "t", (("hasleader", "true"), ("token", "t"))),
    ],
)
def test_a_call_carries_its_token_and_whether_it_needs_a_leader(
    needs_leader: bool, token: str | None, rows: tuple[tuple[str, str], ...]
) -> None:
    assert metadata(needs_leader, token) == rows


def test_a_promotion_has_the_path_that_etcd_gives_it() -> None:
    with answering(MemberPromote=lambda *_: etcdrpc.MemberRemoveResponse()) as (url, server):
        channel = opened(url, TlsFiles())
        call = Call("cluster", "MemberPromote", etcdrpc.MemberRemoveRequest(ID=5))
        channel.start(call, 5.0).result()
        with pytest.raises(grpc.RpcError) as caught:
            channel.start(READ, 5.0).result()
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
        assert server.calls == ["MemberPromote"]
        channel.close()


# Where the system or an ending Python gives no more threads: grpc has counted the call and nobody brings its answer.
# The server has a process of its own: grpc's server never ends once one of its own threads was refused.
NO_THREADS = """
import sys, threading
from etcdview.errors import UnreachableError
from tests.unit.stores.etcd import test_channel as tests

def refuse(_):
    raise RuntimeError(sys.argv[2])

channel = tests.opened(sys.argv[1], tests.TlsFiles())
link, begin = channel.link(), threading.Thread.start
threading.Thread.start = refuse
try:
    channel.start(tests.READ, 5.0)
except UnreachableError as error:
    print(error.what)
threading.Thread.start = begin
try:
    link.begin(print)
except ValueError:
    assert channel.link() is not link
print(channel.start(tests.READ, 5.0).result().header.revision)
channel.close()
"""


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        ("can't create new thread at interpreter shutdown", "The connection to etcd was closed."),
        ("can't start new thread", "No thread could be started for a call (can't start new thread)."),
    ],
)
def test_a_call_without_a_thread_is_told_and_neither_the_close_nor_the_process_waits_for_it(
    refusal: str, said: str
) -> None:
    with answering(Range=seven) as (url, _):
        command = [sys.executable, "-c", NO_THREADS, url, refusal]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{said}\n7\n", "")

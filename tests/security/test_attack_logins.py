"""Attacks on who one is: sessions, passwords, tokens, a proxy's headers, and the files behind them."""

from __future__ import annotations

import json
import os
import re
import stat
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from etcdview.access.audit import Audit
from etcdview.access.ended_sessions import EndedSessions
from etcdview.access.files import read_users
from etcdview.access.secret_key import derived
from etcdview.cluster.cluster import Cluster
from etcdview.config import Settings
from etcdview.errors import SettingError
from tests.security import lab
from tests.security.lab import PASSWORDS, QUICK, Lab, log_in, post, token_of
from tests.security.table import attack
from webapp import create_app

SESSIONS = "Sessions"
PASSWORD = "Passwords"
TOKENS = "Tokens"
PROXY = "A proxy's headers"
FILES = "Files and settings"
COOKIE = "__Host-etcdview"


def cookie_of(client: object) -> str:
    found = client.get_cookie(COOKIE)  # type: ignore[attr-defined]
    assert found is not None
    return str(found.value)


def change_users(made: Lab, change: object) -> None:
    path = made.folder / "users.json"
    raw = json.loads(path.read_text())
    change(raw["users"])  # type: ignore[operator]
    path.write_text(json.dumps(raw))


@attack(SESSIONS, "a session planted in the victim's browser before the login (fixation)", "a login begins another")
def test_a_planted_session_is_not_taken_over(made: Lab) -> None:
    attacker, victim = made.anonymous(), made.anonymous()
    token = token_of(attacker.get("/login"))
    planted = cookie_of(attacker)
    victim.set_cookie(COOKIE, planted)

    victim.post("/login", data={"name": "ann", "password": PASSWORDS["ann"], "csrf_token": token})

    assert cookie_of(victim) != planted
    attacker.set_cookie(COOKIE, planted)
    assert attacker.get("/account").status_code == 303


@attack(SESSIONS, "a cookie with other content, cut, or signed with another key", "nobody is logged in")
def test_a_forged_cookie_is_worth_nothing(made: Lab) -> None:
    interface, other = SecureCookieSessionInterface(), Flask("other")
    content = {"_user_id": "password:ann", "until": 2**40, "sid": "x", "stamp": "x", "_fresh": True}
    good = cookie_of(made.logged_in("vera"))
    body, stamp, signature = good.rsplit(".", 2)
    forged = [good[:-2], f"{body}.{stamp}.", f"{body}x.{stamp}.{signature}", "", "e30.x.y", good.upper()]
    for key in ("", "secret", lab.KEY, derived(Settings(secret_key=lab.KEY), "oidc").hex()):
        other.secret_key = key or "none"
        serializer = interface.get_signing_serializer(other)
        assert serializer is not None
        forged.append(str(serializer.dumps(content)))

    for cookie in forged:
        client = made.anonymous()
        client.set_cookie(COOKIE, cookie)
        assert client.get("/account").status_code == 303


@attack(SESSIONS, "a copy of the cookie, used after the logout", "the session has ended on the server, in all workers")
def test_a_copy_of_a_cookie_ends_with_the_logout(made: Lab) -> None:
    client, thief = made.logged_in("ann"), made.anonymous()
    thief.set_cookie(COOKIE, cookie_of(client))
    assert thief.get("/account").status_code == 200

    post(client, "/logout", "/account")

    assert thief.get("/account").status_code == 303


@attack(SESSIONS, "logging out ten thousand times, so that earlier logouts are forgotten", "each session ends once")
def test_a_logout_again_and_again_pushes_no_other_out() -> None:
    ended = EndedSessions(slots=4)
    ended.end("copied")
    for _ in range(10):
        ended.end("replayed")

    assert ended.has("copied")
    assert ended.has("replayed")


@attack(SESSIONS, "a session that goes on after its lifetime", "it ends, however busy it was")
def test_a_session_ends_with_its_lifetime(made: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    client = made.logged_in("ann")
    import webapp.accounts.sessions as sessions

    later = datetime.now(UTC).timestamp() + made.settings.session_seconds + 1
    monkeypatch.setattr(sessions.time, "time", lambda: later)

    assert client.get("/account").status_code == 303


@attack(SESSIONS, "a session that goes on after the password was changed, or the user removed", "it ends at once")
def test_a_session_ends_with_its_password_and_its_user(made: Lab) -> None:
    ann, olga = made.logged_in("ann"), made.logged_in("olga")

    change_users(
        made, lambda users: next(u for u in users if u["name"] == "ann").update(password=QUICK.hash("other-one"))
    )
    assert ann.get("/account").status_code == 303
    change_users(made, lambda users: users.remove(next(u for u in users if u["name"] == "olga")))
    assert olga.get("/account").status_code == 303


@attack(SESSIONS, "going on as an admin after the role was taken away", "the new role counts at once")
def test_a_role_that_is_taken_away_is_gone(made: Lab) -> None:
    client = made.logged_in("ann")
    assert client.get("/audit").status_code == 200

    change_users(made, lambda users: next(u for u in users if u["name"] == "ann").update(role="viewer"))

    assert client.get("/audit").status_code == 403


@attack(
    SESSIONS,
    "reading the cookie by script, over HTTP, or from another site",
    "HttpOnly, Secure, SameSite=Strict, __Host-",
)
def test_the_cookie_is_kept_to_itself(made: Lab) -> None:
    header = log_in(made.anonymous(), "ann", PASSWORDS["ann"]).headers["Set-Cookie"]

    assert header.startswith(COOKIE + "=")
    for attribute in ("HttpOnly", "Secure", "SameSite=Strict", "Path=/"):
        assert attribute in header
    assert "Domain" not in header
    assert "Expires" not in header


@attack(PASSWORD, "guessing one account's password from one address", "429 after ten tries a minute")
def test_guessing_from_one_address_is_slowed(made: Lab) -> None:
    client = made.anonymous()
    token = token_of(client.get("/login"))

    def guess(i: int) -> int:
        return client.post("/login", data={"name": f"n{i}", "password": "x", "csrf_token": token}).status_code

    statuses = [guess(i) for i in range(14)]

    assert statuses[:10] == [401] * 10
    assert statuses[10:] == [429] * 4


@attack(
    PASSWORD,
    "forty-one guesses at the same moment, all before the first is answered",
    "ten are checked, 429 for the others",
)
def test_guesses_at_once_are_counted_before_they_are_answered(made: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    many, allowed = 41, 10
    answer, ended = threading.Event(), threading.Semaphore(0)
    statuses: list[int] = []

    def slowly(*_: object) -> bool:
        answer.wait(20)
        return False

    def guess(i: int) -> None:
        client = made.anonymous()
        data = {"name": f"n{i}", "password": "x", "csrf_token": token_of(client.get("/login"))}
        statuses.append(client.post("/login", data=data).status_code)
        ended.release()

    monkeypatch.setattr("etcdview.access.hashes.password_is", slowly)
    threads = [threading.Thread(target=guess, args=(i,)) for i in range(many)]
    for thread in threads:
        thread.start()
    for _ in range(many - allowed):
        assert ended.acquire(timeout=20)
    assert statuses == [429] * (many - allowed)
    answer.set()
    for thread in threads:
        thread.join(20)
    assert sorted(statuses) == [401] * allowed + [429] * (many - allowed)


@attack(PASSWORD, "guessing one account's password from many addresses", "429 after ten tries a minute for that name")
def test_guessing_one_name_from_many_addresses_is_slowed(made: Lab) -> None:
    client = made.anonymous()
    token = token_of(client.get("/login"))

    def guess(i: int) -> int:
        data = {"name": "ann", "password": "x", "csrf_token": token}
        return client.post("/login", data=data, environ_base={"REMOTE_ADDR": f"10.0.0.{i}"}).status_code

    statuses = [guess(i) for i in range(14)]

    assert statuses[10:] == [429] * 4


@attack(PASSWORD, "a new X-Forwarded-For with each guess, to be taken for many", "accepted from trusted proxies only")
def test_a_forged_address_gives_no_more_guesses(made: Lab) -> None:
    client = made.anonymous()
    token = token_of(client.get("/login"))

    def guess(i: int) -> int:
        data = {"name": f"n{i}", "password": "x", "csrf_token": token}
        return client.post("/login", data=data, headers={"X-Forwarded-For": f"10.1.1.{i}"}).status_code

    assert [guess(i) for i in range(14)][10:] == [429] * 4


@attack(PASSWORD, "finding out which names there are", "the same answer, and the same work, for all")
def test_an_unknown_name_gets_the_same_answer(made: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    from etcdview.access import hashes

    checked: list[str] = []
    real = hashes._HASHER.verify
    monkeypatch.setattr(
        hashes,
        "_HASHER",
        type("Spy", (), {"verify": lambda _, kept, given: (checked.append(kept), real(kept, given))})(),
    )

    known = post(made.anonymous(), "/login", "/login", name="ann", password="x")
    unknown = post(made.anonymous(), "/login", "/login", name="bob", password="x")

    assert known.status_code == unknown.status_code == 401
    assert "Wrong name or password." in known.text
    assert "Wrong name or password." in unknown.text
    for answer in (known, unknown):  # the name stays, and the next thing to type is the password
        assert re.search(r'id="login-name"\s+name="name"\s+value="(ann|bob)"[^>]*required\s*>', answer.text)
        assert re.search(r'id="login-password"[^>]*autofocus>', answer.text)
    assert len(checked) == 2


@attack(PASSWORD, "no password: empty, or for a user who has none", "401")
def test_an_empty_password_opens_nothing(made: Lab) -> None:
    change_users(made, lambda users: users.append({"name": "ci", "role": "admin", "password": ""}))

    for name in ("ci", "ann", ""):
        for password in ("", "None", "$argon2id$"):
            assert post(made.anonymous(), "/login", "/login", name=name, password=password).status_code in (401, 429)


@attack(TOKENS, "a token that is guessed, cut, of another user, or of an unknown kind", "401, logged")
def test_a_wrong_token_is_refused(made: Lab) -> None:
    good = made.tokens["ann"]
    prefix, name, secret = good.split("_")
    wrong = [
        good[:-1],
        good + "x",
        f"{prefix}_{name}_",
        f"{prefix}_{made.tokens['vera'].split('_')[1]}_{secret}",
        secret,
        "",
    ]
    headers = [
        *(f"Bearer {token}" for token in wrong),
        f"Basic {good}",
        f"Token {good}",
        good,
        "Bearer",
        "Bearer a b c",
    ]

    for header in headers:
        response = made.anonymous().get("/api/v1/cluster", headers={"Authorization": header})
        assert response.status_code == 401
    assert made.audit[-1]["result"] == "refused"


@attack(TOKENS, "a token after its last day, or after it was revoked", "401")
def test_a_token_ends(made: Lab) -> None:
    def expire(users: list[dict[str, list[dict[str, str]]]]) -> None:
        users[0]["tokens"][0]["until"] = "2026-01-02T00:00:00+00:00"

    assert made.as_token("ann").get("/api/v1/cluster").status_code == 200
    change_users(made, expire)
    assert made.as_token("ann").get("/api/v1/cluster").status_code == 401
    change_users(made, lambda users: users[1].update(tokens=[]))
    assert made.as_token("olga").get("/api/v1/cluster").status_code == 401


@attack(TOKENS, "a wrong token beside a good session, to slip past the CSRF check", "401: what is shown must hold")
def test_a_wrong_token_beside_a_session_opens_nothing(made: Lab) -> None:
    client = made.logged_in("ann")

    headers = {"Authorization": "Bearer etcdview_a_b"}
    assert client.get("/account", headers=headers).status_code == 401
    assert client.post("/encryption", headers=headers).status_code == 401
    assert client.post("/logout", headers=headers).status_code == 400
    assert client.get("/account").status_code == 200


@attack(TOKENS, "a token in the address, from where it would get into logs", "not looked at")
def test_a_token_in_the_address_is_not_looked_at(made: Lab) -> None:
    for name in ("token", "access_token", "api_key", "Authorization"):
        assert made.anonymous().get(f"/api/v1/cluster?{name}={made.tokens['ann']}").status_code == 401


@attack(TOKENS, "reading tokens and passwords out of the users file", "hashes only; mode 0600")
def test_the_users_file_holds_hashes_only(made: Lab, tmp_path: Path) -> None:
    from etcdview.cli.main import run

    path = tmp_path / "new" / "users.json"
    assert run(["user", "add", "ci", "--no-password", "--users-file", str(path)]) == 0
    assert run(["user", "token", "ci", "--users-file", str(path)]) == 0

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert made.tokens["ann"].split("_")[2] not in (made.folder / "users.json").read_text()
    assert PASSWORDS["ann"] not in (made.folder / "users.json").read_text()


def with_proxy(folder: Path, cluster: Cluster) -> Lab:
    return lab.build(
        folder,
        cluster,
        proxy_user_header="X-Forwarded-User",
        proxy_groups_header="X-Forwarded-Groups",
        trusted_proxies=("10.9.0.0/16",),
    )


@attack(PROXY, "the proxy's header, sent by somebody who is not the proxy", "401, logged; even beside a good session")
def test_a_forged_header_is_refused(tmp_path: Path, cluster: Cluster) -> None:
    made = with_proxy(tmp_path, cluster)
    headers = {"X-Forwarded-User": "vera", "X-Forwarded-Groups": "admins"}

    for address in ("127.0.0.1", "10.8.255.255", "192.0.2.1", "::1"):
        base = {"REMOTE_ADDR": address}
        assert made.anonymous().get("/account", headers=headers, environ_base=base).status_code == 401
    assert made.audit[-1]["result"] == "refused"
    assert made.logged_in("vera").get("/account", headers=headers).status_code == 401


@attack(PROXY, "X-Forwarded-For with the proxy's own address, to be taken for it", "the peer's address counts")
def test_a_forged_forwarded_for_makes_no_proxy(tmp_path: Path, cluster: Cluster) -> None:
    made = with_proxy(tmp_path, cluster)
    headers = {"X-Forwarded-User": "vera", "X-Forwarded-For": "10.9.0.1"}

    assert made.anonymous().get("/account", headers=headers).status_code == 401


@attack(PROXY, "the header twice, through a proxy that adds its own behind the client's", "401: several names")
def test_a_header_that_comes_twice_is_refused(tmp_path: Path, cluster: Cluster) -> None:
    made = with_proxy(tmp_path, cluster)

    for name in ("admin,vera", "vera, admin", "", " ", ","):
        response = made.anonymous().get(
            "/account", headers={"X-Forwarded-User": name}, environ_base={"REMOTE_ADDR": "10.9.0.1"}
        )
        assert response.status_code == 401


@attack(PROXY, "somebody whom the proxy knows and the access file does not", "403, logged with the name")
def test_a_name_without_a_grant_is_refused(tmp_path: Path, cluster: Cluster) -> None:
    made = with_proxy(tmp_path, cluster)
    base = {"REMOTE_ADDR": "10.9.0.1"}

    known = made.anonymous().get("/account", headers={"X-Forwarded-User": "vera"}, environ_base=base)
    unknown = made.anonymous().get("/account", headers={"X-Forwarded-User": "eve"}, environ_base=base)

    assert (known.status_code, unknown.status_code) == (200, 403)
    assert made.audit[-1]["who"] == "eve"


@attack(
    PROXY, "a POST through the proxy from another site: the proxy adds the login to any request", "400 without a token"
)
def test_a_proxy_login_needs_a_csrf_token_too(tmp_path: Path, cluster: Cluster) -> None:
    made = with_proxy(tmp_path, cluster)

    response = made.anonymous().post(
        "/encryption", headers={"X-Forwarded-User": "vera"}, environ_base={"REMOTE_ADDR": "10.9.0.1"}
    )

    assert response.status_code == 400


@attack(
    PROXY, "the address of the client in X-Forwarded-For, lengthened by the client", "what the proxy wrote is logged"
)
def test_the_log_has_the_address_that_the_proxy_saw(tmp_path: Path, cluster: Cluster) -> None:
    made = with_proxy(tmp_path, cluster)
    headers = {"X-Forwarded-User": "eve", "X-Forwarded-For": "1.2.3.4, 203.0.113.9, 10.9.0.7"}

    made.anonymous().get("/account", headers=headers, environ_base={"REMOTE_ADDR": "10.9.0.1"})

    assert made.audit[-1]["address"] == "203.0.113.9"


@attack(FILES, "a users or access file that its group or anybody may write", "etcdview does not start")
@pytest.mark.parametrize("name", ["users.json", "access.toml"])
@pytest.mark.parametrize("mode", [0o666, 0o602, 0o620, 0o664])
def test_a_users_file_that_others_write_is_refused(made: Lab, name: str, mode: int) -> None:
    (made.folder / name).chmod(mode)

    with pytest.raises(SettingError, match="Others than its owner can write"):
        create_app(made.settings, made.app.extensions["etcdview"])


def test_a_users_file_that_everybody_reads_is_told_of(made: Lab, caplog: pytest.LogCaptureFixture) -> None:
    for mode, reported in ((0o644, True), (0o640, False), (0o600, False)):
        caplog.clear()
        (made.folder / "users.json").chmod(mode)
        create_app(made.settings, made.app.extensions["etcdview"])
        assert ("every user of this machine can read the hashes" in caplog.text) == reported


@attack(FILES, "a users or access file that is broken or gone while etcdview runs", "logins do not work")
def test_a_broken_users_file_lets_nobody_in(made: Lab) -> None:
    client = made.logged_in("ann")
    (made.folder / "users.json").write_text("{")

    for _ in range(2):
        assert client.get("/account").status_code == 401
        assert made.as_token("ann").get("/api/v1/cluster").status_code == 401
        assert post(made.anonymous(), "/login", "/login", name="ann", password=PASSWORDS["ann"]).status_code == 401
        assert str(made.folder) not in client.get("/account").text
        (made.folder / "users.json").unlink(missing_ok=True)


@attack(FILES, "a misspelt role, group or setting in the access file that would let more in", "etcdview does not start")
@pytest.mark.parametrize(
    "text",
    ['[[grants]]\nrole = "admin"', '[[grants]]\nuser = "a"\nrole = "root"',
     '[[grant]]\nuser = "a"\nrole = "admin"', '[[grants]]\nuser = "a"\nrole = "viewer"\nmethod = "x"',
     '[roles.viewer]\nnamespace = ["shop"]', '[roles.viewer]\nnamespaces = "shop"', '[roles.all]\nnamespaces = ["a"]',
     '[[grants]]\nuser = "a"\nrole = "viewer"\nnamespaces = []'],
)  # fmt: skip
def test_a_misspelt_access_file_is_refused(made: Lab, text: str) -> None:
    (made.folder / "access.toml").write_text(text)

    with pytest.raises(SettingError):
        create_app(made.settings, made.app.extensions["etcdview"])


@attack(
    FILES, "a users file whose hashes, tokens or times no login could use", "etcdview does not start, and says which"
)
@pytest.mark.parametrize(
    ("token", "place"),
    [
        ({"until": "2027-11-23T10:00:00"}, "until has no time zone"),
        ({"made": "yesterday"}, "made is not a time"),
        ({"hash": "ä" * 64}, "hash is not a hash"),
    ],
)
def test_a_users_file_that_no_login_could_use_is_refused(tmp_path: Path, token: dict[str, str], place: str) -> None:
    path = tmp_path / "users.json"
    good = {"id": "abc", "hash": "0" * 64, "made": "2026-11-23T10:00:00+00:00"}
    path.write_text(json.dumps({"users": [{"name": "ann", "role": "viewer", "tokens": [good | token]}]}))
    path.chmod(0o600)
    with pytest.raises(SettingError, match=place):
        read_users(path)


@attack(FILES, "a secret key that can be guessed", "etcdview does not start with fewer than 32 characters")
def test_a_short_secret_key_is_refused() -> None:
    from etcdview.access.secret_key import with_secret_key

    with pytest.raises(SettingError, match="guessed"):
        with_secret_key(Settings(secret_key="hunter2"))
    assert with_secret_key(Settings()).secret_key != with_secret_key(Settings()).secret_key


@attack(FILES, "logins whose settings let in everybody or nobody", "etcdview does not start, and says why")
@pytest.mark.parametrize(
    "settings",
    [{"proxy_user_header": "X-User", "default_role": "viewer"}, {"client_ca": "ca.crt", "default_role": "viewer"},
     {"oidc_issuer": "https://id.example.org", "default_role": "viewer"}, {"tls_cert": "a.crt"},
     {"oidc_issuer": "https://id.example.org", "oidc_client_id": "etcdview"},
     {"proxy_user_header": "X-User", "trusted_proxies": ("10.0.0.1",)}, {"users_file": "there-is-none.json"}],
)  # fmt: skip
def test_half_a_login_is_refused(cluster: Cluster, settings: dict[str, str]) -> None:
    with pytest.raises(SettingError):
        create_app(Settings(**settings), cluster)  # type: ignore[arg-type]


@attack(FILES, "reading the audit log as somebody else on the machine", "mode 0600")
def test_the_audit_log_is_for_its_owner(made: Lab) -> None:
    made.logged_in("ann")

    assert stat.S_IMODE((made.folder / "audit.jsonl").stat().st_mode) == 0o600


@attack(
    FILES,
    "a log laid there before etcdview starts: for others to read or write, or a link to another file",
    "etcdview does not start",
)
@pytest.mark.parametrize("kind", [0o644, 0o620, "link", "pipe"])
def test_a_log_that_others_reach_is_not_used(made: Lab, kind: int | str) -> None:
    path, elsewhere = made.folder / "audit.jsonl", made.folder / "elsewhere"
    path.unlink()
    elsewhere.touch(0o600)
    if kind == "link":
        path.symlink_to(elsewhere)
    elif kind == "pipe":
        os.mkfifo(path, 0o600)
    else:
        path.touch()
        path.chmod(int(kind))

    with pytest.raises(SettingError, match=r"cannot be written: (it is|other users)"):
        create_app(made.settings, made.app.extensions["etcdview"])
    assert elsewhere.read_bytes() == b""


@attack(FILES, "the log opened to others while etcdview runs", "what was to be logged is not done")
def test_what_others_could_read_is_not_logged_and_not_done(made: Lab) -> None:
    (made.folder / "audit.jsonl").chmod(0o644)

    response = log_in(made.anonymous(), "ann", PASSWORDS["ann"])

    assert response.status_code == 503
    assert "ann" not in (made.folder / "audit.jsonl").read_text()


def test_a_log_is_put_aside_and_a_line_that_was_cut_short_is_ended(tmp_path: Path) -> None:
    log = Audit(tmp_path / "log", max_bytes=300, kept=2)
    for number in range(9):
        log.record(who=f"user{number}", address="10.0.0.1", action="login")
    with (tmp_path / "log").open("a") as file:
        file.write('{"at": "20')
    log.record(who="last", address="10.0.0.1", action="login")

    found = [entry.who for entry in log.latest(100)]
    assert found[:2] == ["last", "user8"]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in tmp_path.iterdir())
    assert {path.name for path in tmp_path.iterdir()} == {"log", "log.1", "log.2", "log.lock"}


@attack(FILES, "a full disk, so that nothing is logged", "what was to be logged is not done")
def test_what_cannot_be_logged_is_not_done(made: Lab) -> None:
    client = made.logged_in("olga")
    page = "/reveal?key=/registry/secrets/payments/db-credentials"
    token = token_of(client.get(page))
    (made.folder / "audit.jsonl").unlink()
    (made.folder / "audit.jsonl").mkdir()

    fields = {"key": "/registry/secrets/payments/db-credentials", "field": "data.password", "revision": "273"}
    response = client.post("/reveal", data=fields | {"csrf_token": token})

    assert response.status_code == 503
    assert "correct horse" not in response.text


@attack(FILES, "logging out while nothing can be logged", "the session ends all the same")
def test_a_logout_that_cannot_be_logged_ends_the_session(made: Lab, caplog: pytest.LogCaptureFixture) -> None:
    client = made.logged_in("ann")
    token = token_of(client.get("/account"))
    kept = client.get_cookie("__Host-etcdview")
    (made.folder / "audit.jsonl").unlink()
    (made.folder / "audit.jsonl").mkdir()

    assert client.post("/logout", data={"csrf_token": token}).status_code == 303

    assert kept is not None
    client.set_cookie("__Host-etcdview", kept.value, secure=True)
    assert client.get("/account").status_code == 303
    assert "logout" in caplog.text


@attack(FILES, "something forbidden while nothing can be logged", "403, as otherwise")
def test_a_refusal_that_cannot_be_logged_is_still_one(made: Lab) -> None:
    (made.folder / "audit.jsonl").unlink()
    (made.folder / "audit.jsonl").mkdir()

    assert made.as_token("vera").get("/audit").status_code == 403

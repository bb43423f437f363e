"""Health and certificates as pages, JSON and metrics: one verdict everywhere, its evidence, and what is unknown."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import cast

import pytest
from flask.testing import FlaskClient

from etcdview.access.roles import LOCAL, Scope, Viewer
from etcdview.cluster.window import Window
from etcdview.errors import DeniedError
from etcdview.health.certificate_inventory import CertificateInventory, Unreadable
from etcdview.health.facts import ClusterFacts, Handshake, HttpHealth, Problem, WireFacts
from etcdview.health.findings import Finding, Verdict
from etcdview.health.history import History, MemberSample, Sample
from etcdview.health.monitor import Report, broken
from etcdview.pages.health.page import begin_comparison, health_page
from tests.unit.health import conftest as build
from tests.unit.webapp.fixed_reports import FixedMonitor, api_pod, app_of, cluster_of, etcd_pod, report_of

UNSUPPORTED = Problem("UnsupportedError", "This server has no HashKV.")
NO_QUORUM = Problem("NoQuorumError", "cp1 answers, but knows of no leader.", "Bring a majority back.")


def page(report: Report | None, path: str = "/health", **objects: object) -> str:
    """The text of a page, without its tags."""
    return text_of(app_of(report, objects).test_client().get(path).text)


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def quorum_lost() -> ClusterFacts:
    alone = {
        "status": {"leader_id": 0},
        "read": build.failed(NO_QUORUM),
        "wire": build.wire(health=HttpHealth(False, "RAFT NO LEADER")),
    }
    return build.cluster(bend={1: alone}, down=(2, 3))


def report_with_verdict(status: str, *findings: Finding) -> Report:
    facts = build.cluster()
    return Report(facts, Verdict(status, build.NOW, findings), history=History().add(facts))  # type: ignore[arg-type]


def test_a_healthy_cluster_is_called_so_with_how_many_more_may_fail() -> None:
    shown = page(report_of(build.cluster()))

    assert "Healthy" in shown
    assert "3 of 3 voters answer; a quorum is 2, so 1 more may fail." in shown
    assert "No problems found" in shown


def test_a_lost_quorum_is_called_so_in_words() -> None:
    shown = page(report_of(quorum_lost()))

    assert "No quorum" in shown
    assert "1 of 3 voters answer; a quorum is 2. Nothing can be written." in shown


def test_a_finding_shows_its_evidence_why_it_matters_what_to_do_and_the_commands() -> None:
    finding = Finding(
        "a-rule",
        "critical",
        "A summary.",
        "An evidence (read 12:00:00 UTC).",
        "A reason.",
        "An action.",
        ("a --command",),
    )
    shown = page(report_with_verdict("degraded", finding))

    assert "critical A summary. a-rule" in shown
    for part in ("An evidence (read 12:00:00 UTC).", "A reason.", "An action.", "a --command"):
        assert part in shown


@pytest.mark.parametrize("verdict", ["at risk", "degraded", "no quorum", "unknown"])
@pytest.mark.parametrize("path", ["/", "/registry", "/search", "/health", "/certificates"])
def test_every_page_says_in_its_frame_when_etcd_is_not_healthy(path: str, verdict: str) -> None:
    html = app_of(report_with_verdict(verdict)).test_client().get(path).text

    link = re.search(r'<a class="bar-verdict[^>]*href="/health"[^>]*>(.*?)</a>', html)
    assert link is not None
    assert verdict.capitalize() in link[1]


def test_the_frame_names_the_gravest_finding_behind_the_verdict() -> None:
    html = app_of(report_of(build.cluster(down=(2,)))).test_client().get("/registry").text

    link = re.search(r'<a class="bar-verdict[^>]*title="([^"]*)"', html)
    assert link is not None
    assert link[1] == "Member cp2 does not answer."


def test_old_facts_are_told_as_past_and_have_no_gauges() -> None:
    fresh = report_of(build.cluster())
    old = build.replace(fresh, age_seconds=90.0, stale=True, verdict=Verdict("unknown", build.NOW))
    assert "At 12:00:00 UTC, when they were last probed, 3 of 3 voters answered." in page(old)
    assert "more may fail" not in page(old)
    metrics = app_of(old).test_client().get("/metrics").text
    assert "etcdview_facts_age_seconds 90.0" in metrics
    assert not re.search(r"^etcdview_(quorum|voters|member_)", metrics, re.MULTILINE)
    assert "etcdview_quorum 1.0" in app_of(fresh).test_client().get("/metrics").text


def test_a_voter_that_is_cut_off_is_not_counted_among_those_that_may_fail() -> None:
    facts = build.cluster(bend={3: {"read": build.failed(NO_QUORUM)}})
    shown = page(report_of(facts))
    assert "3 of 3 voters answer, 2 of them in the quorum; a quorum is 2, so no more may fail." in shown
    assert "etcdview_voters_may_fail 0.0" in app_of(report_of(facts)).test_client().get("/metrics").text


def test_a_verdict_that_has_passed_is_listed_with_what_made_it() -> None:
    finding = Finding("read-slow", "warning", "Reads through cp1 are slow.", "600 ms", "", "")
    history = History()
    for seconds, verdict in ((0, Verdict("at risk", build.NOW, (finding,))), (30, Verdict("healthy", build.NOW))):
        history = history.judged(build.replace(verdict, at=build.NOW + timedelta(seconds=seconds)))
    shown = section(build.replace(report_of(build.cluster()), history=history), "past-title")
    assert "12:00:30 now Healthy no findings" in shown
    assert "12:00:00 12:00:30 At risk Reads through cp1 are slow. read-slow" in shown


def test_comparing_the_members_data_is_for_operators_and_admins() -> None:
    cluster = cluster_of(report_of(build.cluster()))
    begin_comparison(Window(cluster, Viewer("olga", "operator", method="password")))
    begin_comparison(Window(cluster, Viewer("ann", "admin", method="password")))
    assert cast(FixedMonitor, cluster.monitor).compared == 2
    for viewer in (
        LOCAL,
        Viewer("vera", "viewer", method="password"),
        Viewer("nina", "operator", Scope(("shop",)), method="password"),
    ):
        assert not health_page(Window(cluster, viewer), build.NOW).may_compare
        with pytest.raises(DeniedError):
            begin_comparison(Window(cluster, viewer))


def test_who_may_not_compare_gets_no_button_and_no_comparison() -> None:
    app = app_of(report_of(build.cluster()))
    client = app.test_client()
    assert "Compare the members" not in client.get("/health").text
    assert client.post("/health/compare").status_code == 400  # no page gives out a token for it
    assert cast(FixedMonitor, app.extensions["etcdview"].monitor).compared == 0


def test_the_frame_says_nothing_of_a_healthy_cluster_and_of_a_file() -> None:
    for report in (report_of(build.cluster()), None):
        assert "bar-verdict" not in app_of(report).test_client().get("/").text


def test_page_api_and_metrics_have_the_same_verdict_and_findings() -> None:
    report = report_of(build.cluster(down=(2,)))
    client = app_of(report).test_client()
    body = client.get("/api/v1/health").get_json()

    assert body == report.verdict.as_json()
    assert body["verdict"] == "degraded"
    assert body["at"] == "2026-11-23T12:00:00Z"
    shown = text_of(client.get("/health").text)
    metrics = client.get("/metrics").text
    for finding in body["findings"]:
        assert all(finding[part] for part in ("id", "severity", "summary", "evidence", "why", "action"))
        assert finding["summary"] in shown
        assert f'finding="{finding["id"]}"' in metrics
    assert 'etcdview_verdict{verdict="degraded"} 1.0' in metrics


def test_the_api_gives_what_the_command_line_gives() -> None:
    body = app_of(report_of(build.cluster())).test_client().get("/api/v1/health").get_json()

    assert set(body) == {"verdict", "at", "findings"}


def test_of_a_file_nothing_is_claimed_and_a_finding_says_why() -> None:
    client = app_of(None).test_client()
    body = client.get("/api/v1/health").get_json()

    assert body["verdict"] == "unknown"
    assert [f["id"] for f in body["findings"]] == ["file-opened"]
    shown = client.get("/health").text
    assert "A file: its members are not asked" in text_of(shown)
    assert ">Unknown<" not in shown
    assert "etcdview_verdict" not in client.get("/metrics").text


def test_before_the_first_round_has_ended_nothing_is_claimed() -> None:
    client = app_of(Report(None, Verdict("unknown", build.NOW))).test_client()

    assert [f["id"] for f in client.get("/api/v1/health").get_json()["findings"]] == ["round-unfinished"]
    assert client.get("/health").status_code == 200


def test_where_the_first_round_failed_that_is_said_and_not_that_it_is_still_under_way() -> None:
    client = app_of(Report(None, broken(ValueError("Invalid IPv6 URL"), build.NOW))).test_client()

    assert [f["id"] for f in client.get("/api/v1/health").get_json()["findings"]] == ["round-failed"]
    assert "Invalid IPv6 URL" in text_of(client.get("/health").text)


def test_htmx_gets_the_fragment_alone_and_it_asks_for_itself_again() -> None:
    client = app_of(report_of(build.cluster())).test_client()
    fragment = client.get("/health", headers={"HX-Request": "true", "HX-Target": "health"}).text

    assert fragment.lstrip().startswith('<div id="health" hx-get="/health" hx-trigger="every 5s"')
    assert "<!doctype" not in fragment


def test_a_silent_member_spoils_no_other_members_row() -> None:
    rows = probe_rows(report_of(build.cluster(down=(2,))))

    assert rows["cp1"].count("●") == rows["cp3"].count("●") == 10
    assert "✕ no answer" in rows["cp2"]
    assert rows["cp2"].count("not asked") == 9


def test_what_a_server_does_not_have_is_called_unsupported_and_not_unhealthy() -> None:
    lacking = WireFacts(build.wire().handshake, build.failed(UNSUPPORTED), build.failed(UNSUPPORTED))
    facts = build.cluster(bend={1: {"hash": build.failed(UNSUPPORTED), "wire": lacking}})
    rows = probe_rows(report_of(facts))

    assert rows["cp1"].count("not supported by this server") == 3
    assert "✕" not in rows["cp1"]


def test_plain_http_is_said_where_tls_would_stand() -> None:
    plain = WireFacts(build.ok(Handshake("http://10.0.0.1:2379", 0.001)))
    assert "▲ plain http" in probe_rows(report_of(build.cluster(bend={1: {"wire": plain}})))["cp1"]


def test_an_alarm_is_shown_at_the_member_that_tells_of_it() -> None:
    facts = build.cluster(bend={2: {"status": {"errors": ("memberID:161 alarm:NOSPACE",)}}})
    rows = probe_rows(report_of(facts))

    assert "✕ NOSPACE" in rows["cp2"]
    assert "● none" in rows["cp1"]
    assert "Alarm NOSPACE on cp1" in page(report_of(facts))


def test_what_a_member_says_of_its_own_health_is_repeated_with_its_reason() -> None:
    shown = page(report_of(quorum_lost()))

    assert "/health says: RAFT NO LEADER." in shown


def test_a_learner_is_not_blamed_for_the_read_that_learners_do_not_serve() -> None:
    members = (build.member(1), build.member(2), build.member(3), build.member(4, learner=True))
    asked = {"status": {"learner": True}, "read": build.Probe()}
    rows = probe_rows(report_of(build.cluster(members=members, bend={4: asked})))

    assert "a learner does not serve it" in rows["cp4"]
    assert "✕" not in rows["cp4"]


def test_a_hash_of_a_member_that_is_silent_now_is_shown_as_of_before() -> None:
    silent = {"status": build.failed(), "hash": build.ok(build.KvHash(0xA2, 0xBEEF, 900, 800))}
    rows = probe_rows(report_of(build.cluster(bend={2: silent})))

    assert "was 0000beef at rev 900" in rows["cp2"]


def test_what_members_count_of_themselves_is_of_the_last_two_minutes() -> None:
    before = build.metrics(fsync=build.histogram({0.0005: 100_000}))
    after = build.metrics(fsync=build.histogram({0.0005: 100_000, 0.030: 200}))
    bent = {"wire": build.wire(metrics=after), "metrics_before": build.ok(before)}
    shown = section(report_of(build.cluster(bend={1: bent})), "counters-title")

    assert re.search(r"cp1 32 ms", shown)
    assert re.search(r"cp2 2 ms", shown)


def test_the_last_hour_is_drawn_for_every_member_with_its_numbers_in_words() -> None:
    html = section_html(report_of(build.cluster(), history=hour()), "hour-title")
    words = text_of(html)

    assert (
        html.count("<polyline") == 12
    )  # three quantities of three members; those of cp2 are broken where it was silent
    assert "min 1 ms median 3 ms max 9 ms" in words
    assert "led 50 %" in words
    assert "the leader changed once" in words
    assert "spark-silent" in html


def test_nothing_is_drawn_of_an_hour_that_has_only_begun() -> None:
    assert "The last hour" not in page(report_of(build.cluster()))


def test_every_certificate_says_how_many_days_are_left_and_how_it_stands() -> None:
    lengths = {"1": 300.5, "2": 20.5, "3": 3.5, "4": -2.5}
    entries = [build.entry(fingerprint=f, ends=now() + timedelta(days=d)) for f, d in lengths.items()]
    shown = certificates_html(CertificateInventory(tuple(entries)))

    assert "valid 300 days" in shown
    assert "expires soon 20 days" in shown
    assert "expires very soon 3 days" in shown
    assert "expired 2 days ago" in shown


def test_a_certificate_shows_names_usage_chain_key_place_and_renewal() -> None:
    shown = certificates_html(CertificateInventory((build.entry(ends=now() + timedelta(days=100)),)))

    for part in (
        "Names cp2, 10.0.0.2",
        "server auth, client auth",
        "CN=cp2 ← CN=etcd-ca chains to a trusted CA",
        "RSA 2048; matches its key file",
        "https://10.0.0.2:2379",
        "kubeadm certs renew etcd-server",
    ):
        assert part in shown


def test_what_is_wrong_with_a_certificate_besides_its_time_is_said() -> None:
    wrong = build.entry(trusted=False, key_fits=False)
    lost = Unreadable("/etc/x.crt", "/etc/x.crt cannot be read.", "Let etcdview read it.")
    shown = certificates_html(CertificateInventory((wrong,), (lost,)))

    assert "✕ not trusted" in shown
    assert "does not match its key file" in shown
    assert "/etc/x.crt cannot be read. Let etcdview read it." in shown


def test_one_that_is_not_valid_yet_is_no_valid_one() -> None:
    early = build.entry(begins=now() + timedelta(days=1), ends=now() + timedelta(days=400))
    assert "not valid yet" in certificates_html(CertificateInventory((early,)))


def test_over_plain_http_there_are_no_certificates_and_it_says_so() -> None:
    plain = build.cluster(1, members=(build.member(1, client_urls=("http://10.0.0.1:2379",)),))
    bent = build.replace(plain.members[0].endpoints[0], url="http://10.0.0.1:2379")
    facts = build.replace(plain, members=(build.replace(plain.members[0], endpoints=(bent,)),))

    assert "No certificates: etcd is reached over plain http." in page(report_of(facts), "/certificates")


def test_a_kubeadm_cluster_is_told_in_words_flags_and_a_picture() -> None:
    pods = dict([*(etcd_pod(n) for n in (1, 2, 3)), *(api_pod(n) for n in (1, 2, 3))])
    html = section_html(report_of(build.cluster()), "deployment-title", **pods)
    shown = text_of(html)

    assert "kubeadm set it up: a static pod" in shown
    assert "Stacked: it runs on the machines of the control plane" in shown
    assert "/registry/pods/kube-system/etcd-cp2" in shown
    assert "--advertise-client-urls cp1 https://10.0.0.1:2379" in shown
    assert "--client-cert-auth true Clients must show a certificate" in shown
    assert "What is missing" not in shown
    assert html.count("box-member") == html.count('class="box-api') == html.count('class="box-machine') == 3


def test_what_is_missing_for_high_availability_is_listed() -> None:
    pods = dict([etcd_pod(1, "--unsafe-no-fsync=true")])
    shown = section(report_of(build.cluster(1)), "deployment-title", **pods)

    assert "▲ 2 more members" in shown
    assert "▲ fsync on every write" in shown


def test_api_servers_that_look_elsewhere_mean_an_external_etcd() -> None:
    servers = "https://10.0.0.1:2379,https://10.0.0.2:2379"
    pods = dict(api_pod(n, servers) for n in (11, 12))
    shown = section(report_of(build.cluster()), "deployment-title", **pods)

    assert f"External: kube-apiserver finds it on machines of its own ({servers.replace(',', ', ')})" in shown
    assert "kube-apiserver 10.0.0.11" in shown


def test_without_pods_and_files_the_members_own_words_stand_for_the_flags() -> None:
    shown = section(report_of(build.cluster()), "deployment-title")

    assert "Could not find how etcd is started" in shown
    assert "etcd flags (reported)" in shown
    assert "--initial-advertise-peer-urls cp1 https://10.0.0.1:2380" in shown


def test_a_snapshot_tells_how_the_etcd_it_was_taken_of_was_deployed() -> None:
    shown = section(None, "deployment-title", **dict([etcd_pod(1)]))

    assert "kubeadm set it up" in shown
    assert "not asked" in shown


@pytest.mark.parametrize(
    "facts", [build.cluster(), build.cluster(down=(1,)), quorum_lost()], ids=["well", "one", "lost"]
)
def test_nothing_is_inline_whatever_is_wrong(facts: ClusterFacts) -> None:
    client: FlaskClient = app_of(report_of(facts, history=hour()), dict([etcd_pod(1)])).test_client()
    for path in ("/health", "/certificates", "/"):
        assert re.search(r"<script(?![^>]*src=)[^>]*>|\sstyle=|\son\w+=", client.get(path).text) is None


def probe_rows(report: Report) -> dict[str, str]:
    """The rows of the table of questions, by member."""
    html = section_html(report, "probes-title")
    rows = re.findall(r"<tr[^>]*>\s*<th scope=\"row\">([^<]+)</th>(.*?)</tr>", html, re.DOTALL)
    return {name: text_of(cells) for name, cells in rows}


def section(report: Report | None, title: str, **objects: object) -> str:
    return text_of(section_html(report, title, **objects))


def section_html(report: Report | None, title: str, **objects: object) -> str:
    """One section of the health page."""
    html = app_of(report, objects).test_client().get("/health").text
    found = re.search(rf'<section aria-labelledby="{title}">.*?</section>', html, re.DOTALL)
    assert found is not None
    return found[0]


def certificates_html(found: CertificateInventory) -> str:
    return page(report_of(build.cluster(), certificates=found), "/certificates")


def now() -> datetime:
    return datetime.now(UTC)


def hour() -> History:
    """Three members over three minutes; cp2 silent for one of them, cp3 takes over from cp1 half way."""
    samples = []
    for step in range(4):
        leader = 1 if step < 2 else 3
        heard = [_heard(n, step, leader) for n in (1, 2, 3)]
        samples.append(Sample(build.NOW - timedelta(minutes=3 - step), tuple(heard)))
    return History(tuple(samples))


def _heard(number: int, step: int, leader: int) -> MemberSample:
    if (number, step) == (2, 2):
        return MemberSample(0xA2)
    latency = (0.001, 0.002, 0.004, 0.009)[step]
    return MemberSample(0xA0 + number, latency, 2e7, 5000.0 + step, float(number == leader), 0xA0 + leader)

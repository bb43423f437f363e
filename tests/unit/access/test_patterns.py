"""What a role takes out is out, however it is spelt; what means nothing is refused, and says what may be meant."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from etcdview.access.grants import read_access
from etcdview.access.roles import NO_NAMESPACE, Scope
from etcdview.cli.main import cli
from etcdview.errors import SettingError
from etcdview.kube.keys import KeySpace
from etcdview.kube.resources import BUILTIN, ResourceType, custom

KEYSPACE = KeySpace()
CUSTOM = tuple(
    custom(group, plural) for group in ("example.org", "db.example.org") for plural in ("backups", "proxies")
)
TYPES = (*BUILTIN, *CUSTOM)
NAMESPACES = ("shop", "shop-2", "team-red", "team-blue", "kube-system", "default", "")


@pytest.mark.parametrize(
    "text",
    ["!secrets", "!secret", "!Secret", "!Secrets", "!SECRETS", "!secrets.", "!Secret."],
)
def test_secrets_are_out_by_each_of_their_names(text: str) -> None:
    scope = Scope(resources=("*", text))
    assert not scope.has(KEYSPACE.object_key(b"/registry/secrets/shop/s"))
    assert scope.has(KEYSPACE.object_key(b"/registry/pods/shop/p"))
    assert not scope.whole


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("!po", {"pods"}),
        ("!deploy", {"deployments"}),
        ("!Deployment.apps", {"deployments"}),
        ("!deployments.v1.apps", {"deployments"}),
        ("!events.events.k8s.io", {"events"}),
        ("!*.apps", {"controllerrevisions", "daemonsets", "deployments", "replicasets", "statefulsets"}),
        ("!backups.example.org", {"backups.example.org"}),
        ("!Backup.example.org", {"backups.example.org"}),
        ("!proxy.db.example.org", {"proxies.db.example.org"}),
        ("!*.db.example.org", {"backups.db.example.org", "proxies.db.example.org"}),
        ("!*.example.org", {resource.id for resource in CUSTOM}),
        ("!*.batch", {"cronjobs", "jobs"}),
    ],
)
def test_a_type_is_out_by_plural_kind_short_name_and_group(text: str, out: set[str]) -> None:
    scope = Scope(resources=("*", text))
    assert {resource.id for resource in TYPES if not scope.has_type(resource)} == out


@pytest.mark.parametrize(
    ("texts", "meant"),
    [
        (("*", "!core/secrets"), "write '!secrets'"),
        (("*", "!v1/secrets"), "write '!secrets'"),
        (("*", "!secrets.v1"), "write '!secrets'"),
        (("*", "!secrets.k8s.io"), "write '!secrets'"),
        (("*", "!secrets*"), "write '!secrets'"),
        (("*", "!sec*"), "write each type"),
        (("*", "! secrets"), "Did you mean 'secrets'"),
        (("*", "!!secrets"), "Did you mean 'secrets'"),
        (("*", "!sceret"), "Did you mean 'secret'"),
        (("*", "!hpa.v1.autoscaling"), "write '!horizontalpodautoscalers.autoscaling'"),
        (("*", "!backups.v1.example.org"), "backups.example.org"),
        (("*", "!deployments.apps.k8s.io"), "write '!deployments.apps'"),
        (("*", "!apiservice.apiregistration.k8s.io.v1"), "write '!apiservices.apiregistration.k8s.io'"),
        (("*", "!*.events.k8s.io"), "written whole"),
        (("*", "!*.app"), "Did you mean 'apps'"),
        (("*", "!"), "kubectl get"),
        (("*", "!*"), "by itself"),
        (("*", ""), "kubectl get"),
        (("all",), "name each of them"),
        (("*.k8s.io",), "written whole"),
        (("secrets", "!pods"), "Remove"),
        (("pods", "!po"), "Remove"),
        (("*.policy", "!pdb", "!psp"), "Remove"),
        (("!secrets",), '["*", "!secrets"]'),
    ],
)
def test_a_resource_that_means_nothing_is_refused_and_says_what_is_meant(texts: tuple[str, ...], meant: str) -> None:
    with pytest.raises(SettingError) as refused:
        Scope(resources=texts)
    assert meant in refused.value.remedy
    assert refused.value.what.startswith("resources ")


@pytest.mark.parametrize(
    "texts",
    [("Shop",), ("sh op",), (" shop",), ("*shop",), ("sh*p",), ("shop/",), ("-shop",), ("@all",), ("**",), ("x" * 64,),
     ("*", "!*"), ("*", "!"), ("*", "! shop"), ("*", "!!shop"), ("!shop",), ("shop", "!shop"), ("shop", "!sh*"),
     ("shop", "!web"), ("team-*", "!shop"), (NO_NAMESPACE, "!shop"), ("",)],
)  # fmt: skip
def test_a_namespace_that_means_nothing_is_refused(texts: tuple[str, ...]) -> None:
    with pytest.raises(SettingError, match=r"^namespaces "):
        Scope(texts)


@pytest.mark.parametrize(
    ("namespaces", "resources"),
    [
        (("shop",), ("nodes",)),
        (("shop",), ("pods", "nodes")),
        ((NO_NAMESPACE,), ("pods",)),
        (("shop", NO_NAMESPACE), ("pods",)),
        (("shop", NO_NAMESPACE), ("nodes",)),
        (("*", f"!{NO_NAMESPACE}"), ("nodes",)),
        (("shop",), ("*.node.k8s.io",)),
    ],
)
def test_types_and_namespaces_that_exclude_each_other_are_refused(
    namespaces: tuple[str, ...], resources: tuple[str, ...]
) -> None:
    with pytest.raises(SettingError, match=r"match nothing|none of these|all of these"):
        Scope(namespaces, resources)


def test_namespaces_are_taken_out_of_all_and_of_a_beginning() -> None:
    system, red = Scope(("*", "!kube-system")), Scope(("team-*", "!team-red"))
    assert [name for name in NAMESPACES if not system.has_namespace(name)] == ["kube-system"]
    assert [name for name in NAMESPACES if red.has_namespace(name)] == ["team-blue"]
    assert not system.has(KEYSPACE.object_key(b"/registry/namespaces/kube-system"))
    assert [name for name in NAMESPACES if not Scope(("*", "!@cluster")).has_namespace(name)] == [""]
    assert not system.whole


def words_of(resource: ResourceType) -> set[str]:
    """All that somebody may call a built-in type."""
    names = {resource.plural, resource.singular, resource.kind.lower(), *resource.short_names} - {""}
    names = names if resource.served else {resource.plural}
    return names | {f"{name}.{resource.group}" for name in names}


WORDS = sorted({word for resource in BUILTIN for word in words_of(resource)})
MANGLED = st.builds(
    lambda before, word, case, after: before + case(word) + after,
    st.sampled_from(["", "", "", " ", "!", "core/", "v1/", "*", "apps/"]),
    st.sampled_from(
        [*WORDS, *(resource.id for resource in CUSTOM), "backup.example.org", "*.apps", "*", "*.example.org"]
    ),
    st.sampled_from([str, str.title, str.upper, lambda word: word[:-1], lambda word: word + "s"]),
    st.sampled_from(["", "", "", "*", ".v1", ".", "/", " ", ".k8s.io"]),
)
NAMESPACE = st.sampled_from(
    [*NAMESPACES, "team-*", "kube-*", "*", NO_NAMESPACE, "a*", "ab*", "abo", "A", "-a", "a-", "!shop", "s*p", "@", "**"]
)


def named(text: str, resource: ResourceType) -> bool:
    """Whether the text reads as that type: its name, or a glob of it. Read without our grammar."""
    text = text.lower().removesuffix(".")
    glob = re.compile(re.escape(text).replace(r"\*", ".*"))
    return any(glob.fullmatch(word) for word in words_of(resource))


def scope_or_none(*texts: str, resources: tuple[str, ...] = ("*",)) -> Scope | None:
    """None where the texts are refused."""
    try:
        return Scope(texts, resources)
    except SettingError:
        return None


@given(MANGLED)
def test_what_an_accepted_exclusion_names_is_out(text: str) -> None:
    scope = scope_or_none("*", resources=("*", f"!{text}"))
    if scope is not None and text.lower().partition(".")[0] in WORDS:
        # of types that share a name it is the first one's, as with kubectl
        assert {resource for resource in TYPES if named(text, resource) and not scope.has_type(resource)}


@given(st.lists(NAMESPACE, min_size=1, max_size=3), st.lists(NAMESPACE, max_size=2))
def test_an_accepted_namespace_pattern_matches_as_it_reads(taken: list[str], out: list[str]) -> None:
    scope = scope_or_none(*taken, *(f"!{text}" for text in out))
    out += [text[1:] for text in taken if text.startswith("!")]
    taken = [text for text in taken if not text.startswith("!")]

    def reads(text: str, namespace: str) -> bool:
        if text == NO_NAMESPACE or not namespace:
            return not namespace and text in ("*", NO_NAMESPACE)
        return re.fullmatch(re.escape(text).replace(r"\*", ".*"), namespace) is not None

    for namespace in (*NAMESPACES, "abo", "a") if scope is not None else ():
        expected = any(reads(text, namespace) for text in taken) and not any(reads(text, namespace) for text in out)
        assert scope is not None
        assert scope.has_namespace(namespace) == expected


def test_the_access_file_names_the_place_of_a_pattern_that_means_nothing(tmp_path: Path) -> None:
    path = tmp_path / "access.toml"
    path.write_text('[roles.operator]\nresources = ["*", "!core/secrets"]\n')
    with pytest.raises(
        SettingError, match=r"access\.toml cannot be used: roles\.operator: resources has '!core/secrets'"
    ):
        read_access(path)


@pytest.mark.parametrize("who", ['user = "*@example.org"', 'group = "!sre"', 'group = " sre"'])
def test_a_grant_names_one_user_or_group(tmp_path: Path, who: str) -> None:
    path = tmp_path / "access.toml"
    path.write_text(f'[[grants]]\n{who}\nrole = "viewer"\n')
    with pytest.raises(SettingError, match="a grant names one"):
        read_access(path)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--resource", "!core/secrets"], "write '!secrets'"),
        (["--resource", "!sec*"], "write each type"),
        (["--namespace", "Shop"], "not a namespace"),
        (["--namespace", "shop", "--resource", "nodes"], '"@cluster"'),
    ],
)
def test_user_add_refuses_what_means_nothing_and_writes_no_file(tmp_path: Path, options: list[str], said: str) -> None:
    path = tmp_path / "users.json"
    run = CliRunner().invoke(
        cli, ["user", "add", "ann", "--users-file", str(path), "--no-password", *options], standalone_mode=False
    )
    assert isinstance(run.exception, SettingError)
    assert said in f"{run.exception.what} {run.exception.remedy}"
    assert not path.exists()


@pytest.mark.parametrize("options", [["--resource", "!secret"], ["--namespace", "!kube-system", "--resource", "po"]])
def test_user_add_takes_what_only_takes_out_as_all_but_that(tmp_path: Path, options: list[str]) -> None:
    path = tmp_path / "users.json"
    run = CliRunner().invoke(
        cli, ["user", "add", "ann", "--users-file", str(path), "--no-password", *options], standalone_mode=False
    )
    assert run.exit_code == 0
    assert '"*"' in path.read_text()

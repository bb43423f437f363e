"""What the arguments of `etcdview get` mean: which types, which names. kubectl's rules, and its complaints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from etcdview.errors import NotFoundError, UsageError
from etcdview.kube.resources import ResourceType, known_words
from etcdview.kube.suggestions import did_you_mean

Find = Callable[[str], Sequence[ResourceType]]
Known = Callable[[], Sequence[ResourceType]]  # all types, for a suggestion
_SPELLING = "Use kubectl's spelling: pods, po, deployments.apps, or the plural and group of a custom resource."


@dataclass(frozen=True, slots=True)
class RequestedType:
    """One type, and the names asked for; no names: all of them."""

    resource: ResourceType
    names: tuple[str, ...] = ()


def parse(arguments: Sequence[str], find: Find, known: Known) -> tuple[RequestedType, ...]:
    """`pods`, `pods,svc`, `pods web-1 web-2`, `pod/web-1 svc/web`. Raises UsageError; NotFoundError for a type."""
    if not arguments:
        raise UsageError(
            "You must say which type of resource to get.", "For example: etcdview get pods, or etcdview get all -A."
        )
    if any("/" in argument for argument in arguments):
        return _pairs(arguments, find, known)
    types = [t for word in arguments[0].split(",") if word for t in _types(word, find, known)]
    names = tuple(dict.fromkeys(arguments[1:]))
    return tuple(RequestedType(t, names) for t in dict.fromkeys(types))


def _pairs(arguments: Sequence[str], find: Find, known: Known) -> tuple[RequestedType, ...]:
    wanted: dict[ResourceType, list[str]] = {}
    for argument in arguments:
        word, slash, name = argument.partition("/")
        if not slash:
            raise UsageError(
                f"{argument!r} stands beside a name in the form type/name.",
                "Write either one type and its names, or type/name for each.",
            )
        if not word or not name or "/" in name or "," in word:
            raise UsageError(
                f"{argument!r} is not of the form type/name.", "Write one type and one name, for example pod/web-1."
            )
        for resource in _types(word, find, known)[:1]:
            wanted.setdefault(resource, []).append(name)
    return tuple(RequestedType(resource, tuple(dict.fromkeys(names))) for resource, names in wanted.items())


def _types(word: str, find: Find, known: Known) -> Sequence[ResourceType]:
    found = find(word)
    if not found:
        raise NotFoundError(
            f'The registry has no resource type "{word}".',
            did_you_mean(word, _words(known()), _SPELLING),
        )
    return found


def _words(known: Sequence[ResourceType]) -> tuple[str, ...]:
    """What a type can be called; with its group only after all that is shorter."""
    return (*known_words(known), *(resource.qualified for resource in known))

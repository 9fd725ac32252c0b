"""What a kind of resource has to say of its service's API."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

from openstackoid.replication.clock import Timestamp
from openstackoid.replication.desired import Desired, Place
from openstackoid.replication.kinds import Joined, Kind
from openstackoid.replication.operation import Action, Write
from openstackoid.replication.plan import Change, Create, Replica, Seen, Values
from openstackoid.replication.traces import Found

JSON = "application/json"

MAX_KEY = 255
"""Characters of a name, a key or an element at most, as in the databases of the services."""


class NotReplicatedError(Exception):
    """A request orders what can't be replicated; the message says what, and what to do instead."""


class Owner(Enum):
    """Whose the resources of a kind are: a user's, a project's, or nobody's in their cloud."""

    USER = "user"
    PROJECT = "project"
    NOBODY = "nobody"


class Draft(NamedTuple):
    """What a request orders of a resource.

    `name` is the key that its user has chosen, for a create of a kind that has one. `id` is what
    the request calls the resource, None for a create.
    """

    action: Action
    writes: tuple[Write, ...] = ()
    name: str | None = None
    id: str | None = None


class Call(NamedTuple):
    """A request to a service; `path` is behind the prefix of its endpoint.

    `fine` are statuses, beside those of a success, that say that it is as it should be. `headers`
    are sent in place of those that all requests of the API have.
    """

    method: str
    path: str
    document: object = None
    content_type: str = JSON
    fine: frozenset[int] = frozenset()
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Api(ABC):
    """The API for one kind of resource, of the service type `service`.

    `headers` are sent with each request: which version of the API is meant. `references` are
    fields that name other replicated resources, each with the kind of these. `completes` are those
    of them whose resource others can't use before this one is there.
    """

    kind: Kind
    service: str
    headers: tuple[tuple[str, str], ...] = ()
    owner: Owner = Owner.PROJECT
    references: Mapping[str, str] = field(default_factory=dict)
    completes: frozenset[str] = frozenset()

    @abstractmethod
    def asked(self, method: str, path: str, document: Any) -> Draft | None:
        """Return what a write orders, None if it is not about this kind.

        Raises NotReplicatedError.
        """

    def asks(self, method: str, path: str) -> str | None:  # noqa: ARG002
        """Return the path of what a cloud has to show before a write says what it orders.

        What it shows is the document of `asked`. None if the write says all itself.
        """
        return None

    @abstractmethod
    def check(self, write: Write) -> None:
        """Raise ValueError unless a write may be carried out here, whoever has sent it."""

    @abstractmethod
    def number(self, key: str, values: Values, number: int) -> str | None:
        """Return the id that is chosen for a copy, None where the service chooses it."""

    @abstractmethod
    def create(self, key: str, order: Create) -> Call:
        """Return the request that makes a copy."""

    def made(self, document: Any) -> str:  # noqa: ARG002
        """Return the id of what was created, from the answer, where the service chooses it.

        Raises LookupError, TypeError or ValueError if the service does not speak its API.
        """
        raise ValueError(f"nothing here says the id of a {self.kind.name}")

    @abstractmethod
    def change(self, replica: Replica, order: Change) -> list[Call]:
        """Return the requests that write changes, in their order."""

    @abstractmethod
    def shows(self, method: str, path: str, identifier: str) -> tuple[int, str | None]:
        """Return how a write that succeeded is answered: the status, and what shows the result.

        `identifier` is that of the copy that is shown, None is no body.
        """

    def answer(self, draft: Draft, document: Any) -> Any:  # noqa: ARG002
        """Return what a client is answered with, of what `shows` shows.

        Raises LookupError, TypeError or ValueError if the service does not speak its API.
        """
        return document

    @abstractmethod
    def path(self, identifier: str) -> str:
        """Return the path of a copy."""

    def reads(self, identifier: str) -> list[Call]:
        """Return the requests that read a copy, the first of them the copy itself."""
        return [Call("GET", self.path(identifier))]

    @abstractmethod
    def seen(self, documents: Sequence[Any]) -> Seen:
        """Return what the answers to `reads` show; None is one for a request that was refused.

        Raises LookupError, TypeError or ValueError if the service does not speak its API.
        """

    def named(self, name: str) -> Call | None:  # noqa: ARG002
        """Return the request that lists what has a name, None if what exists can't be replicated.

        Of such a kind one is created anew.
        """
        return None

    def ids(self, document: Any) -> list[str]:  # noqa: ARG002
        """Return the ids in an answer to `named`.

        Raises LookupError, TypeError or ValueError if the service does not speak its API.
        """
        return []

    def marking(self, identifier: str, generation: Timestamp) -> Call | None:  # noqa: ARG002
        """Return the request that marks what exists as made by a create, None if it needs none."""
        return None

    @abstractmethod
    def looks(self, key: str, state: Desired, numbers: int) -> list[Call]:
        """Return the requests that find all that may be a copy.

        `state` is what there should be; `numbers` ids that were chosen may be used up.
        """

    @abstractmethod
    def found(self, key: str, state: Desired, document: Any) -> list[Found]:
        """Return what an answer to one of `looks` shows of that.

        Raises LookupError, TypeError or ValueError if the service does not speak its API.
        """


def text(value: object) -> str:
    """Return a value as operations have it: JSON, in one way."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def whole(values: Mapping[str, object]) -> tuple[Write, ...]:
    """Return the writes of fields that are joined as a whole."""
    return tuple(Write(field, text(value)) for field, value in values.items())


def value(values: Mapping[Place, str | None], field: str) -> Any:
    """Return the value of a field that is joined as a whole, None if there is none."""
    said = values.get((field, None))
    return None if said is None else json.loads(said)


def resource_in(document: Any, key: str, known: Iterable[str]) -> dict[str, Any]:
    """Return the resource under a key of a request; raises NotReplicatedError."""
    found = document.get(key) if isinstance(document, dict) else None
    if not isinstance(found, dict):
        raise NotReplicatedError(f'the body has no "{key}"')
    check_known(found, known)
    return found


def check_known(resource: Mapping[str, Any], known: Iterable[str]) -> None:
    """Raise NotReplicatedError if a resource has a key that is not known."""
    if unknown := sorted(resource.keys() - set(known)):
        raise NotReplicatedError(f"{', '.join(unknown)} can't be replicated; leave it out")


def line(value: object, what: str) -> str:
    """Return a value that has to be one line; raises NotReplicatedError."""
    if not is_line(value):
        raise NotReplicatedError(f"{what} is not a line of at most {MAX_KEY} characters")
    return str(value)


def is_line(value: object) -> bool:
    """Return whether a value is one printable line that a database of a service can hold."""
    return isinstance(value, str) and 0 < len(value) <= MAX_KEY and value.isprintable()


def number(value: object, what: str) -> int:
    """Return a value that has to be a number; raises NotReplicatedError."""
    try:
        found = int(value) if isinstance(value, int | str) else -1
    except ValueError:
        found = -1
    if not 0 <= found < 2**31:
        raise NotReplicatedError(f"{what} is not a number")
    return found


def check_form(write: Write, kind: Kind) -> None:
    """Raise ValueError unless a write has the form that its field has in this kind."""
    joined = kind.fields.get(write.field)
    if joined is None:
        raise ValueError("no such field")
    has_key = joined in {Joined.BY_ELEMENT, Joined.BY_KEY}
    if has_key != is_line(write.key):
        raise ValueError("a key that it can't have")
    if write.value is None and not has_key:
        raise ValueError("no value")

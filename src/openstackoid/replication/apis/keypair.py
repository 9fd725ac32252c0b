"""Keypairs of which the user has the private key, as Nova has them.

See https://docs.openstack.org/api-ref/compute/#keypairs-keypairs.
"""

import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote

from openstackoid.replication.apis.api import (
    Api,
    Call,
    Draft,
    NotReplicatedError,
    Owner,
    check_form,
    line,
    resource_in,
    text,
    value,
    whole,
)
from openstackoid.replication.desired import Desired, Place
from openstackoid.replication.kinds import Joined, Kind, Recognized
from openstackoid.replication.operation import Action, Write
from openstackoid.replication.plan import Change, Create, Replica, Seen, Values
from openstackoid.replication.traces import Found

_PATH = re.compile(r"(?:/v2(?:\.1)?)?/os-keypairs(?:/(?P<name>[^/]+))?")
_TYPES = ("ssh", "x509")
_MAX_KEY = 16_384


class Keypair(Api):
    """Keypairs: of a user; their key is the name."""

    def asked(self, method: str, path: str, document: Any) -> Draft | None:
        """Return what a write orders, None if it is not about keypairs."""
        if (found := _PATH.fullmatch(path)) is None:
            return None
        match method, found["name"]:
            case "POST", None:
                return _created(document)
            case "DELETE", str(name):
                return Draft(Action.DELETE, id=unquote(name))
        return None

    def check(self, write: Write) -> None:
        """Raise ValueError unless a write may be carried out here."""
        check_form(write, self.kind)
        said = json.loads(write.value or "null")
        if not isinstance(said, str) or (write.field == "type" and said not in _TYPES):
            raise ValueError("no value of a keypair")

    def number(self, key: str, values: Values, number: int) -> str | None:  # noqa: ARG002
        """Return the name, which is the id."""
        return key

    def create(self, key: str, order: Create) -> Call:
        """Return the request that makes a keypair."""
        fields = ("public_key", "type")
        keypair = {"name": key} | {field: value(order.values, field) for field in fields}
        return Call("POST", "/v2.1/os-keypairs", {"keypair": keypair})

    def change(self, replica: Replica, order: Change) -> list[Call]:  # noqa: ARG002
        """Return nothing: a keypair can't be changed."""
        return []

    def shows(self, method: str, path: str, identifier: str) -> tuple[int, str | None]:  # noqa: ARG002
        """Return how a write that succeeded is answered."""
        return (202, None) if method == "DELETE" else (200, self.path(identifier))

    def path(self, identifier: str) -> str:
        """Return the path of a keypair."""
        return f"/v2.1/os-keypairs/{quote(identifier, safe='')}"

    def seen(self, documents: Sequence[Any]) -> Seen:
        """Return what a keypair is."""
        return Seen(_values(documents[0]["keypair"]))

    def looks(self, key: str, state: Desired, numbers: int) -> list[Call]:  # noqa: ARG002
        """Return the request that reads the keypair with the name."""
        return [Call("GET", self.path(key), fine=frozenset({404}))]

    def found(self, key: str, state: Desired, document: Any) -> list[Found]:  # noqa: ARG002
        """Return the keypair, if there is one."""
        return [Found(key, _values(document["keypair"]))]


def _created(document: Any) -> Draft:
    asked = resource_in(document, "keypair", ("name", "type", "public_key"))
    name = line(asked.get("name"), "the name of the keypair")
    public, type_ = asked.get("public_key"), asked.get("type", "ssh")
    if not isinstance(public, str) or not 0 < len(public) <= _MAX_KEY:
        raise NotReplicatedError(
            "a keypair that each cloud makes would be another one in each; make one yourself "
            "(ssh-keygen), and give its public key"
        )
    if type_ not in _TYPES:
        raise NotReplicatedError(f"the type of a keypair is {' or '.join(_TYPES)}")
    writes = whole({"public_key": public.strip(), "type": type_})
    return Draft(Action.CREATE, writes, name=name)


def _values(keypair: dict[str, Any]) -> dict[Place, str]:
    public = str(keypair["public_key"]).strip()
    return {("public_key", None): text(public), ("type", None): text(keypair["type"])}


KEYPAIR = Keypair(
    kind=Kind(
        "keypair",
        Recognized.NAME,
        {"public_key": Joined.FIXED, "type": Joined.FIXED},
    ),
    service="compute",
    headers=(("OpenStack-API-Version", "compute 2.2"), ("X-OpenStack-Nova-API-Version", "2.2")),
    owner=Owner.USER,
)

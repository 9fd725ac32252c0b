"""What is written down of a user who orders something that is carried out later.

His token may be over by then. So an assertion for an operation has this in the place of the token:
who he is, and what he needs. Home's gateway, which alone can read it, asks its Keystone whether
that still stands, whenever it is asked.
"""

from typing import Any

import msgspec

from openstackoid.identity.token_document import Distrust, Token, line_of, project_of, token_of

LASTS = 7 * 86_400
"""Seconds for which an operation may be carried out after it was ordered."""

_BEGIN = "witness "
"""No token has a space."""


class Named(msgspec.Struct, frozen=True):
    """A user, a project or a role, as the document of a token has it."""

    id: str
    name: str


class Witness(msgspec.Struct, frozen=True):
    """A user in a project; `domains` are those of both; `credential` is what restricts him."""

    user: Named
    project: Named
    domains: tuple[Named, Named]
    roles: tuple[Named, ...]
    credential: str | None = None


def witness_of(document: object) -> Witness:
    """Return what is written down of the user of a token; raises Distrust if it ends with it."""
    token = token_of(document)
    if token.get("OS-TRUST:trust") or token.get("OS-OAUTH1"):
        raise Distrust("it is delegated, and what is carried out later needs its user's own")
    project, user = project_of(token), _object(token, "user")
    restricted = token.get("application_credential")
    credential = None
    if restricted is not None:
        credential = line_of(_object(token, "application_credential"), "id", "credential")
    roles = token.get("roles")
    every = [role for role in roles if isinstance(role, dict)] if isinstance(roles, list) else []
    return Witness(
        _named(user, "user"),
        _named(project, "project"),
        (_named(_object(user, "domain"), "domain"), _named(_object(project, "domain"), "domain")),
        tuple(_named(role, "role") for role in every),
        credential,
    )


def text_of(witness: Witness) -> str:
    """Return what stands in the place of a token."""
    return _BEGIN + msgspec.json.encode(witness).decode()


def read(text: str) -> Witness | None:
    """Return what was written down, None for a token."""
    if not text.startswith(_BEGIN):
        return None
    return msgspec.json.decode(text[len(_BEGIN) :], type=Witness)


def document_of(witness: Witness, issued: str, expires: str) -> dict[str, Any]:
    """Return the document of a token that its user would get, between two times."""
    named = msgspec.to_builtins(witness)
    user, project = (
        named[key] | {"domain": one}
        for key, one in zip(("user", "project"), named["domains"], strict=True)
    )
    return {
        "token": {
            "methods": ["token"],
            "issued_at": issued,
            "expires_at": expires,
            "user": user,
            "project": project,
            "roles": list(named["roles"]),
        }
    }


def _named(thing: Token, what: str) -> Named:
    return Named(line_of(thing, "id", what), line_of(thing, "name", what))


def _object(thing: Token, key: str) -> Token:
    value = thing.get(key)
    return value if isinstance(value, dict) else {}

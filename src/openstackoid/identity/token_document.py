"""Reads the document that a Keystone gives of a token, with the errors that tell what is wrong."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

MAX_NAME = 255
"""Characters of a name or id at most, as in the databases of Keystone and the services."""

_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"

Token: TypeAlias = Mapping[str, Any]


class Distrust(Exception):  # noqa: N818  (not an error: the rules' answer)
    """A foreign token is not accepted; the message says why, and holds nothing secret."""


def token_of(document: object) -> Token:
    """Return the token in a document; raises Distrust."""
    token = document.get("token") if isinstance(document, dict) else None
    if not isinstance(token, dict):
        raise Distrust("the answer of its Keystone is not the document of a token")
    return token


def project_of(token: Token) -> Token:
    """Return the project of a token; raises Distrust if it is scoped to anything else."""
    for key, kind in (("system", "the system"), ("domain", "a domain")):
        if token.get(key):
            raise Distrust(f"it is for {kind}; only tokens for a project are accepted")
    project = token.get("project")
    if not isinstance(project, dict) or not project:
        raise Distrust("it is for no project; log in to one")
    if token.get("is_domain") or project.get("is_domain"):
        raise Distrust("its project stands for a domain; log in to another project")
    return project


def role_names(token: Token) -> list[str]:
    """Return the names of the roles in a token; whatever is none has no name."""
    return [name for role in roles_of(token) if isinstance(name := role.get("name"), str)]


def roles_of(token: Token) -> list[dict[str, Any]]:
    """Return the roles in a token; whatever is none is left out."""
    given = token.get("roles")
    return [role for role in given if isinstance(role, dict)] if isinstance(given, list) else []


def line_of(thing: Token, key: str, what: str) -> str:
    """Return an id or a name, which must be one printable line, as it goes into headers."""
    value = thing.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME or not value.isprintable():
        raise Distrust(f"the {key} of its {what} is not a line of at most {MAX_NAME} characters")
    return value


def seconds_of(token: Token, key: str) -> int:
    """Return a time in seconds since 1970; raises Distrust."""
    return int(_when(token, key).timestamp())


def written(seconds: int) -> str:
    """Return a time, in seconds since 1970, as Keystone writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime(_TIME)


def time_of(token: Token, key: str) -> str:
    """Return a time as Keystone writes it; raises Distrust."""
    return _when(token, key).strftime(_TIME)


def _when(token: Token, key: str) -> datetime:
    value = token.get(key)
    try:
        when = datetime.fromisoformat(value) if isinstance(value, str) else None
        if when is not None and when.tzinfo is not None and when.timestamp() >= 0:
            return when.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Distrust(f"its {key} is not a time")

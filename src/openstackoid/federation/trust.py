"""Whose tokens a cloud accepts, and what they become there.

See docs/reference/federation.md#trust.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, StringConstraints, Tag

from openstackoid.federation.base import Model

Name = Annotated[str, StringConstraints(min_length=1, max_length=255)]
ProjectId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


def _several(value: object) -> object:
    """Let one name stand for a list of it."""
    return (value,) if isinstance(value, str) else value


class Guest(Model):
    """One project for all."""

    guest: ProjectId


class Table(Model):
    """Project ids there to project ids here; others act nowhere."""

    table: Annotated[dict[ProjectId, ProjectId], Field(min_length=1)]


def _rule(value: object) -> object:
    """Name all rules where none is written."""
    if value not in ("same-id", "same-name") and _kind(value) not in ("guest", "table"):
        raise ValueError("must be same-id, same-name, {guest: ID HERE} or {table: {THERE: HERE}}")
    return value


def _kind(value: object) -> str:
    """Return the key of a rule that has one."""
    if isinstance(value, Guest | Table):
        return type(value).__name__.lower()
    keys = list(value) if isinstance(value, Mapping) else []
    return str(keys[0]) if len(keys) == 1 else ""


Projects: TypeAlias = Annotated[
    Annotated[Literal["same-id", "same-name"], Tag("")]
    | Annotated[Guest, Tag("guest")]
    | Annotated[Table, Tag("table")],
    Discriminator(_kind),
    BeforeValidator(_rule),
]
"""Which project here a token acts in; `same-name` is by the names of the project and its domain."""


class Trust(Model):
    """How one cloud takes the tokens of another.

    `roles` are names of roles there to those here; what it does not name is lost, and a token that
    keeps no role is refused.
    """

    projects: Projects
    roles: dict[Name, Annotated[tuple[Name, ...], BeforeValidator(_several), Field(min_length=1)]]

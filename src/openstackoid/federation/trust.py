"""Whose tokens a cloud believes, and what they become there (DESIGN §6.2)."""

from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Field, StringConstraints

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


Projects: TypeAlias = Literal["same-id", "same-name"] | Guest | Table
"""Which project here a token acts in; `same-name` is by the names of the project and its domain."""


class Trust(Model):
    """How one cloud takes the tokens of another.

    `roles` are names of roles there to those here; what it does not name is lost, and a token that
    keeps no role is refused.
    """

    projects: Projects
    roles: dict[Name, Annotated[tuple[Name, ...], BeforeValidator(_several), Field(min_length=1)]]

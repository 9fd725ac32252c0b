"""The models of `trust`: which foreign tokens a cloud accepts, and as which projects and roles.

See docs/reference/federation.md#trust.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationInfo,
    field_validator,
)

from openstackoid.federation.base import Model, Text
from openstackoid.federation.duration import Duration
from openstackoid.federation.spelling import folded

ProjectId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]

RESERVED = ("admin", "service", "services")
"""Names of the projects that clouds have for their administrators and for their services' users.

`services` is that of Puppet's modules and of the Juju charms, `service` everybody else's.
"""


def _several(value: object) -> object:
    """Read one name as a list of that name."""
    return (value,) if isinstance(value, str) else value


class Guest(Model):
    """The rule that all tokens act in one project here."""

    guest: ProjectId


class Table(Model):
    """The rule that maps the issuer's project ids to ids here; other projects are refused."""

    table: Annotated[dict[ProjectId, ProjectId], Field(min_length=1)]


def _rule(value: object) -> object:
    """Refuse what is not a rule, with a message that lists all rules."""
    if value not in ("same-id", "same-name") and _kind(value) not in ("guest", "table"):
        raise ValueError("must be same-id, same-name, {guest: ID HERE} or {table: {THERE: HERE}}")
    return value


def _kind(value: object) -> str:
    """Return the only key of a rule that is a mapping, empty for others."""
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
"""The rule for the project here; `same-name` compares the names of the project and its domain."""


class Trust(Model):
    """How a cloud accepts the tokens of one issuer.

    `roles` maps the issuer's role names to role names here. Other roles are dropped, and a token
    without a role left is refused. `excluded` names projects here that a token does not get into by
    the rules same-id and same-name, besides those in RESERVED.
    """

    projects: Projects
    excluded: tuple[Text, ...] = ()
    roles: dict[Text, Annotated[tuple[Text, ...], BeforeValidator(_several), Field(min_length=1)]]
    late: Duration = 12 * 3600
    """Seconds after its end that an assertion is taken for a service that has begun with it."""
    offline: Duration = 15 * 60
    """Seconds since its issuer has confirmed an assertion that it is taken without an answer."""
    tokens: bool = False
    """Whether tokens are taken that old gateways of the issuer send, and assertions without a stamp
    that an old one of this cloud has let in.
    """

    @field_validator("excluded")
    @classmethod
    def _has_a_use(cls, value: tuple[Text, ...], info: ValidationInfo) -> tuple[Text, ...]:
        if _kind(info.data.get("projects")):
            raise ValueError(
                "goes with same-id and same-name; guest and table open no projects but those that "
                "they name"
            )
        return value

    def excludes(self, project: str) -> bool:
        """Return whether tokens get into no project here of this name.

        Names count as the same whenever a database of Keystone may take them for the same.
        """
        every = {folded(name) for name in (*RESERVED, *self.excluded)}
        return isinstance(self.projects, str) and folded(project) in every

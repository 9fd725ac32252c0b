"""The base class and the cloud names of all models in a federation file."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

CloudName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


def several(value: object) -> object:
    """Read a single value as a list of one."""
    return value if isinstance(value, list | tuple) else [value]


class Model(BaseModel):
    """An immutable pydantic model that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

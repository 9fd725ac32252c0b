"""What every part of the federation's shape is made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

CloudName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class Model(BaseModel):
    """Immutable, and without any key that is not declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

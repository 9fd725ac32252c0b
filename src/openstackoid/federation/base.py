"""The base class, the cloud names and the misfits of all models in a federation file."""

from collections.abc import Sequence
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints


def printed(text: str) -> str:
    """Return a text as it is; raises ValueError if a terminal or a log would not show all of it."""
    if not text.isprintable():
        raise ValueError("must be printable: no control character, line end or invisible one")
    return text


Text = Annotated[str, StringConstraints(min_length=1, max_length=255), AfterValidator(printed)]
"""A text that the file may choose: a region, a name of Keystone's or in a certificate."""

CloudName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


def several(value: object) -> object:
    """Read a single value as a list of one."""
    return value if isinstance(value, list | tuple) else [value]


class Model(BaseModel):
    """An immutable pydantic model that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


Misfit: TypeAlias = tuple[tuple[str | int, ...], str]
"""A place, relative to the model that is checked, and what is wrong there."""


class MisfitError(ValueError):
    """Values that are valid by themselves do not fit together."""

    def __init__(self, misfits: Sequence[Misfit]) -> None:
        super().__init__("; ".join(message for _, message in misfits))
        self.misfits = misfits

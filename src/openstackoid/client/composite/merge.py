"""One result of several: rows one after another, values side by side."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from cliff.columns import FormattableColumn

Shown: TypeAlias = tuple[Sequence[str], Sequence[Any]]
"""What a command shows: columns, and rows (of a list) or values (of one resource)."""


class PerCloud(FormattableColumn[dict[str, Any]]):
    """The values of one field, by cloud."""

    def human_readable(self) -> str:
        """Return a line for each cloud."""
        return "\n".join(f"{cloud}: {_human(value)}" for cloud, value in self._value.items())

    def machine_readable(self) -> dict[str, Any]:
        """Return a mapping."""
        return {cloud: _machine(value) for cloud, value in self._value.items()}


class Clouds(FormattableColumn[list[str]]):
    """The clouds that something is shown of."""

    def human_readable(self) -> str:
        """Return their names in one line."""
        return ", ".join(self._value)


def rows(parts: Sequence[tuple[str, Shown]]) -> Shown:
    """Return the rows of all clouds with the cloud's name in the last column.

    A cloud need not have the columns of another: where one is missing, the cell is None.
    """
    columns = _union(parts)
    return (*columns, "Cloud"), [
        (*(cells.get(column) for column in columns), cloud)
        for cloud, (own, table) in parts
        for cells in (dict(zip(own, row, strict=True)) for row in table)
    ]


def values(parts: Sequence[tuple[str, Shown]]) -> Shown:
    """Return each field with its value in every cloud that has it."""
    fields = [(cloud, dict(zip(*shown, strict=True))) for cloud, shown in parts]
    columns = _union(parts)
    if not columns:
        return (), ()
    beside = [
        PerCloud({c: own[column] for c, own in fields if column in own}) for column in columns
    ]
    return (*columns, "cloud"), (*beside, Clouds([cloud for cloud, _ in parts]))


def value(cloud: str, shown: Shown) -> Shown:
    """Return the fields of one cloud's resource, and the cloud."""
    columns, cells = shown
    return ((*columns, "cloud"), (*cells, cloud)) if columns else ((), ())


def _union(parts: Sequence[tuple[str, Shown]]) -> list[str]:
    return list(dict.fromkeys(column for _, (columns, _) in parts for column in columns))


def _human(value: Any) -> Any:
    return value.human_readable() if isinstance(value, FormattableColumn) else value


def _machine(value: Any) -> Any:
    return value.machine_readable() if isinstance(value, FormattableColumn) else value

"""Expressions over clouds: `A`, here and there `A&B`, here or there `A|B`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Cloud:
    """One cloud, by its name in the federation."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class All:
    """`&`: all of the operands, at once."""

    operands: tuple["Expression", ...]

    def __str__(self) -> str:
        return "&".join(f"({o})" if isinstance(o, Any) else str(o) for o in self.operands)


@dataclass(frozen=True, slots=True)
class Any:
    """`|`: the first of the operands that succeeds, in the order written."""

    operands: tuple["Expression", ...]

    def __str__(self) -> str:
        return "|".join(str(o) for o in self.operands)


Expression: TypeAlias = Cloud | All | Any


def combine(kind: type[All] | type[Any], operands: list[Expression]) -> Expression:
    """Return the operands under one operator; an operand under the same operator is taken apart.

    `A|(B|C)` and `A|B|C` are the same, so there is one expression for both.
    """
    if len(operands) == 1:
        return operands[0]
    flat: list[Expression] = []
    for operand in operands:
        flat.extend(operand.operands if isinstance(operand, kind) else [operand])
    return kind(tuple(flat))


def clouds(expression: Expression) -> Iterator[str]:
    """Yield the names of the clouds in the order written, repeats included."""
    if isinstance(expression, Cloud):
        yield expression.name
    else:
        for operand in expression.operands:
            yield from clouds(operand)

"""Expressions over clouds: one cloud `A`, all of several `A&B`, the first that succeeds `A|B`."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class CloudRef:
    """The name of one cloud of the federation: the leaf of an expression."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class All:
    """`&`: all operands, at the same time."""

    operands: tuple["Expression", ...]

    def __str__(self) -> str:
        return self._text

    @cached_property
    def _text(self) -> str:
        return "&".join([f"({o})" if isinstance(o, Any) else str(o) for o in self.operands])


@dataclass(frozen=True)
class Any:
    """`|`: the first operand that succeeds, in the order written."""

    operands: tuple["Expression", ...]

    def __str__(self) -> str:
        return self._text

    @cached_property
    def _text(self) -> str:
        return "|".join(map(str, self.operands))


Expression: TypeAlias = CloudRef | All | Any


def combine(kind: type[All] | type[Any], operands: list[Expression]) -> Expression:
    """Join operands by an operator; a single operand is returned as it is.

    Operands of the same operator are flattened, so that `A|(B|C)` equals `A|B|C`.
    """
    if len(operands) == 1:
        return operands[0]
    flat: list[Expression] = []
    for operand in operands:
        flat.extend(operand.operands if isinstance(operand, kind) else [operand])
    return kind(tuple(flat))


def clouds(expression: Expression) -> Iterator[str]:
    """Yield the names of the clouds in an expression in the order written, repeats included."""
    if isinstance(expression, CloudRef):
        yield expression.name
    else:
        for operand in expression.operands:
            yield from clouds(operand)

"""Expressions are read as they are written."""

import pytest
from hypothesis import given
from scope.strategies import EXPRESSIONS

from openstackoid.scope import Expression, ScopeError
from openstackoid.scope.expression_reader import MAX_PARTS, Expressions, Piece


def piece(value: str) -> Piece:
    return Piece(value, 0, len(value), literal=True)


@given(EXPRESSIONS)
def test_an_expression_is_what_its_text_says(expression: Expression) -> None:
    """However many parentheses are around it."""
    text = str(expression)
    read = Expressions(text, None).read
    assert read(piece(text)) == read(piece(f" (({text} ) )")) == expression


def test_all_expressions_of_a_scope_count_together() -> None:
    """The same one once."""
    half = "|".join(f"C{n}" for n in range(MAX_PARTS // 2))
    expressions = Expressions(half, [f"C{n}" for n in range(MAX_PARTS // 2)])
    for _ in range(9):
        expressions.read(piece(half))
    with pytest.raises(ScopeError, match="name fewer clouds"):
        expressions.read(piece(f"{half}|X"))

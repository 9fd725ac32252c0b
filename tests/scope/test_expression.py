"""Expressions over clouds, as they are put together, written and walked through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scope.strategies import EXPRESSIONS

from openstackoid.scope import All, Any, CloudRef, Expression, parse
from openstackoid.scope.expression import clouds, combine

A, B, C = (CloudRef(name) for name in "ABC")
KINDS = st.sampled_from([All, Any])


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (A, "A"),
        (All((A, B)), "A&B"),
        (Any((A, B)), "A|B"),
        (Any((All((A, B)), C)), "A&B|C"),
        (All((Any((A, B)), C)), "(A|B)&C"),
        (All((A, Any((B, All((C, CloudRef("D"))))))), "A&(B|C&D)"),
    ],
)
def test_parentheses_are_written_where_they_are_needed(expression: Expression, text: str) -> None:
    """`&` binds tighter than `|`, so only an `|` below an `&` is in parentheses."""
    assert str(expression) == text


@given(EXPRESSIONS)
def test_what_is_written_is_read_as_the_same_expression(expression: Expression) -> None:
    """No operator changes its operands on the way through text."""
    assert parse(f'{{"image": "{expression}"}}').resolve("image") == expression


@given(KINDS, st.lists(EXPRESSIONS, min_size=1, max_size=3), st.lists(EXPRESSIONS, min_size=1))
def test_how_operands_are_grouped_makes_no_difference(
    kind: type[All] | type[Any], left: list[Expression], right: list[Expression]
) -> None:
    """`A|(B|C)`, `(A|B)|C` and `A|B|C` are one expression."""
    whole = combine(kind, [*left, *right])
    assert combine(kind, [combine(kind, left), combine(kind, right)]) == whole
    assert combine(kind, [combine(kind, left), *right]) == whole
    assert not any(isinstance(operand, kind) for operand in getattr(whole, "operands", ()))


@pytest.mark.parametrize("kind", [All, Any])
@pytest.mark.parametrize("operand", [A, All((A, B)), Any((A, B))])
def test_one_operand_needs_no_operator(kind: type[All] | type[Any], operand: Expression) -> None:
    """It is the expression, whatever it is itself."""
    assert combine(kind, [operand]) is operand


@pytest.mark.parametrize(
    ("kind", "other"), [(All, Any((A, B))), (Any, All((A, B)))], ids=["all", "any"]
)
def test_the_other_operator_is_not_taken_apart(
    kind: type[All] | type[Any], other: Expression
) -> None:
    """`(A|B)&C` is not `A&B&C`."""
    assert combine(kind, [other, C]) == kind((other, C))


def test_clouds_come_in_the_order_written_repeats_included() -> None:
    """Who needs each once, or sorted, sees to that."""
    assert list(clouds(Any((C, All((A, B)), A)))) == ["C", "A", "B", "A"]
    assert list(clouds(A)) == ["A"]


@given(KINDS, st.lists(EXPRESSIONS, min_size=1))
def test_combining_loses_no_cloud(kind: type[All] | type[Any], operands: list[Expression]) -> None:
    """Nor does it change their order, which is what `|` tries them in."""
    found = list(clouds(combine(kind, operands)))
    assert found == [name for operand in operands for name in clouds(operand)]

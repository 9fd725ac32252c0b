"""What an expression is refused for though it can be written."""

import pytest

from openstackoid.scope import ScopeError, parse
from openstackoid.scope.expression import Expression, check_apart


def expression(text: str) -> Expression:
    """Return the expression of a text."""
    found = parse(f"image={text}").get("image")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("A&(A|B)", 'A is on both sides of "&" in A&(A|B); name it on one'),
        ("(A|B)&(C|B)", 'B is on both sides of "&" in (A|B)&(C|B); name it on one'),
        ("C|A&(B|C&(D|C))", 'C is on both sides of "&" in C&(D|C); name it on one'),
    ],
)
def test_a_cloud_is_in_one_operand_of_and(text: str, reason: str) -> None:
    """However deep in the expression that is."""
    with pytest.raises(ScopeError) as error:
        check_apart(expression(text))
    assert str(error.value) == reason


@pytest.mark.parametrize("text", ["A", "A&B", "A|A&B", "(A|B)&(C|D)", "A&B|A&C"])
def test_a_cloud_may_be_tried_again_by_or(text: str) -> None:
    """Whose operands are never taken together."""
    check_apart(expression(text))

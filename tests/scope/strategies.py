"""Scopes, and the ways people write them."""

import json

from hypothesis import strategies as st

from openstackoid.scope import All, Any, CloudRef, Expression, Scope
from openstackoid.scope.expression import clouds, combine

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,6}", fullmatch=True) | st.sampled_from(
    ["and", "or", "AND", "1e3"]
)
SERVICES = st.sampled_from(
    ["*", "block-storage", "compute", "identity", "image", "network", "object-store", "placement"]
)


def _combined(children: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    operands = st.lists(children, min_size=1, max_size=4)
    return st.builds(combine, st.sampled_from([All, Any]), operands).filter(_has_no_repeat)


def _has_no_repeat(expression: Expression) -> bool:
    """Tell whether it may be written: no operand twice, no cloud in two operands of `&`."""
    if isinstance(expression, CloudRef):
        return True
    if isinstance(expression, All):
        named = [name for operand in expression.operands for name in set(clouds(operand))]
        return len(set(named)) == len(named)
    return len(set(expression.operands)) == len(expression.operands)


EXPRESSIONS: st.SearchStrategy[Expression] = st.recursive(
    st.builds(CloudRef, NAMES), _combined, max_leaves=6
)
SCOPES = st.dictionaries(SERVICES, EXPRESSIONS, min_size=1).map(lambda d: Scope.of(d.items()))
ATOMIC_SCOPES = st.dictionaries(SERVICES, st.builds(CloudRef, NAMES), min_size=1).map(
    lambda d: Scope.of(d.items())
)
LIKE_SCOPES = st.lists(
    st.sampled_from(
        [
            *'{}[]()":,=&|+*\\! \t\n-A',
            " and ",
            " or ",
            "nova",
            "image",
            "compute",
            "\\u0041",
            "null",
        ]
    ),
    max_size=40,
).map("".join)
"""Texts made of the language's own characters and words."""


OPERATORS = [("&", "|"), ("+", " | "), (" and ", "|"), (" & ", " or "), ("\n and\t", "  or ")]
"""Ways to write them."""

_JSON = ("null", "true", "false")
"""Names that are something else in JSON, as some that begin with a digit are."""


def spellings(scope: Scope) -> list[str]:
    """Return the scope as JSON, without quotes, and as a=b, each with every way of operators."""
    return [text for operators in OPERATORS for text in _forms(scope, *operators)]


def _forms(scope: Scope, both: str, either: str) -> list[str]:
    pairs = [
        (service, str(expression).replace("&", both).replace("|", either))
        for service, expression in scope.items
    ]
    relaxed = ((s, json.dumps(e) if e[0].isdigit() or e in _JSON else e) for s, e in pairs)
    return [
        json.dumps(dict(reversed(pairs)), indent=1),
        "{" + ", ".join(f"{service}: {expression}" for service, expression in relaxed) + "}",
        ",".join(f"{service}={expression}" for service, expression in pairs),
    ]

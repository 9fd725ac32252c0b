"""What a Keystone that is none might answer about a token: documents of any shape."""

import copy
from typing import Any

from hypothesis import strategies as st

VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False),
        st.text(max_size=8),
        st.sampled_from(["2026-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "\udcff", "x" * 300]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["id", "name", "domain", "access_rules", "x"]), inner),
    ),
    max_leaves=6,
)

MEMBERS = (
    "application_credential",
    "bind",
    "domain",
    "expires_at",
    "is_domain",
    "oauth2_credential",
    "project",
    "roles",
    "system",
    "user",
)


def _places(thing: Any) -> list[tuple[Any, Any]]:
    """Return each member of a document, at any depth, as what it is in and its key there."""
    keys = list(thing) if isinstance(thing, dict) else range(len(thing))
    found = []
    for key in keys:
        found.append((thing, key))
        if isinstance(thing[key], dict | list):
            found += _places(thing[key])
    return found


@st.composite
def documents(draw: st.DrawFn, base: dict[str, Any]) -> dict[str, Any]:
    """Draw the document of a token, in which some members are something else, or missing."""
    document = copy.deepcopy(base)
    token = document["token"]
    for key in draw(st.lists(st.sampled_from(MEMBERS), max_size=2)):
        token[key] = draw(VALUES)
    for _ in range(draw(st.integers(0, 2))):
        if places := _places(token):
            thing, key = draw(st.sampled_from(places))
            if draw(st.booleans()):
                thing[key] = draw(VALUES)
            else:
                del thing[key]
    return document

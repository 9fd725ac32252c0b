"""Hints about names that are not known."""

import pytest

from openstackoid.scope.errors import nearest


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("clodtwo", {"CloudOne", "CloudTwo"}, '; did you mean "CloudTwo"?'),
        ("BERLIN", {"Berlin"}, '; did you mean "Berlin"?'),
        ("x", {"B", "A"}, "; known are A, B"),
        ("x", {f"cloud-{n}" for n in range(13)}, ""),
        ("x", set(), ""),
    ],
)
def test_a_hint_is_the_nearest_name_or_a_short_list(name: str, known: set[str], hint: str) -> None:
    """Case does not matter; a federation of a thousand clouds is not listed."""
    assert nearest(name, known) == hint

"""Hints about names that are not known."""

from collections.abc import Collection
from difflib import get_close_matches

import pytest

from openstackoid.scope import ScopeError, errors, parse
from openstackoid.scope.errors import nearest

MANY = {f"edge-site-{n:04}" for n in range(1000)} | {"Berlin", "paris-1", "paris-2"}


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


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("berlim", '; did you mean "Berlin"?'),
        ("erlin", '; did you mean "Berlin"?'),
        ("egde-site-0815", '; did you mean "edge-site-0815"?'),
        ("EDGE-SITE-0815", '; did you mean "edge-site-0815"?'),
        ("edgesite-0815", '; did you mean "edge-site-0815"?'),
        ("edge-site-08x5", ""),
        ("B" * 8000, ""),
        ("", ""),
    ],
)
def test_of_a_thousand_clouds_few_are_compared(
    name: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hint is had where it costs little: anybody may ask for a cloud that there is not."""
    compared: list[str] = []

    def counted(word: str, possibilities: Collection[str], n: int) -> list[str]:
        compared.extend(possibilities)
        return get_close_matches(word, possibilities, n=n)

    monkeypatch.setattr(errors, "get_close_matches", counted)
    assert nearest(name, MANY) == hint
    assert len(compared) <= 50


def test_names_of_clouds_are_told_apart_from_the_rest() -> None:
    """Who must not know them sees the same message without them."""
    for text, hint in (
        ("image=CloudTow", '; did you mean "CloudTwo"?'),
        ("image=X", "; known are "),
    ):
        with pytest.raises(ScopeError) as caught:
            parse(text, clouds={"CloudTwo", "Paris"})
        error = caught.value
        assert error.hint.startswith(hint)
        assert error.reason + error.hint in str(error)
        assert error.public == str(error).replace(error.hint, "")
        for told in (error.public, error.reason, error.kind):
            assert "CloudTwo" not in told
            assert "Paris" not in told

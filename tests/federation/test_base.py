"""What every part of the federation's shape is made of."""

import pytest
from pydantic import TypeAdapter, ValidationError

from openstackoid.federation import FederationError, loads
from openstackoid.federation.base import CloudName, Model

NAME = TypeAdapter(CloudName)


class Part(Model):
    """One of them."""

    size: int = 1


def test_a_part_cannot_be_changed() -> None:
    """What was checked stays so while requests are answered by it."""
    part = Part()
    with pytest.raises(ValidationError, match="frozen"):
        part.size = 2  # type: ignore[misc]
    assert part.size == 1


def test_a_key_that_is_not_declared_is_refused() -> None:
    """A word that was misspelt is not taken for one that was left out."""
    with pytest.raises(ValidationError, match="siez"):
        Part.model_validate({"siez": 2})


@pytest.mark.parametrize("name", ["A", "0", "Cloud-One", "a.b_c-d", "x" * 64])
def test_names_of_clouds_are_words(name: str) -> None:
    """Letters and digits, and within also `.`, `_` and `-`."""
    assert NAME.validate_python(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "x" * 65, ".a", "-a", "_a", "a b", "a\n", "\na", "a/b", "a|b", "a&b", "é", "A٣", "a:b"],
)
def test_what_would_be_something_else_in_a_scope_or_a_header_is_no_name(name: str) -> None:
    """Nor is what a path or a line could end at."""
    with pytest.raises(ValidationError):
        NAME.validate_python(name)


PLACES = [
    "region: {}",
    "peer: {}",
    "own: {{keep: [{}]}}",
    "own: {{service_roles: [{}]}}",
    "own: {{account: {}}}",
    "own: {{keys: [{}]}}",
    "own: {{blocked: {}}}",
    "trust: {{Two: {{projects: same-name, excluded: [{}], roles: {{a: b}}}}}}",
    "trust: {{Two: {{projects: same-name, roles: {{{}: member}}}}}}",
    "trust: {{Two: {{projects: same-name, roles: {{member: [{}]}}}}}}",
]
"""Where a file may have any text."""

FILE = """
clouds:
  Two: {{insecure: true, frontends: {{image: "https://two/image"}}}}
  One:
    frontends: {{image: "http://one/image"}}
    {}
"""


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "text",
    [
        "a\\e[2J",
        "a\\nb",
        "a\\rb",
        "a\\0",
        "\\x9b2J",
        "a\\u202eb",
        "a\\u200bb",
        "a\\u2028b",
        "\\u00a0",
    ],
)
def test_a_text_is_printable_wherever_it_is(place: str, text: str) -> None:
    """It is printed, logged, and becomes a part of a catalog."""
    assert loads(FILE.format(place.format('"Région 1"')))
    with pytest.raises(FederationError, match="must be printable") as caught:
        loads(FILE.format(place.format(f'"{text}"')))
    assert all(line.isprintable() for line in str(caught.value).splitlines())

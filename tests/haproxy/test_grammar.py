"""The expressions that HAProxy reads scopes by mean what the scope language means."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.haproxy import grammar
from openstackoid.scope import MAX_BYTES, CloudRef, ScopeError, parse

SERVICES = ("compute", "dns", "identity", "image", "network", "object-store")
CLOUDS = ("Here", "There", "He.e")
READABLE = re.compile(grammar.shape(SERVICES, '"(?:Here|There|He\\.e)"', "Here"))

scopes = st.dictionaries(
    st.sampled_from(grammar.keys(SERVICES)), st.sampled_from(CLOUDS), min_size=1
).map(lambda d: "{" + ",".join(f'"{s}":"{c}"' for s, c in sorted(d.items())) + "}")
pieces = st.lists(
    st.sampled_from(
        [
            '{"*":"Here"',
            ',"identity":"Here"',
            ',"compute":"There"',
            "}",
            " ",
            '"',
            ",",
            "+There",
            " or There",
        ]
    )
).map("".join)


@given(scopes)
def test_a_canonical_scope_is_read(text: str) -> None:
    """If the token is this cloud's: by itself, or as what the scope leaves out is completed."""
    ours = parse(text).completed("Here").get("identity") == CloudRef("Here")
    assert bool(READABLE.search(text)) == ours


@given(st.one_of(pieces, scopes))
def test_what_is_read_is_canonical(text: str) -> None:
    """Whatever it looks like: so nothing is read that the language refuses."""
    if READABLE.search(text):
        assert parse(text, clouds=CLOUDS).canonical == text


@pytest.mark.parametrize(
    "value",
    ['"Here&There"', '"Here+There"', '"Here + There"', '"Here and There"', '"Here or There"',
     '"Here|There"', '"and"', '"Here+"', '"(Here)"', '" Here"', "Here", "7", '"He+e"'],
)  # fmt: skip
@pytest.mark.parametrize("service", ["*", "image", "network"])
def test_operators_are_left_to_the_gateway_however_they_are_written(
    service: str, value: str
) -> None:
    """And so is all else that is no single cloud in its canonical form."""

    def text(value: str) -> str:
        return "{" + ",".join(sorted(['"compute":"Here"', f'"{service}":{value}'])) + "}"

    assert READABLE.search(text('"Here"'))
    assert not READABLE.search(text(value))


@given(scopes, st.sampled_from([*SERVICES, "block-storage", "placement"]))
def test_where_a_service_is_taken(text: str, service: str) -> None:
    """As the completed scope says."""
    here = parse(text).completed("Here").resolve(service) == CloudRef("Here")
    assert bool(re.search(grammar.taken_in(service, "Here"), text)) == here


@given(scopes)
def test_what_is_bound_elsewhere(text: str) -> None:
    """Where compute is taken here, of what is bound to it what the completed scope takes there."""
    scope = parse(text).completed("Here")
    if scope.resolve("compute") == CloudRef("Here"):
        bound = {scope.get(s) for s in ("network", "placement", "block-storage")}
        elsewhere = bool(bound - {None, CloudRef("Here")})
        assert bool(re.search(grammar.bound_elsewhere("Here"), text)) == elsewhere


@given(scopes)
def test_what_is_read_is_short_enough_when_it_is_completed(text: str) -> None:
    """However long the names of clouds are."""
    clouds = ("Here", "There" * 3, "He.e")
    scope = parse(text.replace("There", clouds[1]))
    room = int(re.findall(r"\{1,(\d+)\}", grammar.readable(SERVICES, clouds, "Here"))[0])
    assert len(scope.completed("Here").canonical) - len(scope.canonical) <= MAX_BYTES - room


def test_a_cloud_whose_name_has_signs_is_no_pattern() -> None:
    """A dot is a dot."""
    text = '{"*":"Hexe","identity":"Here"}'
    assert re.search(grammar.taken_in("image", "He.e"), text) is None
    assert READABLE.search(text) is None
    with pytest.raises(ScopeError):
        parse(text, clouds=CLOUDS)

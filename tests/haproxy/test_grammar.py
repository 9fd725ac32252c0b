"""The expressions that HAProxy reads scopes by mean what the scope language means."""

import re

from hypothesis import given
from hypothesis import strategies as st

from openstackoid.haproxy import grammar
from openstackoid.scope import Cloud, ScopeError, parse

SERVICES = ("compute", "dns", "identity", "image", "network", "object-store")
CLOUDS = ("Here", "There", "He.e")
COMPLETED = re.compile(grammar.shape(SERVICES, '"(?:Here|There|He\\.e)"', "Here"))

scopes = st.dictionaries(
    st.sampled_from(grammar.keys(SERVICES)), st.sampled_from(CLOUDS), min_size=1
).map(lambda d: "{" + ",".join(f'"{s}":"{c}"' for s, c in sorted(d.items())) + "}")
pieces = st.lists(
    st.sampled_from(['{"*":"Here"', ',"identity":"Here"', ',"compute":"There"', "}", " ", '"', ","])
).map("".join)


def inserted(text: str) -> str:
    """Complete a scope as HAProxy does."""
    for step in grammar.insertions(SERVICES, "Here"):
        if step.missing not in text and step.needs in text:
            text = re.sub(step.pattern, step.replacement, text, count=1)
    return text


@given(scopes)
def test_a_canonical_scope_is_completed_as_ours(text: str) -> None:
    """To the byte; and it is then read, if the token is this cloud's."""
    scope = parse(text).completed("Here")
    assert inserted(text) == scope.canonical
    ours = scope.get("identity") == Cloud("Here")
    assert bool(COMPLETED.search(scope.canonical)) == ours


@given(st.one_of(pieces, scopes))
def test_what_is_read_is_completed_and_canonical(text: str) -> None:
    """Whatever it was before: so nothing is read that the language refuses."""
    if COMPLETED.search(after := inserted(text)):
        scope = parse(text, clouds=CLOUDS)
        assert scope.canonical == text
        assert scope.completed("Here").canonical == after


@given(scopes, st.sampled_from([*SERVICES, "block-storage", "placement"]))
def test_where_a_service_is_taken(text: str, service: str) -> None:
    """As the completed scope says."""
    scope = parse(text).completed("Here")
    here = scope.resolve(service) == Cloud("Here")
    assert bool(re.search(grammar.taken_in(service, "Here"), scope.canonical)) == here


@given(scopes)
def test_what_is_bound_elsewhere(text: str) -> None:
    """Is named there, for a completed scope names it as soon as compute is."""
    scope = parse(text).completed("Here")
    elsewhere = any(
        scope.get(s) not in {None, Cloud("Here")} for s in ("network", "placement", "block-storage")
    )
    assert bool(re.search(grammar.bound_elsewhere("Here"), scope.canonical)) == elsewhere


def test_a_cloud_whose_name_has_signs_is_no_pattern() -> None:
    """A dot is a dot."""
    text = '{"*":"Hexe","identity":"Here"}'
    assert re.search(grammar.taken_in("image", "He.e"), text) is None
    try:
        parse(text, clouds=CLOUDS)
    except ScopeError:
        assert COMPLETED.search(text) is None

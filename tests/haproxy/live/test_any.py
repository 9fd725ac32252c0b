"""Whatever is written in place of a scope: both fronts decide alike."""

import pytest
from haproxy.live.fronts import Fronts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.asyncio(loop_scope="session")

NAMES = (
    "*",
    "compute",
    "identity",
    "image",
    "network",
    "block-storage",
    "placement",
    "dns",
    "glance",
)
CLOUDS = ("Here", "There", "Here|There", "here", "Nowhere", "", "He.e", "Here ", "null")
PIECES = (
    "{",
    "}",
    '"',
    ":",
    ",",
    " ",
    "\\",
    "\\u0048",
    "!",
    "!SCOPE!",
    "tokens",
    "=",
    "&",
    "1",
    "\t",
)

entries = st.tuples(st.sampled_from(NAMES), st.sampled_from(CLOUDS))
known = st.tuples(st.sampled_from(NAMES[:7]), st.sampled_from(CLOUDS[:2]))


def text(pairs: list[tuple[str, str]]) -> str:
    return "{" + ",".join(f'"{k}":"{v}"' for k, v in pairs) + "}"


canonical = st.dictionaries(
    st.sampled_from(NAMES[:7]), st.sampled_from(CLOUDS[:2]), max_size=7
).map(lambda scope: text(sorted(scope.items())))
alike = st.lists(st.one_of(known, entries), max_size=8).map(text)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """Return a scope with something more, less or twice."""
    whole = draw(st.one_of(canonical, alike))
    start = draw(st.integers(0, len(whole)))
    end = draw(st.integers(start, min(len(whole), start + 12)))
    piece = draw(st.one_of(st.sampled_from(PIECES), st.just(whole[start:end] * 2)))
    return whole[:start] + piece + whole[end:]


scopes = st.one_of(
    canonical,
    canonical,
    alike,
    damaged(),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40),
)
tokens = st.sampled_from(["T", "a.b.c", "a.b.c.d.e", "", "T!", "é"])
places = st.sampled_from(["header", "suffix", "both", "subject"])
targets = st.sampled_from(
    [
        "GET /image/v2",
        "POST /compute/v2.1/servers",
        "GET /identity/v3",
        "GET /identity/v3/auth/tokens",
    ]
)


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(scope=scopes, other=st.one_of(st.none(), scopes), token=tokens, place=places, line=targets)
async def test_any_scope(
    here: Fronts, scope: str, other: str | None, token: str, place: str, line: str
) -> None:
    """Wherever it rides, alone or beside another one."""
    headers = ["Host: here", "Content-Length: 0"]
    if place in {"header", "both"}:
        headers.append(f"X-Scope: {scope}")
    if place in {"suffix", "both"}:
        headers.append(f"X-Auth-Token: {token}!SCOPE!{scope if other is None else other}")
    if place == "subject":
        headers += [f"X-Auth-Token: {token}", f"X-Subject-Token: S!SCOPE!{scope}"]
    request = "\r\n".join([f"{line} HTTP/1.1", *headers, "", ""]).encode()
    alone, both = await here.both(request, 8888)
    assert both.seen == alone.seen

"""With HAProxy in front, the same crosses a border as without."""

import pytest
from gateway.backend import OK, saying
from haproxy.live.fronts import OTHERS, Fronts
from routing.test_border import NEVER_SAID

pytestmark = pytest.mark.asyncio(loop_scope="session")

HEARD = ("Cookie", "Authorization", "Referer", "X-Api-Key", "Traceparent", "X-Real-Ip", "Origin")
SCOPES = ["image=There", "image=There|Here"]


@pytest.mark.parametrize("scope", SCOPES)
async def test_the_same_headers_cross_a_border_behind_both_fronts(here: Fronts, scope: str) -> None:
    """Nothing that is for home goes there, and nothing that would count as home's comes back."""
    forged = "".join(f"{name}: forged\r\n" for name in NEVER_SAID)
    answer = f"HTTP/1.1 200 OK\r\n{forged}ETag: e\r\nContent-Length: 2\r\n\r\nok"
    there = [backend for backend in here.backends if backend.host == OTHERS]
    for backend in there:
        backend.answer = saying(answer.encode())
    told = "".join(f"{name}: secret\r\n" for name in HEARD)
    request = (
        "GET /image/v2/images HTTP/1.1\r\nHost: here:8888\r\n"
        f"X-Scope: {scope}\r\n{told}If-None-Match: e\r\n\r\n"
    )
    for outcome in await here.both(request.encode(), 8888):
        assert outcome.status == 200
        assert [v for n, v in outcome.headers if n == b"etag"] == [b"e"]
        assert not [n for n, v in outcome.headers if v == b"forged"]
        ((_, headers, _),) = outcome.received
        assert [v for n, v in headers if n == b"if-none-match"] == [b"e"]
        assert not [n for n, v in headers if v == b"secret"]
    for backend in there:
        backend.answer = saying(OK)

"""The gateway on sockets: what leaves it is what should, byte for byte."""

import asyncio
import io
import json
from urllib.parse import urlsplit

import pytest
from gateway.backend import OK, Answer, Connection, Received, json_answer, saying
from gateway.played import TOKEN, Clouds

from openstackoid.gateway.forwarding import upstream
from openstackoid.identity.assertion import is_assertion
from openstackoid.scope import DELIMITER

IMAGE_TWO = 'X-Scope: {"image": "CloudTwo"}'
COMPLETED = '{"*":"CloudOne","identity":"CloudOne","image":"CloudTwo"}'


async def test_a_request_without_a_scope_arrives_byte_for_byte(clouds: Clouds) -> None:
    """Header order, case, odd spacing of values, query encoding: nothing changes.

    One header is added at the end: who the client is.
    """
    client = await clouds.open("CloudOne", "image")
    sent = await client.send(
        "GET",
        "/v2/images?name=a%2Fb&x=%7e+&",
        "user-AGENT: odd/1",
        f"X-Auth-Token: {TOKEN}",
        "Accept: */*",
        "X-Service-Token: another",
        "Via: 1.0 somebody",
        "X-Openstack-Request-Id: not-even-valid",
        "Cookie: a=b; c=d",
    )
    answered = await client.answer()
    assert answered.body == b"ok"
    told = b"X-Forwarded-For: 127.0.0.1\r\n"
    head = clouds.backends["CloudOne"]["image"].requests[0].head
    assert head == sent.removesuffix(b"\r\n") + told + b"\r\n"


async def test_an_answer_comes_back_with_its_own_headers_alone(clouds: Clouds) -> None:
    """Aiohttp would add Server, Date and Content-Type; a relay must not."""
    clouds.backends["CloudOne"]["image"].answer = saying(
        b"HTTP/1.1 201 As You Like\r\nx-ODD: 1\r\nContent-Length: 2\r\nSet-Cookie: a=b\r\n"
        b"Set-Cookie: c=d\r\n\r\nok"
    )
    answered = await clouds.ask("CloudOne", "image")
    assert answered.head == (
        b"HTTP/1.1 201 As You Like\r\nx-ODD: 1\r\nContent-Length: 2\r\nSet-Cookie: a=b\r\n"
        b"Set-Cookie: c=d\r\n\r\n"
    )


@pytest.mark.parametrize("service", ["image", "compute"])
@pytest.mark.parametrize(
    "up", ["/../identity/v3/users", "/v2/%2e%2e/..%2fidentity/v3", "../identity"]
)
async def test_no_link_of_another_cloud_goes_up_to_another_service(
    clouds: Clouds, service: str, up: str
) -> None:
    """Clients put it behind home's address and fold the dots: it would be home's Keystone."""
    body = f'{{"next": "{up}", "links": [{{"href": "{up}", "rel": "next"}}]}}'
    headers = f"Link: <{up}>; rel=next", f"Location: {up}", f"Content-Location: {up}"
    clouds.backends["CloudTwo"][service].answer = json_answer(body, "200 OK", *headers)
    answered = await clouds.ask("CloudOne", service, "/v2/x", f"X-Scope: {service}=CloudTwo")
    assert answered.status == 200
    base = urlsplit(clouds.frontends["CloudOne"][service]).path.encode()
    told = answered.head + answered.body
    assert b".." not in told
    assert b"%2e" not in told
    assert told.count(b"identity") == told.count(base + b"/identity")  # a part of the service


@pytest.mark.parametrize(
    ("status", "head"),
    [
        (206, b"Content-Range: bytes 0-1/9\r\nContent-Length: 2\r\n\r\nok"),
        (204, b"X-A: b\r\n\r\n"),
        (304, b'ETag: "x"\r\n\r\n'),
        (200, b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x00\x01"),
        (300, b"Content-Length: 2\r\nLocation: /v2/\r\n\r\n{}"),
    ],
)
async def test_answers_of_every_kind_pass(clouds: Clouds, status: int, head: bytes) -> None:
    """Ranges, empty answers, redirects and packed bodies are not touched, followed or unpacked."""
    clouds.backends["CloudOne"]["image"].answer = saying(b"HTTP/1.1 %d OK\r\n%b" % (status, head))
    answered = await clouds.ask("CloudOne", "image", "/v2/images", "Range: bytes=0-1")
    assert answered.head + answered.body == b"HTTP/1.1 %d OK\r\n%b" % (status, head)
    assert clouds.backends["CloudOne"]["image"].requests[0].values("range") == ["bytes=0-1"]


async def test_head_keeps_the_length_and_has_no_body(clouds: Clouds) -> None:
    """The answer to HEAD says how long the body would be."""
    clouds.backends["CloudOne"]["image"].answer = saying(
        b"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n"
    )
    client = await clouds.open("CloudOne", "image")
    for _ in range(2):  # the second shows that the connection is still in step
        await client.send("HEAD", "/v2/images/x/file")
        assert (await client.answer("HEAD")).values("content-length") == ["12345"]


async def test_chunked_bodies_stay_chunked_both_ways(clouds: Clouds) -> None:
    """A body of unknown length is streamed, not collected to count it."""
    backend = clouds.backends["CloudOne"]["image"]
    backend.answer = saying(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    )
    client = await clouds.open("CloudOne", "image")
    await client.send("PUT", "/v2/images/x/file", "Transfer-Encoding: chunked")
    client.writer.write(b"5\r\nhello\r\n0\r\n\r\n")
    answered = await client.answer()
    assert answered.values("transfer-encoding") == ["chunked"]
    assert answered.body == b"ok"
    assert backend.requests[0].values("transfer-encoding") == ["chunked"]
    assert backend.requests[0].body == b"5\r\nhello\r\n0\r\n\r\n"


async def test_a_body_passes_before_it_is_whole(clouds: Clouds) -> None:
    """The first bytes reach the service, and its first bytes the client, while more is to come."""
    seen = asyncio.Event()

    async def answer(_: Received, connection: Connection) -> None:
        assert await connection.reader.readexactly(5) == b"first"
        await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nin ")
        await seen.wait()
        assert await connection.reader.readexactly(4) == b"last"
        await connection.send(b"two")

    clouds.backends["CloudOne"]["image"].answer = answer
    client = await clouds.open("CloudOne", "image")
    await client.send("PUT", "/v2/images/x/file", "Content-Length: 9")
    client.writer.write(b"first")
    await client.reader.readuntil(b"\r\n\r\n")
    assert await client.reader.readexactly(3) == b"in "
    seen.set()
    client.writer.write(b"last")
    assert await client.reader.readexactly(3) == b"two"


async def test_headers_of_a_connection_end_there(clouds: Clouds) -> None:
    """Hop-by-hop headers, and those that Connection names, are not passed on, either way."""
    backend = clouds.backends["CloudOne"]["image"]
    backend.answer = saying(
        b"HTTP/1.1 200 OK\r\nConnection: x-private\r\nX-Private: 1\r\nKeep-Alive: timeout=5\r\n"
        b"Content-Length: 2\r\n\r\nok"
    )
    answered = await clouds.ask(
        "CloudOne", "image", "/", "Connection: keep-alive, X-Mine", "X-Mine: 1", "TE: trailers"
    )
    for name in ("connection", "x-mine", "te"):
        assert backend.requests[0].values(name) == []
    for name in ("connection", "x-private", "keep-alive"):
        assert answered.values(name) == []


async def test_trailers_are_not_headers_of_the_next_request(clouds: Clouds) -> None:
    """Behind a proxy the next request on a connection may be of another client."""
    client = await clouds.open("CloudOne", "image")
    await client.send("PUT", "/1", "Transfer-Encoding: chunked", "Trailer: X-Scope")
    client.writer.write(b"3\r\nabc\r\n0\r\nX-Scope: image=CloudTwo\r\n\r\n")
    await client.send("GET", "/2")
    answered = await client.answer()
    assert answered.status == 200
    assert answered.values("connection") == ["close"]
    assert await client.reader.read() == b""
    assert [r.line for r in clouds.backends["CloudOne"]["image"].requests] == [
        "PUT /image/1 HTTP/1.1"
    ]


async def test_100_continue_comes_from_the_service(clouds: Clouds) -> None:
    """The client is told to go on when the service says so, not before."""
    asked = asyncio.Event()

    async def answer(received: Received, connection: Connection) -> None:
        await asked.wait()
        await connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        received.body = await connection.body(received.head)
        await connection.send(OK)

    backend = clouds.backends["CloudOne"]["image"]
    backend.answer = answer
    client = await clouds.open("CloudOne", "image")
    await client.send("PUT", "/", "Expect: 100-continue", "Content-Length: 4")
    asked.set()
    assert (await client.answer()).status == 100
    client.writer.write(b"body")
    assert (await client.answer()).status == 200
    assert backend.requests[0].values("expect") == ["100-continue"]
    assert backend.requests[0].body == b"body"


async def test_a_refused_upload_is_never_asked_for(clouds: Clouds) -> None:
    """A service that answers 401 instead of 100 spares the client the upload."""

    async def answer(_: Received, connection: Connection) -> None:
        await connection.send(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")

    clouds.backends["CloudOne"]["image"].answer = answer
    client = await clouds.open("CloudOne", "image")
    await client.send("PUT", "/", "Expect: 100-continue", "Content-Length: 4")
    assert (await client.answer()).status == 401


async def test_no_100_continue_within_an_answer(
    clouds: Clouds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a service that answers without the body none is asked for while the answer is streamed."""
    monkeypatch.setattr(upstream, "CONTINUE_WAIT", 0.01)

    async def answer(_: Received, connection: Connection) -> None:
        await connection.send(b"HTTP/1.1 401 No\r\nContent-Length: 6\r\n\r\nnot ")
        await asyncio.sleep(0.1)
        await connection.send(b"so")

    clouds.backends["CloudOne"]["image"].answer = answer
    client = await clouds.open("CloudOne", "image")
    await client.send("PUT", "/", "Expect: 100-continue", "Content-Length: 4")
    assert (await client.answer()).body == b"not so"


async def test_http_1_0_knows_no_100_continue(
    clouds: Clouds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client of that version takes 100 for the answer."""
    monkeypatch.setattr(upstream, "CONTINUE_WAIT", 0.01)
    client = await clouds.open("CloudOne", "image")
    client.writer.write(
        b"PUT /image/ HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody"
    )
    assert (await client.answer()).status == 200


async def test_a_service_that_never_says_100_gets_the_body_all_the_same(
    clouds: Clouds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A uwsgi without http-manage-expect must not hang uploads."""
    monkeypatch.setattr(upstream, "CONTINUE_WAIT", 0.1)
    client = await clouds.open("CloudOne", "image")
    await client.send("PUT", "/", "Expect: 100-continue", "Content-Length: 4")
    assert (await client.answer()).status == 100
    client.writer.write(b"body")
    assert (await client.answer()).status == 200


async def test_a_scoped_request_crosses_two_gateways(clouds: Clouds) -> None:
    """The other cloud's service gets an assertion with the completed scope, and nothing of ours."""
    answered = await clouds.ask(
        "CloudOne",
        "image",
        "/v2/images?limit=1",
        IMAGE_TWO,
        f"X-Auth-Token: {TOKEN}",
        "X-Service-Token: another",
    )
    assert answered.body == b"ok"
    assert clouds.backends["CloudOne"]["image"].requests == []
    (received,) = clouds.backends["CloudTwo"]["image"].requests
    assert received.line == "GET /v2/images?limit=1 HTTP/1.1"
    (told,) = received.values("x-auth-token")
    assertion, _, scope = told.partition(DELIMITER)
    assert is_assertion(assertion)
    assert scope == COMPLETED
    assert received.values("host") == [clouds.frontends["CloudTwo"]["image"][7:]]
    for name in ("x-scope", "via", "x-service-token"):
        assert received.values(name) == []


async def test_paths_and_ports_work_together_the_other_way_too(clouds: Clouds) -> None:
    """From a cloud with a port per service to one with path prefixes."""
    await clouds.ask("CloudTwo", "image", "/v2/images", 'X-Scope: {"image": "CloudOne"}')
    assert clouds.backends["CloudOne"]["image"].requests[0].line == "GET /image/v2/images HTTP/1.1"


async def test_a_request_id_is_made_once_and_logged_at_every_hop(
    clouds: Clouds, logged: io.StringIO
) -> None:
    """One id finds a scoped request in the logs of all clouds."""
    await clouds.ask("CloudOne", "image", "/v2/images", IMAGE_TWO)
    (sent,) = clouds.backends["CloudTwo"]["image"].requests[0].values("x-openstack-request-id")
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    ids = {line["gateway"]: line["request_id"] for line in lines if line["event"] == "request"}
    assert ids == {"CloudOne": sent, "CloudTwo": sent}


async def test_a_request_id_that_came_is_kept(clouds: Clouds) -> None:
    """The client's own id goes all the way."""
    mine = "req-01234567-89ab-cdef-0123-456789abcdef"
    await clouds.ask("CloudOne", "image", "/", IMAGE_TWO, f"X-Openstack-Request-Id: {mine}")
    received = clouds.backends["CloudTwo"]["image"].requests[0]
    assert received.values("x-openstack-request-id") == [mine]


async def test_the_log_has_neither_query_nor_token(clouds: Clouds, logged: io.StringIO) -> None:
    """A token in a path, a query, a header or a bad request is not logged."""
    secret = TOKEN + "x" * 60
    await clouds.ask(
        "CloudOne", "identity", f"/v2.0/tokens/{secret}?sig={TOKEN}", f"X-Auth-Token: {TOKEN}"
    )
    await clouds.ask("CloudOne", "identity", "/", f"X-Auth-Token: {TOKEN}{DELIMITER}broken")
    await clouds.ask("CloudOne", "identity", "/", f"X-Auth-Token: {TOKEN}\x01")
    client = await clouds.open("CloudOne", "identity")
    client.prefix = f"http://alice:{TOKEN}@cloudone"
    await client.send("GET", "/")
    assert (await client.answer()).status == 400
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    paths = [line["path"] for line in lines if line["event"] == "request"]
    assert paths == ["/identity/v2.0/tokens/…", "/identity/", ""]


async def test_links_of_another_cloud_lead_through_home(clouds: Clouds) -> None:
    """Next links and Location of CloudTwo become addresses of CloudOne; all else stays."""
    there, here = clouds.frontends["CloudTwo"]["image"], clouds.frontends["CloudOne"]["image"]
    body = (
        '{"next": "%s/v2/images?marker=1", "name": "%s/v2/images",\n "links": [{"rel": "self",'
        ' "href": "%s"}], "n": 1.0}'
    )
    clouds.backends["CloudTwo"]["image"].answer = json_answer(
        body % (there, there, there), "200 OK", f"Location: {there}/v2/images/1"
    )
    answered = await clouds.ask("CloudOne", "image", "/v2/images", IMAGE_TWO)
    assert answered.body.decode() == body % (here, there, here)
    assert answered.values("location") == [f"{here}/v2/images/1"]


@pytest.mark.parametrize("scope", [IMAGE_TWO, "X-Scope: image=CloudTwo&CloudOne"])
async def test_no_client_is_redirected_out_of_the_federation(clouds: Clouds, scope: str) -> None:
    """It would take the token of its home along; where the other cloud's frontends are is known."""
    there, here = clouds.frontends["CloudTwo"]["image"], clouds.frontends["CloudOne"]["image"]
    one, two = (clouds.backends[cloud]["image"] for cloud in ("CloudOne", "CloudTwo"))
    one.answer = json_answer("{}", "404 Not Found")
    for status in ("301 x", "302 x", "307 x", "308 x"):
        for location in ("http://127.0.0.1:1/v2/", "//127.0.0.1:1/v2/", "\\/127.0.0.1:1/v2/"):
            two.answer = json_answer("{}", status, f"Location: {location}")
            answered = await clouds.ask("CloudOne", "image", "/v2", scope)
            assert answered.status == (502 if scope == IMAGE_TWO else 404)
            assert b"image of CloudTwo redirects" in answered.head + answered.body
            assert answered.values("location") == []
    two.answer = json_answer("{}", "302 x", f"Location: {there}/v2/")
    answered = await clouds.ask("CloudOne", "image", "/v2", IMAGE_TWO)
    assert (answered.status, answered.values("location")) == (302, [f"{here}/v2/"])


@pytest.mark.parametrize("scope", [IMAGE_TWO, "X-Scope: image=CloudTwo|CloudOne"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_no_write_is_redirected_by_another_cloud(
    clouds: Clouds, scope: str, method: str
) -> None:
    """Clients would repeat it, with the token of home: at home's Keystone, or where | says."""
    there = clouds.frontends["CloudTwo"]
    clouds.backends["CloudOne"]["image"].answer = json_answer("{}", "404 Not Found")
    for location in (f"{there['identity']}/v3/projects/p", f"{there['image']}/v2/images/y"):
        for status in ("302 x", "303 x", "307 x", "308 x"):
            two = json_answer("{}", status, f"Location: {location}")
            clouds.backends["CloudTwo"]["image"].answer = two
            answered = await clouds.ask("CloudOne", "image", "/v2/images/x", scope, method=method)
            assert answered.status in {404, 502}
            assert answered.values("location") == []
            assert b"image of CloudTwo redirects" in answered.head + answered.body


async def test_no_read_is_redirected_to_another_service(clouds: Clouds) -> None:
    """Neither by an address of that cloud, nor by one that is relative to home's."""
    two = clouds.frontends["CloudTwo"]
    for location in (f"{two['identity']}/v3/users/x", f"{two['image']}/../identity/v3"):
        answer = json_answer("{}", "302 x", f"Location: {location}")
        clouds.backends["CloudTwo"]["image"].answer = answer
        answered = await clouds.ask("CloudOne", "image", "/v2/x", IMAGE_TWO)
        assert (answered.status, answered.values("location")) == (502, [])
    for location in ("/identity/v3/users/x", "../../identity/v3/users/x"):
        answer = json_answer("{}", "302 x", f"Location: {location}")
        for cloud in ("CloudOne", "CloudTwo"):
            clouds.backends[cloud]["image"].answer = answer
        answered = await clouds.ask("CloudOne", "image", "/v2/x", IMAGE_TWO)
        assert answered.values("location") == ["/image/identity/v3/users/x"]
        answered = await clouds.ask("CloudTwo", "image", "/v2/x", "X-Scope: image=CloudOne")
        assert (answered.status, answered.values("location")) == (502, [])


async def test_versions_and_slashes_still_redirect(clouds: Clouds) -> None:
    """As real services have it: 300 with and without Location, absolute and relative; 304."""
    there, here = clouds.frontends["CloudTwo"]["image"], clouds.frontends["CloudOne"]["image"]
    for method in ("GET", "HEAD"):
        for status, location, led in (
            ("300 x", None, []),
            ("300 x", f"{there}/v3/", [f"{here}/v3/"]),
            ("302 x", f"{there}/v2.1/", [f"{here}/v2.1/"]),
            ("301 x", "/v2.1/", ["/image/v2.1/"]),
            ("308 x", "v2/", ["/image/v2/"]),
            ("304 x", None, []),
        ):
            headers = [f"Location: {location}"] if location else []
            clouds.backends["CloudTwo"]["image"].answer = json_answer("", status, *headers)
            answered = await clouds.ask("CloudOne", "image", "/v2", IMAGE_TWO, method=method)
            assert answered.status == int(status[:3])
            assert answered.values("location") == led


@pytest.mark.parametrize("scope", [IMAGE_TWO, "X-Scope: image=CloudTwo|CloudOne"])
@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
async def test_another_cloud_says_nothing_in_home_s_name(
    clouds: Clouds, scope: str, kind: str
) -> None:
    """Where to go by itself, what a token is sealed with, what the clouds have answered."""
    clouds.backends["CloudTwo"]["image"].answer = saying(
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nRefresh: 0; url=http://evil/\r\n"
        b"X-Scope-Key: CloudOne AAA\r\nX-Scope-Report: forged\r\nLast-Modified: yes\r\n"
        b"Content-Type: %s\r\n\r\n{}" % kind.encode()
    )
    answered = await clouds.ask("CloudOne", "image", "/v2/x", scope)
    assert (answered.status, answered.values("last-modified")) == (200, ["yes"])
    assert answered.values("refresh") == answered.values("x-scope-key") == []
    assert "forged" not in answered.values("x-scope-report")


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_long_upload_arrives_whole(clouds: Clouds, chunked: bool) -> None:
    """Whatever the pieces are that the network makes of it, the last one included."""
    body = bytes(range(256)) * 20_000
    client = await clouds.open("CloudOne", "image")
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    await client.send("PUT", "/v2/images/x/file", IMAGE_TWO, framing)
    client.writer.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body)
    assert (await client.answer()).status == 200
    (received,) = clouds.backends["CloudTwo"]["image"].requests
    assert len(received.body) >= len(body)


async def test_an_object_stays_as_it_is(clouds: Clouds) -> None:
    """What users store may be JSON with addresses of their cloud; its checksum must hold."""
    text = f'{{"href": "{clouds.frontends["CloudTwo"]["object-store"]}/v1/a"}}'
    clouds.backends["CloudTwo"]["object-store"].answer = json_answer(text)
    scope = 'X-Scope: {"object-store": "CloudTwo"}'
    answered = await clouds.ask("CloudOne", "object-store", "/v1/a/c/o", scope)
    assert answered.body.decode() == text


async def test_twenty_requests_with_five_scopes_do_not_disturb_one_another(clouds: Clouds) -> None:
    """Each ends where its own scope says, with its own body."""

    def echoing(cloud: str, service: str) -> Answer:
        async def answer(received: Received, connection: Connection) -> None:
            text = f'{{"at": "{cloud} {service}", "line": "{received.line}"}}'
            await json_answer(text)(received, connection)

        return answer

    for cloud, backends in clouds.backends.items():
        for service, backend in backends.items():
            backend.answer = echoing(cloud, service)
    cases = [
        ("image", "{image: CloudTwo}", "CloudTwo"),
        ("image", "{compute: CloudTwo}", "CloudOne"),
        ("network", "{compute: CloudTwo}", "CloudTwo"),
        ("compute", '{"*": "CloudTwo"}', "CloudTwo"),
        ("identity", "identity=CloudTwo", "CloudTwo"),
    ]

    async def one(number: int, service: str, scope: str, cloud: str) -> None:
        answered = await clouds.ask("CloudOne", service, f"/n{number}", f"X-Scope: {scope}")
        document = json.loads(answered.body)
        assert document["at"] == f"{cloud} {service}"
        assert f"/n{number} " in document["line"]

    await asyncio.gather(*(one(n, *case) for n in range(4) for case in cases))

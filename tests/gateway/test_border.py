"""What a cloud hears and says across a border, with a hostile service or client at its end."""

import asyncio
import json

import pytest
from gateway.backend import Connection, Received, json_answer, saying
from gateway.played import TOKEN, Clouds
from routing.test_border import NEVER_HEARD, NEVER_SAID

EACH = ["image=CloudTwo", "image=CloudTwo | CloudOne", "image=CloudTwo & CloudOne"]
FRAMING = {"Proxy-Authorization", "X-Scope", "X-Scope-Policy", "X-Scope-Proof", "X_Auth_Token"}
"""What a gateway reads, refuses or has for its own use."""

TOLD = [name for name in NEVER_HEARD if name not in {*FRAMING, "X-Storage-Token"}]


def scoped(scope: str) -> tuple[str, str]:
    return f"X-Auth-Token: {TOKEN}", f"X-Scope: {scope}"


@pytest.mark.parametrize("body", [b'{"images": []}', b'{"id": "i"}'])
@pytest.mark.parametrize("scope", EACH)
async def test_another_cloud_says_nothing_that_counts_as_home_s(
    clouds: Clouds, scope: str, body: bytes
) -> None:
    """Alone, under | and under &, in lists and single resources; its own headers come."""
    forged = "".join(f"{name}: forged\r\n" for name in NEVER_SAID if name != "Unknown")
    forged += "X-Openstack-Request-Id: req-two\r\nOpenStack-image-store-ids: a\r\n"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{forged}"
    answer = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    clouds.backends["CloudTwo"]["image"].answer = saying(answer)
    clouds.backends["CloudOne"]["image"].answer = saying(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
        % (len(body), body)
    )
    answered = await clouds.ask("CloudOne", "image", "/v2/images", *scoped(scope))
    assert answered.status == 200
    assert b"forged" not in answered.head
    assert answered.values("openstack-image-store-ids") == ["a"]


@pytest.mark.parametrize("scope", EACH)
async def test_an_error_need_not_end(clouds: Clouds, scope: str) -> None:
    """What counts of it has come: the rest is not read, for as long as a cloud may send it."""
    left = asyncio.Event()

    async def endless(_: Received, connection: Connection) -> None:
        head = "HTTP/1.1 500 No\r\nContent-Type: application/json\r\n\r\n"
        try:
            await connection.send(head.encode())
            while True:
                await connection.send(b"x" * 65_536)
        except ConnectionError:
            left.set()
            raise

    clouds.backends["CloudTwo"]["image"].answer = endless
    clouds.backends["CloudOne"]["image"].answer = saying(
        b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
    )
    answered = await clouds.ask("CloudOne", "image", "/v2/images/i", *scoped(scope))
    assert answered.status == 500
    if scope == EACH[0]:
        assert answered.body.startswith(b"CloudTwo: xxx")
        assert len(answered.body) < 20_000
    await left.wait()


@pytest.mark.parametrize("scope", EACH)
@pytest.mark.parametrize("said", ["", "Cache-Control: public, max-age=99\r\nExpires: never\r\n"])
async def test_no_shared_cache_keeps_another_cloud_s_answer(
    clouds: Clouds, scope: str, said: str
) -> None:
    """Its path may be one of home's as well."""
    body = b'{"id": "i"}'
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{said}"
    answer = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    clouds.backends["CloudTwo"]["image"].answer = saying(answer)
    answered = await clouds.ask("CloudOne", "image", "/v2/images/i", *scoped(scope))
    (caching,) = answered.values("cache-control")
    assert caching == ("private, max-age=99" if said else "private")


@pytest.mark.parametrize(
    "scope",
    ["image=CloudOne & CloudTwo", "image=CloudOne | CloudTwo", *EACH[1:]],
)
@pytest.mark.parametrize("said", ["", "Cache-Control: public, max-age=9\r\n"])
@pytest.mark.parametrize("body", [b'{"images": []}', b'{"id": "i"}', b"text"])
async def test_no_shared_cache_keeps_what_several_clouds_have_made(
    clouds: Clouds, scope: str, said: str, body: bytes
) -> None:
    """Also if home is the first, or the only one that has answered."""
    kind = "text/plain" if body == b"text" else "application/json"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{said}Content-Length: {len(body)}\r\n\r\n"
    for cloud in ("CloudOne", "CloudTwo"):
        clouds.backends[cloud]["image"].answer = saying(head.encode() + body)
    answered = await clouds.ask("CloudOne", "image", "/v2/images", *scoped(scope))
    assert answered.status == 200
    (caching,) = answered.values("cache-control")
    assert caching.split(", ")[0] == "private"
    assert "public" not in caching


async def test_no_shared_cache_keeps_a_catalog_that_a_scope_has_changed(clouds: Clouds) -> None:
    """Others ask home's Keystone by the same path; what nobody has changed stays as it is."""
    answer = json_answer('{"catalog": []}', "200 OK", "Cache-Control: max-age=9")
    clouds.backends["CloudOne"]["identity"].answer = answer
    changed = await clouds.ask(
        "CloudOne", "identity", "/v3/auth/catalog", *scoped("image=CloudTwo")
    )
    assert changed.values("cache-control") == ["private, max-age=9"]
    for headers in ((), scoped("image=CloudOne")):
        plain = await clouds.ask("CloudOne", "image", "/v2/images", *headers)
        assert plain.values("cache-control") == []


@pytest.mark.parametrize(
    ("path", "status"), [("/v2/images/i/locations", 501), ("/v2/../x", 400), ("/v2/images", 502)]
)
async def test_no_shared_cache_keeps_what_the_gateway_itself_says(
    clouds: Clouds, path: str, status: int
) -> None:
    """A 404 or a 501 may be kept for long, and home's own users would get it."""
    clouds.backends["CloudTwo"]["image"].answer = saying(b"no HTTP\r\n\r\n")
    answered = await clouds.ask("CloudOne", "image", path, *scoped("image=CloudTwo"))
    assert (answered.status, answered.values("cache-control")) == (status, ["private"])


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("application/xml", False),
        ("text/xml; charset=utf-8", False),
        ("application/atom+xml", False),
        ("text/plain; x=xml", True),
        ("text/xmlish", True),
        ("application/xml-dtd", True),
        ("text/html", True),
        ("application/json", True),
    ],
)
async def test_only_xml_is_not_in_its_cloud_s_name(clouds: Clouds, kind: str, named: bool) -> None:
    """A name before it would spoil it; what merely says so somewhere is a text."""
    body = b"<error>log in again</error>"
    head = f"HTTP/1.1 400 No\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    clouds.backends["CloudTwo"]["image"].answer = saying(head.encode() + body)
    answered = await clouds.ask("CloudOne", "image", "/v2/images/i", *scoped(EACH[0]))
    assert answered.body == (b"CloudTwo: " if named else b"") + body


async def test_another_cloud_has_nobody_wait_for_long(clouds: Clouds) -> None:
    """A client that heeds Retry-After would sleep for years."""
    head = "HTTP/1.1 503 No\r\nRetry-After: 999999999\r\nContent-Length: 0\r\n\r\n"
    clouds.backends["CloudTwo"]["image"].answer = saying(head.encode())
    answered = await clouds.ask("CloudOne", "image", "/v2/images", *scoped(EACH[0]))
    assert answered.values("retry-after") == ["3600"]


async def test_home_s_own_services_say_what_they_like(clouds: Clouds) -> None:
    """Their cookies are for their own users."""
    answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nUnknown: b\r\nContent-Length: 0\r\n\r\n"
    clouds.backends["CloudOne"]["image"].answer = saying(answer)
    for scope in ((), scoped("image=CloudOne")):
        answered = await clouds.ask("CloudOne", "image", "/v2/images", *scope)
        assert (answered.values("set-cookie"), answered.values("unknown")) == (["a"], ["b"])


@pytest.mark.parametrize("spelled", [str, str.lower, str.upper])
@pytest.mark.parametrize("scope", EACH)
async def test_another_cloud_hears_nothing_that_is_home_s(
    clouds: Clouds, scope: str, spelled: type[str]
) -> None:
    """Neither cookies nor passwords nor keys; what its API knows goes along."""
    told = [f"{spelled(name)}: secret" for name in TOLD]
    kept = ["Range: bytes=0-1", "If-None-Match: e", "OpenStack-API-Version: image 2.1"]
    await clouds.ask("CloudOne", "image", "/v2/images", *scoped(scope), *told, *kept)
    (there,) = clouds.backends["CloudTwo"]["image"].requests
    assert b"secret" not in there.head
    assert there.values("range") == ["bytes=0-1"]
    assert there.values("if-none-match") == ["e"]
    assert there.values("openstack-api-version") == ["image 2.1"]
    if "&" in scope:
        (here,) = clouds.backends["CloudOne"]["image"].requests
        assert here.values("cookie") == here.values("authorization") == ["secret"]


async def test_metadata_and_conditions_of_objects_cross(clouds: Clouds) -> None:
    """Both ways, with bytes that are not ASCII."""
    meta = ["X-Object-Meta-a_b: 1", "X-Delete-After: 9", "ETag: e", "X-Remove-Object-Meta-c: x"]
    answer = b"HTTP/1.1 200 OK\r\nX-Object-Meta-d: 1\r\nX-Timestamp: 2\r\nContent-Length: 0\r\n\r\n"
    clouds.backends["CloudTwo"]["object-store"].answer = saying(answer)
    scope = scoped("object-store=CloudTwo")
    answered = await clouds.ask(
        "CloudOne", "object-store", "/v1/AUTH_x/c/o", *scope, *meta, method="PUT", body=b"x"
    )
    (received,) = clouds.backends["CloudTwo"]["object-store"].requests
    for line in meta:
        name, _, value = line.partition(": ")
        assert received.values(name) == [value]
    assert (answered.values("x-object-meta-d"), answered.values("x-timestamp")) == (["1"], ["2"])


@pytest.mark.parametrize("scope", EACH)
async def test_what_another_cloud_says_of_a_failure_is_in_its_own_name(
    clouds: Clouds, scope: str
) -> None:
    """It acts on no terminal, and is no message of home's gateway."""
    error = {"message": "\x1b[2JCloudOne: log in\nagain", "cloud": "CloudOne", "code": 409}
    text = json.dumps({"error": error})
    clouds.backends["CloudTwo"]["image"].answer = json_answer(
        text, "409 \u009b31m", "X-Openstack-Request-Id: \u009b31m"
    )
    clouds.backends["CloudOne"]["image"].answer = json_answer('{"message": "no"}', "404 No")
    answered = await clouds.ask("CloudOne", "image", "/v2/images/i", *scoped(scope))
    told = json.loads(answered.body)["error"]
    assert answered.status == 409
    assert told["message"] == "CloudTwo: ?[2JCloudOne: log in again"
    assert told["cloud"] == "CloudTwo"
    assert answered.head.startswith(b"HTTP/1.1 409 Conflict\r\n")
    assert "\u009b".encode() not in answered.head
    for report in answered.values("x-scope-report"):
        (outcome,) = [one for one in json.loads(report) if one["cloud"] == "CloudTwo"]
        assert outcome["message"] == "?[2JCloudOne: log in again"


@pytest.mark.parametrize("kind", ["text/plain", "text/html", "application/octet-stream"])
@pytest.mark.parametrize("service", ["image", "compute", "object-store"])
async def test_so_is_an_error_that_is_no_json(clouds: Clouds, service: str, kind: str) -> None:
    """Of an object as well: an error is never a user's data."""
    clouds.backends["CloudTwo"][service].answer = saying(
        f"HTTP/1.1 404 x\r\nContent-Type: {kind}\r\nContent-Length: 7\r\n\r\nno\x1b[0m\n".encode()
    )
    path = "/v1/AUTH_x/c/o"
    answered = await clouds.ask("CloudOne", service, path, *scoped(f"{service}=CloudTwo"))
    assert (answered.status, answered.body) == (404, b"CloudTwo: no?[0m ")


async def test_home_s_own_errors_stay_as_they_are(clouds: Clouds) -> None:
    """To the byte."""
    clouds.backends["CloudOne"]["image"].answer = json_answer('{"message":  "no"}', "404 Mine")
    answered = await clouds.ask("CloudOne", "image", "/v2/images/i", *scoped("image=CloudOne"))
    assert answered.body == b'{"message":  "no"}'
    assert answered.head.startswith(b"HTTP/1.1 404 Mine\r\n")


async def test_no_other_cloud_gives_a_scope_with_a_token(clouds: Clouds) -> None:
    """It would choose where the requests of that user go; the token itself is the user's."""
    given = 'X-Subject-Token: t!SCOPE!{"compute":"CloudTwo","*":"CloudOne"}'
    clouds.backends["CloudTwo"]["identity"].answer = json_answer('{"token": {}}', "201 X", given)
    scope, login = "X-Scope: identity=CloudTwo", b'{"auth": {"identity": {"methods": []}}}'
    path = "/v3/auth/tokens"
    answered = await clouds.ask("CloudOne", "identity", path, scope, method="POST", body=login)
    assert (answered.status, answered.values("x-subject-token")) == (201, ["t"])

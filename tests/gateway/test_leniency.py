"""What is taken of whom: unusual heads of clients, of own services and of other clouds."""

import io
import json

import pytest
from gateway.backend import Backend, Connection, Received, saying
from gateway.played import HOST, TOKEN, Answered, Clouds

IMAGE_TWO = 'X-Scope: {"image": "CloudTwo"}'
SCOPED = f"{IMAGE_TWO}\r\n".encode()
OBJECT = b"X-Object-Meta-Gr\xc3\xb6\xc3\x9fe: 7"
DISPOSITION = b'Content-Disposition: attachment; filename="r\xe9sum\xe9.pdf"'


def message(answered: Answered) -> str:
    """Return what the gateway says of a request, in OpenStack's shape."""
    error = json.loads(answered.body)["error"]
    assert error["code"] == answered.status
    return str(error["message"])


async def ask(clouds: Clouds, line: str | bytes, headers: bytes, body: bytes = b"") -> Answered:
    """Send a request to the image service of CloudOne as it stands."""
    client = await clouds.open("CloudOne", "image")
    line = line if isinstance(line, bytes) else line.encode()
    client.writer.write(line + b" HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n" + body)
    return await client.answer()


@pytest.mark.parametrize("header", [OBJECT, DISPOSITION, "X-Object-Meta-\u540d: \u540d".encode()])
async def test_what_is_not_ascii_passes_without_a_scope(clouds: Clouds, header: bytes) -> None:
    """Byte for byte, as all else; a service has to say what it makes of it."""
    headers = b"X-Auth-Token: t\r\n" + header + b"\r\nContent-Length: 1\r\n"
    assert (await ask(clouds, "PUT /image/v1/AUTH_x/c/o", headers, b"x")).status == 200
    (received,) = clouds.backends["CloudOne"]["image"].requests
    assert header in received.head.split(b"\r\n")


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (OBJECT, "the name of the header X-Object-Meta-Gr\u00f6\u00dfe is not ASCII; with a scope"),
        (b"X-\xff: a", "the name of the header X-\ufffd is not ASCII; with a scope"),
        (DISPOSITION, "the header Content-Disposition is not UTF-8; with a scope, send it perce"),
    ],
)
async def test_with_a_scope_it_is_refused_and_named(
    clouds: Clouds, header: bytes, said: str
) -> None:
    """For it would reach services that may read it in another way."""
    answered = await ask(clouds, "PUT /image/v1/o", SCOPED + header + b"\r\n")
    assert answered.status == 400
    assert message(answered).startswith(said)
    assert clouds.executed == 0


async def test_values_in_utf_8_pass_with_a_scope(clouds: Clouds) -> None:
    """To another cloud, too."""
    header = "X-Image-Meta-Name: \u540d\u524d".encode()
    assert (await ask(clouds, "GET /image/", SCOPED + header + b"\r\n")).status == 200
    (received,) = clouds.backends["CloudTwo"]["image"].requests
    assert header in received.head.split(b"\r\n")


@pytest.mark.parametrize(
    "path",
    ["/v1/c/b\u00fccher.txt".encode(), b"/v1/c/b\xfccher.txt", b"/v1?q=\xc3\xbc", b"/\xc2\xa0"],
)
async def test_a_path_that_is_not_ascii(clouds: Clouds, logged: io.StringIO, path: bytes) -> None:
    """Without a scope it passes as it is; with one it is to be percent-encoded, as in the log."""
    line = b"GET /image" + path
    assert (await ask(clouds, line, b"")).status == 200
    (received,) = clouds.backends["CloudOne"]["image"].requests
    assert received.head.split(b" ")[1] == b"/image" + path
    answered = await ask(clouds, line, SCOPED)
    assert answered.status == 400
    assert "is not ASCII; send it percent-encoded" in message(answered)
    assert clouds.executed == 1
    for gateway in clouds.gateways.values():
        await gateway.close()
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    logged_paths = [line["path"] for line in lines if line["event"] == "request"]
    assert len(logged_paths) == 2
    assert all(logged.isascii() for logged in logged_paths)


LONG = "/v2.0/ports?" + "&".join(f"id={n:036}" for n in range(1700))


@pytest.mark.parametrize(
    ("line", "headers", "status", "said"),
    [
        (f"GET /image{LONG}", b"", 414, "its first line is longer than 65536 bytes"),
        (f"GET /image{LONG * 20}", b"", 414, "its first line is longer than 65536 bytes"),
        ("GET /image/", b"X-A: " + b"a" * 70_000 + b"\r\n", 431, "its header X-A is longer"),
        ("GET /image/", b"X-A: " + b"a" * 3_000_000 + b"\r\n", 431, "its header X-A is longer"),
        (
            "GET /image/",
            (b"X: " + b"a" * 60_000 + b"\r\n") * 50,
            431,
            "longer than 131072 bytes to",
        ),
        ("PUT /image/", b"X-Object-Meta: b\r\n" * 140, 431, "it has more than 128 headers"),
    ],
)
async def test_a_head_that_is_too_long_is_answered_with_the_limit(
    clouds: Clouds, line: str, headers: bytes, status: int, said: str
) -> None:
    """However much too long it is: the client reads the answer, and meets no reset."""
    answered = await ask(clouds, line, headers)
    assert answered.status == status
    assert said in message(answered)
    assert answered.values("connection") == ["close"]
    assert clouds.executed == 0


META = b"".join(b"X-Object-Meta-%d: %d\r\n" % (n, n) for n in range(400))
OWN = {
    "names in UTF-8": OBJECT + b"\r\nContent-Length: 2\r\n",
    "names that are no tokens": b"X-Object-Meta-(a)[b]: 7\r\nContent-Length: 2\r\n",
    "several hundred headers": META + b"Content-Length: 2\r\n",
}


@pytest.mark.parametrize("row", OWN)
async def test_what_is_stored_stays_readable(clouds: Clouds, row: str) -> None:
    """Of the cloud's own service nothing is refused that has one meaning, and it comes as it is."""
    answer = b"HTTP/1.1 200 OK\r\n" + OWN[row] + b"\r\n"
    clouds.backends["CloudOne"]["image"].answer = saying(answer + b"ok")
    answered = await ask(clouds, "GET /image/v1/c/o", b"")
    assert (answered.head, answered.body) == (answer, b"ok")


@pytest.mark.parametrize("lengths", [b"Content-Length: 2\r\n" * 2, b"Content-Length: 2, 2\r\n"])
async def test_equal_lengths_of_an_own_service_are_passed_on_as_one(
    clouds: Clouds, lengths: bytes
) -> None:
    """And the connection to it goes on being used."""
    backend = clouds.backends["CloudOne"]["image"]
    backend.answer = saying(b"HTTP/1.1 200 OK\r\nA: b\r\n" + lengths + b"\r\nok")
    for _ in range(2):
        answered = await ask(clouds, "GET /image/v2/images", b"")
        assert answered.values("content-length") == ["2"]
        assert answered.body == b"ok"
    assert backend.open == 1


NOT_HTTP = {
    "lengths that differ": (
        b"Content-Length: 2\r\nContent-Length: 3\r\n",
        "has Content-Length twice",
    ),
    "a folded line": (b"A: b\r\n c\r\nContent-Length: 2\r\n", "is folded over two lines"),
    "an unknown coding": (b"Transfer-Encoding: gzip, chunked\r\n", "its Transfer-Encoding is not"),
    "too many headers": (b"A: b\r\n" * 1001, "it has more than 1000 headers"),
    "a header of 70 KB": (b"A: " + b"b" * 70_000 + b"\r\n", "its header A is longer than 65536"),
    "no header": (b"secret\r\n", "one of its headers has no colon"),
}


@pytest.mark.parametrize("row", NOT_HTTP)
async def test_what_is_wrong_with_an_answer_is_told(clouds: Clouds, row: str) -> None:
    """But no value of it: it may be a secret."""
    headers, said = NOT_HTTP[row]
    clouds.backends["CloudOne"]["image"].answer = saying(b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n")
    answered = await ask(clouds, "GET /image/v2/images", b"")
    assert answered.status == 502
    assert "image of CloudOne gave an answer that the gateway cannot read: " in message(answered)
    assert said in message(answered)
    assert "secret" not in message(answered)


STRANGE = {
    "names in UTF-8": (
        OWN["names in UTF-8"],
        "its header X-Object-Meta-Gr\u00f6\u00dfe is not ASCII",
    ),
    "names that are no tokens": (OWN["names that are no tokens"], "has a character that no name"),
    "several hundred headers": (OWN["several hundred headers"], "it has more than 128 headers"),
    "equal lengths": (b"Content-Length: 2\r\n" * 2, "it has Content-Length twice"),
}


@pytest.mark.parametrize("row", STRANGE)
async def test_answers_of_other_clouds_are_read_strictly(clouds: Clouds, row: str) -> None:
    """Who is there may want to have them read in two ways."""
    headers, said = STRANGE[row]

    async def answer(received: Received, connection: Connection) -> None:
        await connection.send(b"HTTP/1.1 200 OK\r\n" + headers + b"\r\nok")

    await clouds.gateways["CloudTwo"].close()
    _, port, _ = clouds.address("CloudTwo", "image")
    async with Backend(answer, port=port, host=HOST):
        answered = await ask(clouds, "GET /image/v2/images", SCOPED)
    assert answered.status == 502
    assert "image of CloudTwo" in message(answered)
    assert said in message(answered)


@pytest.mark.parametrize(("size", "hint"), [(3900, True), (5000, True), (1000, False)])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_service_that_takes_no_long_heads_is_told_of(
    clouds: Clouds, size: int, hint: bool, method: str
) -> None:
    """As a uWSGI, which closes the connection; where the head is short, that is not why."""

    async def answer(_: Received, connection: Connection) -> None:
        connection.writer.close()

    clouds.backends["CloudOne"]["image"].answer = answer
    headers = f"X-Auth-Token: {TOKEN}{'g' * (size - len(TOKEN))}\r\n".encode()
    answered = await ask(clouds, f"{method} /image/v2/images", headers)
    assert answered.status == 502
    assert "closed the connection without an answer" in message(answered)
    assert ("some servers take 4096" in message(answered)) is hint
    (received,) = clouds.backends["CloudOne"]["image"].requests
    assert (f"had {len(received.head)} bytes" in message(answered)) is hint
    assert ("may have been carried out" in message(answered)) is (method == "POST")

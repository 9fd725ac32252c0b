"""What is known of the changes that a branch has asked for."""

import io
import threading
from typing import Any

import pytest
from requests import ReadTimeout, Request, RequestException, Response, Session
from requests.adapters import HTTPAdapter

from openstackoid.client.composite.history import History, Write, created, found_nothing

from ..fake import Fake


def answer(status: int, body: bytes = b"", **headers: str) -> Response:
    """Return an answer."""
    response = Response()
    response.status_code = status
    response.raw = io.BytesIO(body)
    response.headers.update(headers)
    return response


@pytest.mark.parametrize(
    ("status", "may_have_acted"),
    [(201, True), (302, True), (400, False), (409, False), (500, True), (503, False), (504, True)],
)
def test_an_answer_tells_whether_the_cloud_may_have_acted(
    status: int, may_have_acted: bool
) -> None:
    """As the gateway understands it."""
    assert Write("POST", "/x", answer(status)).may_have_acted is may_have_acted


def test_only_what_changes_something_is_recorded(cloud: Fake) -> None:
    """Not a login, which is a POST too. Of what is read, only queries are kept."""
    history = History("CloudOne")
    session = Session()
    history.record(session)
    session.get(f"{cloud.url}/image/v2/images")
    query = session.get(f"{cloud.url}/image/v2/images?name=x")
    session.get(f"{cloud.url}/image/v2/images/x/file?part=1", stream=True).close()
    assert history.queries == [query]
    session.post(f"{cloud.url}/identity/v3/auth/tokens")
    assert session.post(f"{cloud.url}/image/v2/images?x=y").ok
    assert [(w.method, w.path, w.succeeded) for w in history.writes] == [
        ("POST", "/image/v2/images", True)
    ]


def test_a_request_without_an_answer_may_have_acted_unless_nobody_listens(cloud: Fake) -> None:
    """A refused connection surely did nothing."""
    history = History("CloudOne")
    session = Session()
    history.record(session)
    cloud.reply = lambda _: (0, None)
    for url in (f"{cloud.url}/x", "http://127.0.0.1:1/x"):
        with pytest.raises(RequestException):
            session.delete(url)
    assert [write.may_have_acted for write in history.writes] == [True, False]


@pytest.mark.parametrize("path", ["/v3/volumes/v/action", "/v3/manageable_volumes"])
def test_what_was_there_before_is_not_taken_for_created(path: str) -> None:
    """The volume that an image is made of, and one that Cinder is given to manage with its data."""
    assert created([Write("POST", path, answer(202, b'{"volume": {"id": "v"}}'))]) is None


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([answer(200, b'{"server": {"id": "a"}}')], "a"),
        ([answer(201, b'{"id": "a", "name": "n"}')], "a"),
        ([answer(201, b'{"keypair": {"name": "k"}}')], "k"),
        ([answer(201, Location="http://x/resource_providers/a?y")], "a"),
        ([answer(409), answer(201, b'{"id": "b"}')], "b"),
        ([answer(202)], None),
        ([], None),
    ],
)
def test_the_id_of_what_was_created_is_in_the_first_successful_answer(
    answers: list[Response], expected: str | None
) -> None:
    """In its body, or where it leads to."""
    assert created([Write("POST", "/x", response) for response in answers]) == expected


@pytest.mark.parametrize(
    ("query", "status", "body", "expected"),
    [
        ("name=x", 200, b'{"images": [], "first": "/v2/images"}', True),
        ("name=x", 200, b"[]", True),
        ("name=x", 200, b'{"images": [{"id": "a"}]}', False),
        ("name=x", 200, b'{"id": "a"}', False),
        ("name=x", 200, b"data", False),
        ("name=x", 500, b'{"images": []}', False),
        ("limit=9&sort_key=name", 200, b'{"images": []}', False),
    ],
)
def test_a_filtered_list_may_find_nothing(
    query: str, status: int, body: bytes, expected: bool
) -> None:
    """Paging and order are no filters."""
    found = answer(status, body)
    found.request = Request("GET", f"http://cloud/images?{query}").prepare()
    assert found_nothing([found]) is expected


def test_what_only_reads_waits_for_its_patience_and_no_more_then(cloud: Fake) -> None:
    """The second request does not wait at all; a write is waited for, a login is not."""
    end = threading.Event()
    history = History("CloudTwo", patience=0.2)
    session = Session()
    history.record(session)

    def hang(_: object) -> tuple[int, object]:
        end.wait(10)
        return 0, None

    cloud.reply = hang
    try:
        with pytest.raises(RequestException):
            session.post(f"{cloud.url}/identity/v3/auth/tokens")
        seen = len(cloud.requests)
        with pytest.raises(ReadTimeout, match=r"CloudTwo has not answered for 0\.2 s"):
            session.get(f"{cloud.url}/image/v2/images")
        assert len(cloud.requests) == seen
        assert history.unreachable == "CloudTwo has not answered for 0.2 s"
        cloud.reply = None
        assert session.post(f"{cloud.url}/image/v2/images").ok
    finally:
        end.set()


def test_a_timeout_of_the_user_s_own_stays(cloud: Fake) -> None:
    """It is in clouds.yaml (api_timeout)."""
    seen: list[object] = []
    history = History("A", patience=7.0)
    session = Session()

    class Plain(HTTPAdapter):
        def send(self, *args: Any, **options: Any) -> Response:
            seen.append(options.get("timeout"))
            return super().send(*args, **options)

    session.mount("http://", Plain())
    history.record(session)
    session.get(cloud.url)
    session.get(cloud.url, timeout=3)
    session.put(cloud.url)
    session.get(cloud.url, stream=True).close()
    assert seen == [7.0, 3, None, None]


@pytest.mark.parametrize(
    ("status", "error", "away"),
    [
        (502, {"cloud": "CloudTwo", "sent": False}, True),
        (504, {"cloud": "CloudTwo", "sent": False}, True),
        (502, {"cloud": "CloudOne", "sent": False}, False),
        (502, {"cloud": "CloudTwo"}, False),
        (400, {"cloud": "CloudTwo", "sent": False}, False),
        (500, {"message": "its own"}, False),
    ],
)
def test_a_gateway_says_which_cloud_cannot_be_reached(
    status: int, error: dict[str, object], away: bool, cloud: Fake
) -> None:
    """By an error of its own, of a request that got nowhere."""
    history = History("CloudTwo")
    session = Session()
    history.record(session)
    cloud.reply = lambda _: (status, {"error": error})
    session.get(f"{cloud.url}/image/v2/images")
    assert (history.unreachable is not None) is away
    assert history.status == status


def test_an_answer_that_nobody_can_decode_tells_nothing() -> None:
    """What another cloud has nested, or a number it has written, ends no command of several."""
    for body in (b"[" * 100_000, b'{"id": ' + b"9" * 5000 + b"}"):
        write = Write("POST", "/things", answer(201, body))
        assert created([write]) is None
        assert write.may_have_acted
        found = answer(200, body)
        found.request = Request("GET", "http://x/things?name=y").prepare()
        assert not found_nothing([found])

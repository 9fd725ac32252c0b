"""One request to one frontend."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import trustme
from hypothesis import example, given
from hypothesis import strategies as st

from openstackoid.federation import Cloud, Url
from openstackoid.livecheck import probe
from openstackoid.livecheck.probe import ProbeError, ask, refusing, trusted

from .conftest import Frontend

PLAIN = ssl.create_default_context()


def cloud_at(url: str, **other: str) -> tuple[Cloud, Url]:
    """Return a cloud with one frontend, and that."""
    cloud = Cloud.model_validate({"frontends": {"image": url}, **other})
    return cloud, cloud.frontends["image"]["public"]


@contextmanager
def saying(answer: bytes | None, secure: ssl.SSLContext | None = None) -> Iterator[int]:
    """Run a server that gives one connection an answer, None if it never does, at a port."""
    done = threading.Event()

    def serve() -> None:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        connection.settimeout(5)
        with connection:
            try:
                connected = connection
                if secure:
                    connected = secure.wrap_socket(connection, server_side=True)
                connected.recv(65536)
                if answer is None:
                    done.wait()
                else:
                    connected.sendall(answer)
                    connected.shutdown(socket.SHUT_RDWR)
                connected.close()
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(5)
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            done.set()
            thread.join()


@contextmanager
def dripping(begin: bytes, secure: ssl.SSLContext | None = None) -> Iterator[int]:
    """Run a server that sends one connection a beginning, and then a byte after another."""

    def serve() -> None:
        try:
            connected, _ = listening.accept()
            if secure:
                connected = secure.wrap_socket(connected, server_side=True)
            with connected:
                connected.recv(65536)
                connected.sendall(begin)
                while not over.wait(0.05):
                    connected.sendall(b"x")
        except OSError:
            return

    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            over.set()
            thread.join()


@pytest.mark.parametrize("begin", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n"])
@pytest.mark.parametrize("tls", [False, True])
def test_an_answer_that_drips_ends(
    begin: bytes, *, tls: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A cloud cannot keep the check of all others from its end."""
    monkeypatch.setattr(probe, "WHOLE", 1.0)
    ca = trustme.CA()
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(serving)
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = trusted([tmp_path / "ca.pem"]) if tls else PLAIN
    with dripping(begin, serving if tls else None) as port:
        scheme = "https" if tls else "http"
        with pytest.raises(ProbeError, match="no whole answer within 1 s"):
            ask(*cloud_at(f"{scheme}://127.0.0.1:{port}"), context)


def test_an_answer_is_told_with_headers_in_lower_case(frontend: Frontend) -> None:
    """Status, headers and body as they came; there is no certificate without TLS."""
    frontend.answer = (404, {"a": 1})
    answer = ask(*cloud_at(frontend.url), PLAIN)
    assert (answer.status, json.loads(answer.body)) == (404, {"a": 1})
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.expires is None


def test_the_path_is_below_the_frontend_and_headers_have_dashes(frontend: Frontend) -> None:
    """Host is the frontend's own, with its port."""
    ask(*cloud_at(f"{frontend.url}/image"), PLAIN, "/v2/images", X_Auth_Token="T")
    ((path, headers),) = frontend.requests
    assert path == "/image/v2/images"
    assert headers["X-Auth-Token"] == "T"
    assert headers["Host"] == f"127.0.0.1:{frontend.port}"


def test_a_cloud_is_reached_where_it_says_under_its_own_name(frontend: Frontend) -> None:
    """`connect` is an address alone: the port and Host stay those of the frontend."""
    name = f"one.invalid:{frontend.port}"
    ask(*cloud_at(f"http://{name}", connect="127.0.0.1"), PLAIN)
    ((_, headers),) = frontend.requests
    assert headers["Host"] == name


@pytest.mark.parametrize("seconds", [-3600, 0, 3600])
def test_a_clock_is_compared_with_ours(frontend: Frontend, seconds: int) -> None:
    """Positive where theirs is ahead."""
    frontend.date = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
    ahead = ask(*cloud_at(frontend.url), PLAIN).ahead
    assert ahead is not None
    assert abs(ahead - seconds) < 60


@pytest.mark.parametrize(
    "date",
    [
        None,
        "",
        "yesterday",
        "Mon, 30 Feb 2026 10:00:00 GMT",
        "Sun, 06 Nov 1994 08:49:37 -0000",
        "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 +99999999999999999999",
        "Sun, 06 Nov 1994 08:49:37 +9999",
    ],
)
def test_a_date_that_is_none_tells_nothing(frontend: Frontend, date: str | None) -> None:
    """Whatever another cloud sends, the rest of its answer is told."""
    frontend.date = date
    answer = ask(*cloud_at(frontend.url), PLAIN)
    assert (answer.status, answer.ahead) == (300, None)


def test_no_more_is_read_than_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frontend that sends without end does not fill the memory."""
    monkeypatch.setattr(probe, "MAX_BODY", 10)
    with saying(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1000) as port:
        assert ask(*cloud_at(f"http://127.0.0.1:{port}"), PLAIN).body == b"x" * 10


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n", "its answer is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "its answer is not HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 1000 + b"\r\n", "its answer is not HTTP"),
        (b"", "."),
    ],
)
def test_what_is_no_answer_is_said(said: bytes, why: str) -> None:
    """By a message, whatever the standard library raises."""
    with saying(said) as port, pytest.raises(ProbeError, match=why) as caught:
        ask(*cloud_at(f"http://127.0.0.1:{port}"), PLAIN)
    assert str(caught.value)


def test_a_frontend_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says how long it was."""
    monkeypatch.setattr(probe, "TIMEOUT", 0.1)
    with saying(None) as port, pytest.raises(ProbeError, match=r"^no answer within 0\.1 s$"):
        ask(*cloud_at(f"http://127.0.0.1:{port}"), PLAIN)


def test_a_port_where_nobody_listens_is_said() -> None:
    """As the system says it."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(ProbeError, match=r"^Connection refused$"):
        ask(*cloud_at(f"http://127.0.0.1:{port}"), PLAIN)


def test_a_name_that_nobody_knows_is_said() -> None:
    """Not as a traceback of the resolver's."""
    with pytest.raises(ProbeError, match=r"."):
        ask(*cloud_at("http://unknown.invalid"), PLAIN)


@pytest.fixture
def authority(tmp_path: Path) -> tuple[trustme.CA, Path]:
    """Return an authority, and the file of its certificate."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    return ca, tmp_path / "ca.pem"


def server(ca: trustme.CA, name: str, expires: datetime | None = None) -> ssl.SSLContext:
    """Return how a server with a certificate of an authority speaks TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(name, not_after=expires).configure_cert(context)
    return context


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def test_the_end_of_a_certificate_is_told(authority: tuple[trustme.CA, Path]) -> None:
    """In UTC; the certificate is checked by the frontend's name, not by where it is reached."""
    ca, file = authority
    end = datetime(2035, 1, 2, 3, 4, 5, tzinfo=UTC)
    with saying(OK, server(ca, "one.example", end)) as port:
        frontend = cloud_at(f"https://one.example:{port}", connect="127.0.0.1")
        assert ask(*frontend, trusted([file])).expires == end


def test_a_certificate_of_an_unknown_authority_is_not_accepted(
    authority: tuple[trustme.CA, Path],
) -> None:
    """The message says why, as OpenSSL does."""
    ca, _ = authority
    with (
        saying(OK, server(ca, "127.0.0.1")) as port,
        pytest.raises(ProbeError, match="its certificate is not accepted: unable to get local"),
    ):
        ask(*cloud_at(f"https://127.0.0.1:{port}"), trusted([]))


def test_a_certificate_of_another_name_is_not_accepted(
    authority: tuple[trustme.CA, Path],
) -> None:
    """Though the authority is known."""
    ca, file = authority
    with (
        saying(OK, server(ca, "other.example")) as port,
        pytest.raises(ProbeError, match=r"not accepted: .*mismatch"),
    ):
        ask(
            *cloud_at(f"https://one.example:{port}", connect="127.0.0.1"),
            trusted([file]),
        )


def test_a_frontend_that_speaks_no_tls_is_said() -> None:
    """The file says https, and plain HTTP is there."""
    with saying(b"HTTP/1.0 400 Bad Request\r\n\r\n") as port, pytest.raises(ProbeError) as caught:
        ask(*cloud_at(f"https://127.0.0.1:{port}"), PLAIN)
    assert str(caught.value)


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_an_authority_that_cannot_be_read_is_an_error_of_the_system(
    tmp_path: Path, text: str | None
) -> None:
    """Which is what callers look for, whether there is no file or no certificate in it."""
    file = tmp_path / "ca.pem"
    if text is not None:
        file.write_text(text)
    with pytest.raises(OSError, match=r"."):
        trusted([file])


@pytest.mark.parametrize(
    ("body", "cloud"),
    [
        (b'{"error": {"code": 400, "cloud": "One"}}', "One"),
        (b'{"error": {"code": 400}}', None),
        (b'{"error": "One"}', None),
        (b'{"error": null}', None),
        (b'["error"]', None),
        (b"5", None),
        (b"<html>", None),
        (b"\xff\xfe", None),
        (b"", None),
    ],
)
def test_a_gateway_is_known_by_the_cloud_in_its_refusal(body: bytes, cloud: str | None) -> None:
    """A service's own error has none."""
    assert refusing(body) == cloud


@given(st.binary() | st.recursive(
    st.none() | st.text() | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["error", "cloud"]), inner),
).map(lambda document: json.dumps(document).encode()))  # fmt: skip
@example(b"[" * 100_000)
@example(b'{"error": {"cloud": ' + b"1" * 5000 + b"}}")
def test_no_body_raises_anything(body: bytes) -> None:
    """It is another cloud's, and may be anything."""
    assert isinstance(refusing(body), str | None)


def test_a_token_goes_to_the_host_of_the_frontend_alone() -> None:
    """A file that somebody passes around may name any address to connect to."""
    with saying(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as port:
        cloud, url = cloud_at(f"http://nowhere.invalid:{port}", connect="127.0.0.1")
        with pytest.raises(ProbeError):
            ask(cloud, url, PLAIN, X_Auth_Token="secret")
        assert ask(cloud, url, PLAIN).status == 200

"""Redirections and ids of another cloud: where a client's next request goes because of them."""

from contextlib import suppress
from typing import Any
from urllib.parse import urljoin

import requests
from fuzz.answers import HOME, THERE
from keystoneauth1 import access, fixture
from keystoneauth1.exceptions import ClientException
from keystoneauth1.identity import v3
from keystoneauth1.session import Session
from requests.adapters import BaseAdapter
from requests.utils import requote_uri
from urllib3.util import parse_url

from openstackoid.client.guard import guard, home
from openstackoid.routing.links import Links
from openstackoid.routing.redirections import fault, location

PATH = "/v2.1/servers?limit=1"


def redirections(data: bytes) -> None:
    """Lead a redirection home: wherever it leads, a client that follows stays with the service."""
    value = data.decode("utf-8", "surrogateescape")
    way = Links(THERE, HOME, "compute")
    refused = fault("GET", 302, [value], way, PATH)
    led = location(value, 302, way, PATH)
    assert (led is None) == (refused is not None)
    if led is None:
        return
    url = requests.Request("GET", urljoin(f"http://one:8888/compute{PATH}", requote_uri(led)))
    parts = parse_url(url.prepare().url or "")
    assert (parts.scheme, parts.auth) == ("http", None)
    assert (parts.host, parts.port) in {("one", 8888), ("one.internal", None)}, parts
    path = parts.path or ""
    assert path == "/compute" or path.startswith("/compute/"), parts


class _Recorder(BaseAdapter):
    """Sends nothing, and keeps the URL of each request."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        self.urls.append(request.url or "")
        response = requests.Response()
        response.status_code = 200
        response.url, response.request = request.url or "", request
        return response

    def close(self) -> None:
        """Do nothing."""


def _session() -> tuple[Session, _Recorder]:
    """Return a session that is logged in to home and guarded, and what it sends."""
    token = fixture.V3Token()
    for service in ("identity", "compute", "image"):
        endpoint = f"http://one:8888/{service}"
        token.add_service(service).add_standard_endpoints(public=endpoint)
    auth = v3.Token("http://one:8888/identity/v3", "token")
    auth.auth_ref = access.create(body=token, auth_token="token")
    plain = requests.Session()
    recorder = _Recorder()
    plain.mount("http://", recorder)
    plain.mount("https://", recorder)
    session = Session(auth, session=plain)
    guard(session, home(auth))
    return session, recorder


SESSION, SENT = _session()


def ids_in_paths(data: bytes) -> None:
    """Ask for a resource by an id, or a link: what is sent reaches that service of home alone."""
    text = data[1:].decode("utf-8", "surrogateescape")
    url = text if data[:1] == b"l" else f"/v2/images/{text}"
    SENT.urls.clear()
    with suppress(ClientException, ValueError, requests.RequestException):
        SESSION.get(
            url,
            headers={"X-Scope": "image=Two"},
            endpoint_filter={"service_type": "image", "interface": "public"},
            redirect=False,
        )
    for sent in SENT.urls:
        parts = parse_url(sent)
        assert (parts.host, parts.port, parts.auth) == ("one", 8888, None), sent
        path = f"{parts.path or ''}/"
        assert not path.startswith(("/identity/", "/compute/")), sent

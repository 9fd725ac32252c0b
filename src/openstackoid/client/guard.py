"""With a scope, requests go to home alone, and to the service they are for, whatever answers hold.

A cloud that is asked may put any absolute URL into its answer: the next page of a list, the `self`
of a version, a redirect. It may as well put `../../network/…` where an id should be, of which
urllib3 makes the path of another service. keystoneauth asks for a fully qualified URL as it stands,
token and all (https://docs.openstack.org/keystoneauth/latest/api/keystoneauth1.session.html), and
calls its plugins without it. So sessions are made to remember which service a request is for: all
of them, for a plugin learns of a session in the middle of its first request. What sees every
request with the address it is sent to is a transport adapter of requests
(https://requests.readthedocs.io/en/latest/user/advanced/#transport-adapters). It tells the gateway
the service, too.
"""

import re
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, wraps
from typing import Any, TypeAlias, cast
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary, WeakSet

import requests
from keystoneauth1.access import AccessInfo
from keystoneauth1.exceptions import ClientException
from keystoneauth1.plugin import IDENTITY_AUTH_HEADER_NAME, BaseAuthPlugin
from keystoneauth1.session import Session
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from openstackoid.client.accounts import SCOPE_HEADER, SERVICE_HEADER
from openstackoid.client.origins import Origin, origins
from openstackoid.scope import DELIMITER
from openstackoid.scope.errors import printable
from openstackoid.services import service_type


class NotHomeError(ClientException):
    """A request that was not sent, for it would have led away from home."""

    def __init__(self, where: str, clouds: Collection[str]) -> None:
        asked = " or ".join(clouds) or "the other cloud"
        super().__init__(
            f"{where} is no address of the home cloud; a link in an answer of {asked} may have led "
            f"there. Nothing was sent, for it would have shown your token. If that address is "
            f"home's own, write it in the cloud's entry of clouds.yaml, as auth_url or "
            f"<service>_endpoint_override; if not, tell the operator of {asked}, or take the "
            f"service in another cloud"
        )


class OtherServiceError(ClientException):
    """A request that was not sent, for it would have reached another service than was meant."""

    def __init__(self, path: str, service: str | None, clouds: Collection[str]) -> None:
        asked = " or ".join(clouds) or "the other cloud"
        meant = service or "the service that was meant"
        super().__init__(
            f"{printable(path)} is no path of {meant}: an id or a link in an answer of {asked} may "
            f"have led there. Nothing was sent. Tell the operator of {asked}, or take the service "
            "in another cloud"
        )


class Home:
    """Where requests with one auth plugin's token may go.

    That is what the user has configured (the plugin's own options, auth_url among them, and
    what `trust` is given), and the catalog of the last token, all its interfaces.
    """

    def __init__(self, auth: BaseAuthPlugin) -> None:
        # keystoneauth's wrapper of two plugins takes everything but a header from this one
        self._auth = getattr(auth, "user_auth", auth)
        self._configured = origins(vars(self._auth).values())
        self._access: AccessInfo | None = None
        self._catalog: Catalog = {}
        self.clouds: tuple[str, ...] = ()
        """Whose answers may hold links, for the message."""

    def trust(self, urls: Iterable[object]) -> None:
        """Add the origins of those that are URLs."""
        self._configured |= origins(urls)

    def forget(self) -> None:
        """Forget the catalog: the next token may be another cloud's."""
        self._access, self._catalog = None, {}

    def has(self, origin: Origin) -> bool:
        """Tell whether an origin is one of home."""
        return origin in self._configured or origin in self._current()

    def serves(self, service: str, origin: Origin, path: str) -> bool:
        """Tell whether a path at an origin may be a service's; of an unknown service any may."""
        catalog = self._current()
        if not any(
            service in mounted for mounts in catalog.values() for mounted in mounts.values()
        ):
            return True
        mounts = catalog.get(origin, {})
        fitting = [mount for mount in mounts if path == mount or path.startswith(f"{mount}/")]
        return not fitting or service in mounts[max(fitting, key=len)]

    def _current(self) -> "Catalog":
        """Return the catalog of the last token."""
        access = getattr(self._auth, "auth_ref", None)
        if access is not None and access is not self._access:
            self._catalog, self._access = _mounts(access), access
        return self._catalog


def home(auth: BaseAuthPlugin) -> Home:
    """Return the home of a plugin, the same each time."""
    if not isinstance(vars(auth).get("oid_home"), Home):
        cast("Any", auth).oid_home = Home(auth)
    return cast("Home", cast("Any", auth).oid_home)


_LOCK = threading.Lock()
_HOMES: WeakKeyDictionary[requests.Session, WeakSet[Home]] = WeakKeyDictionary()
"""Plugins may share a session, and others may have mounted adapters of theirs since."""


_SERVICE: ContextVar[str | None] = ContextVar("service", default=None)
"""The type of the service that the request is for, None if it is for an address."""


@contextmanager
def meaning(service: str | None) -> Iterator[None]:
    """Say which service the requests within are for; without any, what was said before holds."""
    reset = _SERVICE.set(service_type(service) or service if service else _SERVICE.get())
    try:
        yield
    finally:
        _SERVICE.reset(reset)


_request = Session.request


def watch() -> None:
    """Have all sessions remember which service each of their requests is for."""
    Session.request = _remembering  # type: ignore[assignment, method-assign]


@wraps(_request)
def _remembering(self: Session, url: str, method: str, **kwargs: Any) -> Response:
    with meaning((kwargs.get("endpoint_filter") or {}).get("service_type")):
        return _request(self, url, method, **kwargs)


def guard(session: Session, home: Home) -> None:
    """Have each further request of a session that carries a scope go home, or nowhere."""
    watch()
    plain = session.session
    with _LOCK:
        _become(plain)
        homes = _HOMES.setdefault(plain, WeakSet())
        homes.add(home)
        for prefix, adapter in list(plain.adapters.items()):
            if not isinstance(adapter, _Guard):
                # Not by mount(), which moves adapters while other threads may look for theirs.
                plain.adapters[prefix] = _Guard(adapter, homes)


class _Stepless(requests.Session):
    """Refuses paths with steps before they are folded: with a scope there are none."""

    def request(self, method: str, url: str, **kwargs: Any) -> Response:  # type: ignore[override]
        path = re.split(r"[?#]", url, maxsplit=1)[0]
        if _is_scoped(kwargs.get("headers") or {}) and _STEP.search(path):
            raise OtherServiceError(urlsplit(path).path, _SERVICE.get(), asked(self))
        return super().request(method, url, **kwargs)


_STEP = re.compile(r"(?:[/\\]|%2f|%5c)(?:\.|%2e){1,2}(?:[/\\]|%2f|%5c|$)", re.IGNORECASE)


def _become(plain: requests.Session) -> None:
    """Make a session a stepless one; the object stays itself for whoever holds it."""
    if not isinstance(plain, _Stepless):
        cast("Any", plain).__class__ = _stepless(cast("Any", type(plain)))


@cache
def _stepless(plain: Any) -> type[Any]:
    return type(plain.__name__, (_Stepless, plain), {})


def _is_scoped(headers: Mapping[str, str | bytes]) -> bool:
    token = str(headers.get(IDENTITY_AUTH_HEADER_NAME, ""))
    return SCOPE_HEADER in headers or DELIMITER in token


def asked(plain: requests.Session) -> list[str]:
    """Return the clouds that a session's plugins ask, each once."""
    with _LOCK:
        return _clouds(list(_HOMES.get(plain, ())))


def _clouds(homes: Iterable[Home]) -> list[str]:
    return list(dict.fromkeys(cloud for home in homes for cloud in home.clouds))


class _Guard(BaseAdapter):
    def __init__(self, adapter: BaseAdapter, homes: WeakSet[Home]) -> None:
        super().__init__()
        self._adapter = adapter
        self._homes = homes

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        if _is_scoped(request.headers):
            with _LOCK:
                homes = list(self._homes)
            _check(request.url or "", homes)
            # A type of its own may be called otherwise in the federation, which refuses it then.
            if official := service_type(_SERVICE.get() or ""):
                request.headers[SERVICE_HEADER] = official
        return self._adapter.send(request, *args, **options)

    def close(self) -> None:
        self._adapter.close()


def _check(url: str, homes: Sequence[Home]) -> None:
    """Raise NotHomeError or OtherServiceError if a prepared request may not be sent to a URL."""
    try:
        origin = Origin.of(url)
    except ValueError as error:
        raise NotHomeError(str(error), _clouds(homes)) from error
    known = [home for home in homes if home.has(origin)]
    if not known:
        raise NotHomeError(str(origin), _clouds(homes))
    service, path = _SERVICE.get(), urlsplit(url).path
    if service is not None and not any(home.serves(service, origin, path) for home in known):
        raise OtherServiceError(path, service, _clouds(homes))


Catalog: TypeAlias = Mapping[Origin, Mapping[str, Collection[str]]]
"""For each origin, the paths below which there are services, and their types."""

_VERSION = re.compile(r"/v\d[^/]*(?:/|$)|/$")


def _mounts(access: AccessInfo) -> Catalog:
    """Return for each origin of a token's catalog the services below each path.

    The path of an endpoint ends before its version, and so before a project behind that.
    """
    if not access.has_service_catalog():
        return {}
    mounts: dict[Origin, dict[str, set[str]]] = {}
    for named, endpoints in access.service_catalog.get_endpoints_data().items():
        for url in (endpoint.catalog_url for endpoint in endpoints):
            for origin in origins([url]):
                path = _VERSION.split(urlsplit(str(url)).path, maxsplit=1)[0]
                services = mounts.setdefault(origin, {}).setdefault(path, set())
                services.add(service_type(named) or named)
    return mounts

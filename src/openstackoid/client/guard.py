"""With a scope, requests go to addresses of home alone, whatever links an answer holds.

A cloud that is asked may put any absolute URL into its answer: the next page of a list, the `self`
of a version, a redirect. keystoneauth asks for a fully qualified URL as it stands, token and all
(https://docs.openstack.org/keystoneauth/latest/api/keystoneauth1.session.html), and calls its
plugins without it. What sees every request with the address it is sent to is a transport adapter of
requests (https://requests.readthedocs.io/en/latest/user/advanced/#transport-adapters).
"""

import threading
from collections.abc import Collection, Iterable, Sequence
from typing import Any, cast
from weakref import WeakKeyDictionary, WeakSet

import requests
from keystoneauth1.access import AccessInfo
from keystoneauth1.exceptions import ClientException
from keystoneauth1.plugin import IDENTITY_AUTH_HEADER_NAME, BaseAuthPlugin
from keystoneauth1.session import Session
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from openstackoid.client.accounts import SCOPE_HEADER
from openstackoid.client.origins import Origin, origins
from openstackoid.scope import DELIMITER


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
        self._catalog: frozenset[Origin] = frozenset()
        self.clouds: tuple[str, ...] = ()
        """Whose answers may hold links, for the message."""

    def trust(self, urls: Iterable[object]) -> None:
        """Add the origins of those that are URLs."""
        self._configured |= origins(urls)

    def forget(self) -> None:
        """Forget the catalog: the next token may be another cloud's."""
        self._access, self._catalog = None, frozenset()

    def has(self, origin: Origin) -> bool:
        """Tell whether an origin is one of home."""
        access = getattr(self._auth, "auth_ref", None)
        if access is not None and access is not self._access:
            self._catalog, self._access = _endpoints(access), access
        return origin in self._configured or origin in self._catalog


def home(auth: BaseAuthPlugin) -> Home:
    """Return the home of a plugin, the same each time."""
    if not isinstance(vars(auth).get("oid_home"), Home):
        cast("Any", auth).oid_home = Home(auth)
    return cast("Home", cast("Any", auth).oid_home)


_LOCK = threading.Lock()
_HOMES: WeakKeyDictionary[requests.Session, WeakSet[Home]] = WeakKeyDictionary()
"""Plugins may share a session, and others may have mounted adapters of theirs since."""


def guard(session: Session, home: Home) -> None:
    """Have each further request of a session that carries a scope go home, or nowhere."""
    plain = session.session
    with _LOCK:
        homes = _HOMES.setdefault(plain, WeakSet())
        homes.add(home)
        for prefix, adapter in list(plain.adapters.items()):
            if not isinstance(adapter, _Guard):
                # Not by mount(), which moves adapters while other threads may look for theirs.
                plain.adapters[prefix] = _Guard(adapter, homes)


class _Guard(BaseAdapter):
    def __init__(self, adapter: BaseAdapter, homes: WeakSet[Home]) -> None:
        super().__init__()
        self._adapter = adapter
        self._homes = homes

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        token = str(request.headers.get(IDENTITY_AUTH_HEADER_NAME, ""))
        if SCOPE_HEADER in request.headers or DELIMITER in token:
            with _LOCK:
                homes = list(self._homes)
            _check(request.url or "", homes)
        return self._adapter.send(request, *args, **options)

    def close(self) -> None:
        self._adapter.close()


def _check(url: str, homes: Sequence[Home]) -> None:
    """Raise NotHomeError if the URL of a prepared request leads to none of these."""
    try:
        origin = Origin.of(url)
    except ValueError as error:
        where = str(error)
    else:
        if any(home.has(origin) for home in homes):
            return
        where = str(origin)
    raise NotHomeError(where, list(dict.fromkeys(c for home in homes for c in home.clouds)))


def _endpoints(access: AccessInfo) -> frozenset[Origin]:
    if not access.has_service_catalog():
        return frozenset()
    services = access.service_catalog.get_endpoints_data()
    return origins(e.catalog_url for endpoints in services.values() for e in endpoints)

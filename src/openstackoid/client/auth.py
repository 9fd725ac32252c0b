"""An auth plugin of keystoneauth that carries a scope: the one place where requests are marked.

On every request goes `X-Scope`, because login and version discovery have no token; on every token
the suffix, because services pass their caller's token on (DESIGN §3).
"""

from functools import cache
from typing import Any, TypeVar, cast

from keystoneauth1.access import AccessInfo
from keystoneauth1.discover import EndpointData
from keystoneauth1.http_basic import HTTPBasicAuth
from keystoneauth1.plugin import IDENTITY_AUTH_HEADER_NAME, BaseAuthPlugin
from keystoneauth1.session import Session

from openstackoid.scope import DELIMITER, Scope, join

SCOPE_HEADER = "X-Scope"
POLICY_HEADER = "X-Scope-Policy"

Auth = TypeVar("Auth", bound=BaseAuthPlugin)


def scoped(auth: Auth, scope: Scope) -> Auth:
    """Make this auth plugin carry the scope, and return it.

    The object stays itself, so that whoever holds it already (manilaclient takes it from the client
    manager, not from the session) carries the scope as well, and renews its token as before.
    A scope it had is replaced. HTTP Basic has no token to put a scope on, and is left alone.
    """
    if isinstance(auth, HTTPBasicAuth) or getattr(auth, "oid_scope", None) == scope:
        return auth
    if not isinstance(auth, Scoped):
        plain: type = type(auth)
        auth.__class__ = _scoped_class(plain)
    # A token of openstacksdk's cache may be of another cloud's Keystone than this scope's.
    auth.invalidate()
    cast("Scoped", auth).oid_scope = scope
    return auth


def announce(session: Session, scope: Scope) -> None:
    """Put the scope on all further requests of the session, with or without a token."""
    if scope:
        session.additional_headers[SCOPE_HEADER] = scope.canonical


class Scoped(BaseAuthPlugin):
    """What a plugin does besides, once `scoped`."""

    oid_scope: Scope

    def get_headers(self, session: Session) -> dict[str, str] | None:
        """Return the headers of an authenticated request, with the scope in both places."""
        headers = super().get_headers(session)
        if headers is None or not self.oid_scope:
            return headers
        # Not left to the session, so that it equals the suffix where plugins share one.
        headers = {**headers, SCOPE_HEADER: self.oid_scope.canonical}
        if token := headers.get(IDENTITY_AUTH_HEADER_NAME):
            headers[IDENTITY_AUTH_HEADER_NAME] = self._suffixed(token)
        return headers

    def get_token(self, session: Session) -> str | None:
        """Return the token with its suffix: some clients send it with an HTTP library of theirs."""
        token = super().get_token(session)
        return self._suffixed(token) if token else token

    def get_auth_ref(self, session: Session) -> AccessInfo | None:
        """Log in, as the scope's `identity` says."""
        announce(session, self.oid_scope)
        return super().get_auth_ref(session)

    def get_endpoint_data(self, session: Session, **kwargs: Any) -> EndpointData | None:
        """Discover the version of one service, in its cloud."""
        announce(session, self.oid_scope)
        return super().get_endpoint_data(session, **kwargs)

    def get_all_version_data(self, session: Session, *args: Any, **kwargs: Any) -> Any:
        """Discover the versions of all services, each in its cloud."""
        announce(session, self.oid_scope)
        return super().get_all_version_data(session, *args, **kwargs)

    def get_cache_id(self) -> str | None:
        """Return an id of its own for each scope, whose `identity` decides who issues the token."""
        identifier = super().get_cache_id()
        return join(identifier, self.oid_scope) if identifier and self.oid_scope else identifier

    def _suffixed(self, token: str) -> str:
        return join(token, self.oid_scope) if self.oid_scope and DELIMITER not in token else token


@cache
def _scoped_class(plugin: type) -> type[Any]:
    return type(f"Scoped{plugin.__name__}", (Scoped, plugin), {})

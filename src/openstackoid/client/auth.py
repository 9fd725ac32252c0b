"""An auth plugin of keystoneauth that carries a scope: the one place where requests are marked.

On every request goes `X-Scope`, because login and version discovery have no token; on every token
the suffix, because services pass their caller's token on; see
docs/explanation/design.md#how-a-scope-travels. With the scope goes the service that is meant, which
`guard` knows.
"""

import copy
from functools import cache
from typing import Any, TypeVar, cast

from keystoneauth1.access import AccessInfo
from keystoneauth1.discover import EndpointData
from keystoneauth1.exceptions import ClientException
from keystoneauth1.http_basic import HTTPBasicAuth
from keystoneauth1.plugin import IDENTITY_AUTH_HEADER_NAME, BaseAuthPlugin
from keystoneauth1.session import Session
from requests import Response

from openstackoid.client.accounts import SCOPE_HEADER, Accounts
from openstackoid.client.discovery import RefusedError, logging_in, needed, report_failures
from openstackoid.client.guard import guard, home, meaning, watch
from openstackoid.scope import DELIMITER, Scope, join
from openstackoid.scope.errors import printable_lines
from openstackoid.services import IDENTITY

POLICY_HEADER = "X-Scope-Policy"

Auth = TypeVar("Auth", bound=BaseAuthPlugin)


def scoped(auth: Auth, scope: Scope, accounts: Accounts | None = None) -> Auth:
    """Make this auth plugin carry the scope, and the tokens of other accounts; return it.

    The object stays itself, so that whoever holds it already (manilaclient takes it from the client
    manager, not from the session) carries the scope as well, and renews its token as before.
    A scope it had is replaced. HTTP Basic has no token to put a scope on, and is left alone.
    """
    if isinstance(auth, HTTPBasicAuth):
        return auth
    if scope:
        watch()
    if getattr(auth, "oid_scope", None) == scope and not accounts:
        if accounts is not None and not cast("Scoped", auth).oid_accounts:
            cast("Scoped", auth).oid_accounts = accounts
        return auth
    if not isinstance(auth, Scoped):
        plain: type = type(auth)
        auth.__class__ = _scoped_class(plain)
    cast("Scoped", auth).oid_scope = scope
    cast("Scoped", auth).oid_accounts = Accounts(scope) if accounts is None else accounts
    # A token of openstacksdk's cache may be of another cloud's Keystone than this scope's.
    auth.invalidate()
    home(auth).forget()
    home(auth).clouds = scope.clouds
    return auth


def announce(session: Session, scope: Scope) -> None:
    """Put the scope on all further requests of the session, with or without a token."""
    if scope:
        session.additional_headers[SCOPE_HEADER] = scope.canonical


class Scoped(BaseAuthPlugin):
    """What a plugin does besides, once `scoped`."""

    oid_scope: Scope
    oid_accounts: Accounts

    def get_headers(self, session: Session) -> dict[str, str] | None:
        """Return the headers of an authenticated request, with the scope in both places."""
        self._begin(session)
        headers = super().get_headers(session)
        if headers is None or not self.oid_scope:
            return headers
        # Not left to the session, so that it equals the suffix where plugins share one.
        headers = {**headers, SCOPE_HEADER: self.oid_scope.canonical}
        if token := headers.get(IDENTITY_AUTH_HEADER_NAME):
            headers[IDENTITY_AUTH_HEADER_NAME] = self._suffixed(token, session)
        return headers

    def get_token(self, session: Session) -> str | None:
        """Return the token with its suffix: some clients send it with an HTTP library of theirs."""
        self._begin(session)
        token = super().get_token(session)
        return self._suffixed(token, session) if token else token

    def get_auth_ref(self, session: Session) -> AccessInfo | None:
        """Log in, as the scope's `identity` says; at home, if there is an account for that."""
        self._announce(session)
        if self.oid_accounts and self.oid_accounts.at_home is not None:
            session = _at_home(session, self.oid_accounts, self.oid_accounts.at_home)
        try:
            with logging_in(), meaning(IDENTITY):
                return super().get_auth_ref(session)
        except ClientException as error:
            status = getattr(error, "http_status", 0)
            # Any other 4xx is about the scope, and says so.
            if self.oid_scope and (status in {401, 403} or not 400 <= status < 500):
                why = printable_lines(str(error))
                error.args = (f"the login {self._where} failed: {why}", *error.args[1:])
            raise

    def invalidate(self) -> bool:
        """Forget the token and those of other accounts: it is not known which was refused."""
        self.oid_accounts.invalidate()
        return super().invalidate()

    def get_endpoint_data(self, session: Session, **kwargs: Any) -> EndpointData | None:
        """Discover the version of one service, in its cloud; or at an address of the program's."""
        home(self).trust([kwargs.get("endpoint_override")])
        self._announce(session)
        with meaning(kwargs.get("service_type")):
            return super().get_endpoint_data(session, **kwargs)

    def get_api_major_version(self, session: Session, **kwargs: Any) -> Any:
        """Return the version of a service; raise RefusedError if a gateway says why there is none.

        openstacksdk would say instead that the service has no supported version.
        """
        with needed() as reasons:
            version = super().get_api_major_version(session, **kwargs)
            if version is None and reasons:
                raise RefusedError(*list(reasons.items())[-1])
        return version

    def get_all_version_data(self, session: Session, *args: Any, **kwargs: Any) -> Any:
        """Discover the versions of all services, each in its cloud."""
        self._announce(session)
        return super().get_all_version_data(session, *args, **kwargs)

    def get_cache_id(self) -> str | None:
        """Return an id of its own for each scope, whose `identity` decides who issues the token.

        With other accounts, it is not kept: a login also tells the key for sealing.
        """
        if self.oid_accounts:
            return None
        identifier = super().get_cache_id()
        return join(identifier, self.oid_scope) if identifier and self.oid_scope else identifier

    @property
    def _where(self) -> str:
        identity = self.oid_scope.resolve(IDENTITY)
        at_home = identity is None or self.oid_accounts.at_home is not None
        return "at home" if at_home else f"to {identity}"

    def _announce(self, session: Session) -> None:
        self.oid_accounts.check()
        announce(session, self.oid_scope)
        if self.oid_scope:
            guard(session, home(self))

    def _begin(self, session: Session) -> None:
        self.oid_accounts.check()
        if self.oid_scope:
            guard(session, home(self))
        self.oid_accounts.begin()

    def _suffixed(self, token: str, session: Session) -> str:
        if not self.oid_scope or DELIMITER in token:
            return token
        if not self.oid_accounts:
            return join(token, self.oid_scope)
        get_access = getattr(self, "get_access", None)
        access = get_access(session) if get_access else None
        return join(token, self.oid_scope, self.oid_accounts.wallet(token, access))


def _at_home(session: Session, accounts: Accounts, scope: Scope) -> Session:
    """Return a twin of a session for a login at home: with another scope, and watched.

    Only the answers of home itself are: any other could tell a key of somebody else's.
    """
    twin = copy.copy(session)
    twin._session = None  # or the connections would be closed with the twin
    twin.additional_headers = {**session.additional_headers, SCOPE_HEADER: scope.canonical}
    send = twin.request

    def request(*args: Any, **kwargs: Any) -> Response:
        response = send(*args, **kwargs)
        accounts.learn(response)
        return response

    twin.request = request  # type: ignore[method-assign]
    report_failures(twin)
    return twin


@cache
def _scoped_class(plugin: type) -> type[Any]:
    return type(f"Scoped{plugin.__name__}", (Scoped, plugin), {})

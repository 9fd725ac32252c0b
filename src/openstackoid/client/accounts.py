"""Logs in to the user's accounts in several clouds, and fills the wallet.

See docs/how-to/accounts.md and docs/reference/gateway.md#the-wallet.
"""

import logging
import threading
from collections.abc import Collection, Mapping
from concurrent.futures import Future
from contextvars import copy_context
from typing import NamedTuple

from keystoneauth1.access import AccessInfo
from keystoneauth1.exceptions import AuthPluginException
from keystoneauth1.session import Session
from requests import Response

from openstackoid.client.told import Gateway, KeyTakenBackError, told
from openstackoid.scope import CloudRef, Scope, Wallet, WalletEntry
from openstackoid.scope.errors import printable_lines
from openstackoid.scope.expression import clouds
from openstackoid.scope.model import EVERYTHING
from openstackoid.scope.wallet import SEALING_KEY
from openstackoid.services import IDENTITY

LOG = logging.getLogger(__name__)

SCOPE_HEADER = "X-Scope"
SERVICE_HEADER = "X-Scope-Service"

_PATIENCE = 10  # seconds for a login that can be done without
_SOON = 60  # seconds before its end in which a token is renewed


class AccountError(AuthPluginException):
    """Why a login to one of several clouds failed."""


class Login:
    """One account: the entry of clouds.yaml it is written in, and a session of its own."""

    def __init__(self, cloud: str, entry: str, session: Session) -> None:
        self.gateway: Gateway | None = None
        self.entry = entry
        self._who = f"the login to {cloud} with {entry} of clouds.yaml"
        self._cloud = cloud
        self._session = session
        self._lock = threading.Lock()
        self._access: Future[AccessInfo] | None = None
        # A scoped login is answered with the key; a cloud without a gateway ignores the header.
        session.additional_headers[SCOPE_HEADER] = Scope().canonical
        session.additional_headers[SERVICE_HEADER] = IDENTITY
        session.session.hooks["response"].append(self._learn)

    def begin(self) -> Future[AccessInfo]:
        """Log in, in a thread of its own, unless there is a token that is good for a while."""
        with self._lock:
            if self._access is None or _is_over(self._access):
                self._access = Future()
                arguments = (self._log_in, self._access)
                threading.Thread(target=copy_context().run, args=arguments, daemon=True).start()
            return self._access

    def access(self, patience: float | None = None) -> AccessInfo:
        """Return the token, and what it is for, within so many seconds.

        Raises AccountError, once for each attempt to log in.
        """
        access = self.begin()
        try:
            return access.result(patience)
        except TimeoutError as error:
            raise AccountError(f"{self._who} takes longer than {patience:g} s") from error
        except BaseException:
            with self._lock:
                self._access = None if self._access is access else self._access
            raise

    @property
    def known(self) -> AccessInfo | None:
        """What the last login gave, None if there is none yet, or it failed."""
        access = self._access
        there = access is not None and access.done() and access.exception() is None
        return access.result() if access is not None and there else None

    def invalidate(self) -> None:
        """Forget the token; it was refused somewhere."""
        with self._lock:
            if self._access is not None and self._access.done():
                self._access = None
                self._session.invalidate()

    def _log_in(self, access: Future[AccessInfo]) -> None:
        try:
            get_access = getattr(self._session.auth, "get_access", None)
            if get_access is None:
                raise AccountError(f"{self._who} failed: its auth_type gives no token")
            access.set_result(get_access(self._session))
        except Exception as error:  # noqa: BLE001  (raised again by result(), with the entry)
            # Not keystoneauth's alone: that a certificate's file is missing is an OSError.
            known = error if isinstance(error, AccountError) else None
            why = printable_lines(str(error)) or type(error).__name__
            access.set_exception(known or AccountError(f"{self._who} failed: {why}"))

    def _learn(self, response: Response, **_: object) -> None:
        try:
            gateway = told(response)
            if gateway is not None and gateway.cloud != self._cloud:
                raise AccountError(
                    f"{self._who} was answered by the gateway of {gateway.cloud}; correct the "
                    f"auth_url of {self.entry}, or say by oid_clouds which entry is for "
                    f"{self._cloud}"
                )
        except (AccountError, KeyTakenBackError):
            response.close()  # its body is not read yet, and nobody else will
            raise
        self.gateway = gateway or self.gateway


class Accounts:
    """The accounts in the clouds that one scope names; false if there are none but home's.

    `logins` are those in other clouds, `homes` the names that are known to be home's.
    """

    def __init__(
        self, scope: Scope, logins: Mapping[str, Login] | None = None, homes: Collection[str] = ()
    ) -> None:
        self.home: Gateway | None = None
        self._scope = scope
        self._logins = logins = logins or {}
        self._homes = frozenset(homes)
        self._sealed: dict[str, tuple[Mapping[str, str], str]] = {}
        self._missing: set[str] = set()
        self._optional = logins.keys() - {e.name for _, e in scope.items if isinstance(e, CloudRef)}
        identity = scope.resolve(IDENTITY)
        self.at_home: Scope | None = None
        """The scope of the login at home, None if that login goes elsewhere by `identity`.

        It names neither `identity` nor `*`: other accounts' tokens are for those.
        """
        known = {*logins, *homes}
        if identity is None or known.issuperset(clouds(identity)):
            items = ((s, e) for s, e in scope.items if s not in {IDENTITY, EVERYTHING})
            self.at_home = Scope.of(items)
        self._not_meant = _not_meant(scope, known)

    def __bool__(self) -> bool:
        return bool(self._logins)

    def login(self, cloud: str) -> Login | None:
        """Return the account in another cloud, None without one."""
        return self._logins.get(cloud)

    def is_home(self, cloud: str) -> bool:
        """Tell whether a cloud is known to be home."""
        return cloud in self._homes

    def check(self) -> None:
        """Raise AccountError if a login would send home's credentials where nobody said so."""
        if self._not_meant:
            raise AccountError(self._not_meant)

    def begin(self) -> None:
        """Log in everywhere at the same time, as far as it is needed."""
        for cloud in self._logins.keys() - self._missing:
            self._logins[cloud].begin()

    def invalidate(self) -> None:
        """Forget all tokens."""
        self._missing.clear()
        for login in self._logins.values():
            login.invalidate()

    def learn(self, response: Response) -> None:
        """Look at an answer to the login at home; raises AccountError."""
        try:
            self.home = told(response) or self.home
        except KeyTakenBackError as error:
            raise AccountError(f"the login at home failed: {error}") from error

    def wallet(self, token: str, access: AccessInfo | None) -> Wallet:
        """Return all tokens; `token` is that of home, if one logs in there, `access` what it is.

        Those of clouds whose gateways have keys are sealed. A cloud that the scope names only
        beside others may be missing. Raises AccountError.
        """
        found: dict[str, _Found] = {}
        if self.at_home is not None:
            found[EVERYTHING] = _Found(token, access, self.home)
        for cloud, login in self._logins.items():
            if cloud in self._missing:
                continue
            try:
                other = login.access(_PATIENCE if cloud in self._optional else None)
            except AccountError as error:
                if cloud not in self._optional:
                    raise
                LOG.warning("%s", error)
                self._missing.add(cloud)
                continue
            found[cloud] = _Found(other.auth_token or "", other, login.gateway)
        home = self.home.cloud if self.home else EVERYTHING
        shown = {home if c == EVERYTHING else c: one.token for c, one in found.items()}
        entries = ((cloud, self._entry(cloud, one, shown)) for cloud, one in found.items())
        return Wallet(tuple(entries))

    def _entry(self, cloud: str, found: "_Found", shown: Mapping[str, str]) -> WalletEntry:
        """Return a token as it is sent; sealed once, for services keep what they know by it.

        `shown` are the tokens by the name of their cloud. Raises AccountError if the gateway of the
        token's cloud has a key, and it cannot be sealed.
        """
        token, access, gateway = found
        project = access.project_id if access else None
        if gateway is None:
            return WalletEntry(token, project)
        if self.home is None:
            raise AccountError(self._unsealable(gateway.cloud))
        if access is None or access.expires is None:
            raise AccountError(f"a token of {gateway.cloud} has no end, so it cannot be sealed")
        if self._sealed.get(cloud, ({}, ""))[0] != shown:
            from openstackoid.client.sealing import sealed

            home, expires = self.home.cloud, int(access.expires.timestamp())
            text = sealed(token, gateway.cloud, gateway.key, self._scope, home, expires, shown)
            self._sealed[cloud] = (shown, text)
        return WalletEntry(self._sealed[cloud][1], project)

    def _unsealable(self, cloud: str) -> str:
        """Return why a token cannot be sealed: nobody could prove that he may present it."""
        if self.at_home is None:
            why = f"this login is not at home, for identity={self._scope.resolve(IDENTITY)}"
            advice = "leave identity out, or give clouds.yaml an entry for that cloud"
        else:
            why = "home's gateway has told no key of its own, with which it would present it"
            advice = (
                "have the operator of home give that gateway keys (openstackoid federation keys); "
                f"if it has keys, somebody on the way has taken its {SEALING_KEY} out: use https"
            )
        return (
            f"the gateway of {cloud} has a key, so its token is sent sealed only, and {why}. "
            f"The token was not sent; {advice}"
        )


class _Found(NamedTuple):
    """A token, what it is for, and what the gateway of its cloud has told of itself."""

    token: str
    access: AccessInfo | None
    gateway: Gateway | None


def _not_meant(scope: Scope, known: Collection[str]) -> str | None:
    """Return why a login with a scope is refused: its `*` alone takes home's credentials away.

    They are good at home, and tell another cloud's Keystone a password, a secret or a token.
    Whoever writes `identity` means that; `*` is a first guess at "all services there".
    """
    everything = scope.get(EVERYTHING)
    if everything is None or scope.get(IDENTITY):
        return None
    strange = [cloud for cloud in dict.fromkeys(clouds(everything)) if cloud not in known]
    if not strange:
        return None
    cloud, names = strange[0], " and ".join(strange)
    return (
        f"* takes every service in {names}, identity too: that would log in to {names} with the "
        f"credentials of home. Nothing was sent. To act as who you are at home, name the services "
        f"(compute={everything},image={everything}), or add identity=HOME, HOME being your own "
        f"cloud's name in the federation. To act as somebody of {cloud}, give clouds.yaml an entry "
        f"{cloud} with your account there, or add identity={cloud} if these credentials are good "
        f"there. If {cloud} is home itself, leave * out"
    )


def _is_over(access: Future[AccessInfo]) -> bool:
    return access.done() and access.exception() is None and access.result().will_expire_soon(_SOON)

"""The wallet at work: on its way to a cloud, a request gets the token that was issued there."""

from dataclasses import replace
from http import HTTPStatus

from openstackoid.federation import Federation
from openstackoid.identity.keys import Keys
from openstackoid.identity.sealing import SealError, is_sealed, unseal
from openstackoid.message import Head, Headers
from openstackoid.routing import Refusal, Route
from openstackoid.routing.projects import in_project, is_project
from openstackoid.routing.scoping import AUTH_TOKEN, SUBJECT_TOKEN
from openstackoid.scope import Cloud, Wallet, WalletEntry, join, split
from openstackoid.services import IDENTITY


def exchange(
    head: Head, route: Route, cloud: str, federation: Federation, here: str
) -> tuple[Head, Route]:
    """Return a request's head and route, narrowed to one cloud, as that cloud can take them.

    If the wallet has a token of the cloud, that one is sent, and the scope says who issued it; the
    issuer's project id in the path becomes the one there, but for a Keystone. Raises Refusal where
    a token would go to a cloud that can do nothing with it, or need not see it.
    """
    if route.scope is None:
        return head, route
    if route.wallet is None:
        _check(head, route, cloud, federation, here)
        return head, route
    account = route.wallet.get(cloud)
    issuer = route.issuer
    if account and issuer != cloud:
        token = join(account.token, route.scope)
        headers = ((n, token if n.lower() == AUTH_TOKEN else v) for n, v in head.headers)
        head, issuer = replace(head, headers=Headers(headers)), cloud
    _check(head, route._replace(issuer=issuer), cloud, federation, here)
    if route.service == IDENTITY:  # where an id in a path may be that of what is to be deleted
        return head, route._replace(issuer=issuer)
    scope, rest = route.scope, route.rest
    if issuer:
        scope = scope.having(IDENTITY, Cloud(issuer))
    if account and route.issuer:
        theirs = route.wallet.get(route.issuer)
        rest = in_project(rest, route.service, _ids(theirs, account))
    return head, route._replace(scope=scope, issuer=issuer, rest=rest)


def unsealed(
    head: Head, route: Route, here: str, keys: Keys | None, now: float, *, proven: bool
) -> tuple[Head, Route]:
    """Return head and route for a service of this cloud, with a sealed token opened.

    Whatever the gateway that presented it wrote, the token is this cloud's, and the wallet has it
    sealed: so a service that calls another cloud does not take it there in the clear. `proven`
    tells that the request does come from that gateway. Raises Refusal.
    """
    value = head.headers.first(AUTH_TOKEN)
    if route.scope is None or value is None or not is_sealed(sealed := split(value)[0]):
        return head, route
    try:
        if keys is None:
            raise SealError("this gateway has no keys to open it; log in without sealing")
        if route.sender is None:
            raise SealError("it comes from nobody's gateway; send it to home, in a wallet")
        if not proven:
            raise SealError(
                f"nothing proves that the gateway of {route.sender} presents it; give that one "
                f"keys, and write them into the federation file of {here}"
            )
        token = unseal(sealed, keys.seal, here, route.service, route.sender, now)
    except SealError as error:
        raise _refusal(f"the sealed token is not taken: {error}", here, route) from error
    scope = route.scope.having(IDENTITY, Cloud(here))
    clear = join(token, scope)
    headers = Headers((n, clear if n.lower() == AUTH_TOKEN else v) for n, v in head.headers)
    wallet = (route.wallet or Wallet(())).having(here, sealed)
    route = route._replace(scope=scope, issuer=here, wallet=wallet)
    return replace(head, headers=headers), route


def _ids(issuers: WalletEntry | None, account: WalletEntry) -> dict[str, str]:
    """Return what becomes of a project id; a Keystone may name one that is another's, or a word."""
    old, new = issuers and issuers.project, account.project
    return {old: new} if old and new and is_project(old) and is_project(new) else {}


def _check(head: Head, route: Route, cloud: str, federation: Federation, here: str) -> None:
    value = head.headers.first(AUTH_TOKEN)
    if value is None or route.scope is None:
        return
    gateway = federation.clouds[cloud].gateway
    with_wallet = route.wallet is not None
    # What came here was seen here; a service here may take it by trust.
    strict = with_wallet and (cloud != here or route.service == IDENTITY)
    if route.issuer != cloud and (strict or not gateway):
        who = f"beside a wallet {cloud}" if gateway else f"{cloud} has no gateway, and so"
        whose = route.issuer or route.scope.resolve(IDENTITY)
        message = (
            f"{who} gets tokens of its own Keystone alone, and this is one of {whose}: "
            f"give the client an account in {cloud} (an entry {cloud} in clouds.yaml)"
        )
        raise _refusal(message, cloud, route)
    subject = head.headers.first(SUBJECT_TOKEN)
    beside = subject is not None and split(subject)[0] != split(value)[0]
    if with_wallet and cloud != here and beside:
        message = (
            f"beside a wallet {cloud} is asked about its token of the wallet alone, for the "
            f"one in X-Subject-Token may be another cloud's; ask {cloud} itself, with its token"
        )
        raise _refusal(message, cloud, route)
    if not gateway and is_sealed(split(value)[0]):
        message = (
            f"{cloud} has no gateway to open a sealed token; log in at the address of its own "
            "Keystone, which seals none"
        )
        raise _refusal(message, cloud, route)


def _refusal(message: str, cloud: str, route: Route) -> Refusal:
    status = HTTPStatus.UNAUTHORIZED
    return Refusal(status, message, cloud=cloud, service=route.service, sent=False)

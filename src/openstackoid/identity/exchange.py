"""Token exchange: before a hop, puts the cloud's own token from the wallet into the request.

At the cloud that a sealed token is for, unseals it.
"""

from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus

from openstackoid.federation import Federation
from openstackoid.identity.assertion import is_assertion
from openstackoid.identity.keys import Keys
from openstackoid.identity.sealing import SealError, beside, is_sealed, sealed_alone, unseal
from openstackoid.message import Head, Headers
from openstackoid.routing import Refusal, Route
from openstackoid.routing.projects import in_project, is_project
from openstackoid.routing.scoping import AUTH_TOKEN, SUBJECT_TOKEN
from openstackoid.scope import CloudRef, Wallet, WalletEntry, join, split
from openstackoid.services import IDENTITY


def exchange_token(
    head: Head, route: Route, cloud: str, federation: Federation, here: str
) -> tuple[Head, Route]:
    """Return the head and the route of a hop with the token that its cloud accepts.

    `route` is narrowed to `cloud`. If the wallet has a token of the cloud, that token is sent (a
    sealed one `beside` the token that came), the scope names the cloud as issuer, and the issuer's
    project id in the path becomes the cloud's, except at a Keystone. Raises Refusal if a token
    would go to a cloud that cannot use it or need not see it.
    """
    if route.scope is None:
        return head, route
    came = split(head.headers.get(AUTH_TOKEN))[0]
    if cloud != here and is_sealed(came):
        message = (
            f"a sealed token does not go to {cloud} by itself, for whoever has seen it could send "
            f"it; send a token of {here}, and the sealed one in a wallet behind the scope"
        )
        raise _refusal(message, here, route)
    if is_assertion(came):
        return head, route
    if route.wallet is None:
        _check(head, route, cloud, federation, here)
        return head, route
    entry = route.wallet.get(cloud)
    if entry and is_assertion(entry.token):
        raise _refusal("an assertion goes beside another one, not beside a token", here, route)
    issuer = route.issuer
    if entry and issuer != cloud:
        fitting = beside(entry.token, came) if is_sealed(entry.token) else entry.token
        token = join(fitting, route.scope)
        headers = ((n, token if n.lower() == AUTH_TOKEN else v) for n, v in head.headers)
        head, issuer = replace(head, headers=Headers(headers)), cloud
    _check(head, route._replace(issuer=issuer), cloud, federation, here)
    if route.service == IDENTITY:  # an id in its paths may be the project to show or to delete
        return head, route._replace(issuer=issuer)
    scope, rest = route.scope, route.rest
    if issuer:
        scope = scope.having(IDENTITY, CloudRef(issuer))
    if entry and route.issuer:
        ids = _project_ids(route.wallet.get(route.issuer), entry)
        rest = in_project(rest, route.service, ids)
    return head, route._replace(scope=scope, issuer=issuer, rest=rest)


def unsealed(
    head: Head, route: Route, here: str, keys: Sequence[Keys], now: float, *, proven: bool
) -> tuple[Head, Route]:
    """Return head and route for a service of this cloud, with a sealed token unsealed.

    The route's issuer becomes this cloud, whatever the presenter wrote. The wallet keeps the sealed
    token, so that a service that calls another cloud does not send it there in the clear. `proven`
    says whether the request is proven to come from its sender. Raises Refusal.
    """
    value = head.headers.first(AUTH_TOKEN)
    if route.scope is None or value is None or not is_sealed(sealed := split(value)[0]):
        return head, route
    try:
        if not keys:
            raise SealError("this gateway has no keys to open it; log in without sealing")
        if route.sender is None:
            raise SealError("it comes from nobody's gateway; send it to home, in a wallet")
        if not proven:
            raise SealError(
                f"nothing proves that the gateway of {route.sender} presents it; give that one "
                f"keys, and write them into the federation file of {here}"
            )
        token = unseal(sealed, [pair.seal for pair in keys], here, route.service, route.sender, now)
    except SealError as error:
        raise _refusal(f"the sealed token is not taken: {error}", here, route) from error
    scope = route.scope.having(IDENTITY, CloudRef(here))
    clear = join(token, scope)
    headers = Headers((n, clear if n.lower() == AUTH_TOKEN else v) for n, v in head.headers)
    wallet = (route.wallet or Wallet(())).having(here, sealed_alone(sealed))
    route = route._replace(scope=scope, issuer=here, wallet=wallet)
    return replace(head, headers=headers), route


def _project_ids(old_entry: WalletEntry | None, new_entry: WalletEntry) -> dict[str, str]:
    """Return the project id to replace, with its replacement; empty if either is not a UUID.

    A Keystone may name a project by any word, which would then be replaced in any path.
    """
    old, new = old_entry and old_entry.project, new_entry.project
    return {old: new} if old and new and is_project(old) and is_project(new) else {}


def _check(head: Head, route: Route, cloud: str, federation: Federation, here: str) -> None:
    value = head.headers.first(AUTH_TOKEN)
    if value is None or route.scope is None:
        return
    gateway = federation.clouds[cloud].gateway
    with_wallet = route.wallet is not None
    # This cloud has seen the token anyway, and its services may accept it by `trust`.
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
    another = subject is not None and split(subject)[0] != split(value)[0]
    if with_wallet and cloud != here and another:
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

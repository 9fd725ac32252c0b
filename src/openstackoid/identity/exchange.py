"""The wallet at work: on its way to a cloud, a request gets the token that was issued there."""

from dataclasses import replace
from http import HTTPStatus

from openstackoid.federation import Federation
from openstackoid.identity.keys import Keys
from openstackoid.identity.sealing import SealError, is_sealed, unseal
from openstackoid.routing import Head, Refusal, Route
from openstackoid.routing.projects import in_project
from openstackoid.routing.scoping import AUTH_TOKEN
from openstackoid.scope import Cloud, join, split
from openstackoid.scope.model import IDENTITY


def exchange(head: Head, route: Route, cloud: str, federation: Federation) -> tuple[Head, Route]:
    """Return a request's head and route, narrowed to one cloud, as that cloud can take them.

    If the wallet has a token of the cloud, that one is sent, and the scope says who issued it; a
    project id of another account in the path becomes the one there, but for a Keystone. Raises
    Refusal where a token would go to a cloud that can do nothing with it.
    """
    if route.scope is None:
        return head, route
    account = route.wallet.get(cloud) if route.wallet else None
    issuer = route.issuer
    if route.wallet and account and issuer != cloud:
        token = join(account.token, route.scope)
        headers = ((n, token if n.lower() == AUTH_TOKEN else v) for n, v in head.headers)
        head, issuer = replace(head, headers=tuple(headers)), cloud
    _check(head, route, issuer, cloud, federation)
    if route.service == IDENTITY:  # where an id in a path may be that of what is to be deleted
        return head, replace(route, issuer=issuer)
    scope, rest = route.scope, route.rest
    if route.wallet and issuer:
        scope = scope.having(IDENTITY, Cloud(issuer))
    if route.wallet and account and account.project:
        ids = dict.fromkeys(route.wallet.projects, account.project)
        rest = in_project(rest, route.service, ids)
    return head, replace(route, scope=scope, issuer=issuer, rest=rest)


def opened(head: Head, route: Route, here: str, keys: Keys | None, now: float) -> Head:
    """Return the head for a service of this cloud, with a sealed token opened; raises Refusal."""
    value = head.value(AUTH_TOKEN)
    if route.scope is None or value is None or not is_sealed(split(value)[0]):
        return head
    try:
        if keys is None:
            raise SealError("this gateway has no keys to open it; log in without sealing")
        if route.origin is None:
            raise SealError("it comes from nobody's gateway; send it to home, in a wallet")
        token = unseal(split(value)[0], keys.seal, here, route.service, route.origin, now)
    except SealError as error:
        message = f"the sealed token is not taken: {error}"
        raise Refusal(
            HTTPStatus.UNAUTHORIZED, message, cloud=here, service=route.service, sent=False
        ) from error
    clear = join(token, route.scope)
    headers = tuple((n, clear if n.lower() == AUTH_TOKEN else v) for n, v in head.headers)
    return replace(head, headers=headers)


def _check(
    head: Head, route: Route, issuer: str | None, cloud: str, federation: Federation
) -> None:
    value = head.value(AUTH_TOKEN)
    if value is None or issuer is None:
        return
    gateway = federation.clouds[cloud].gateway
    asks_keystone = route.service == IDENTITY and route.wallet is not None
    if issuer != cloud and (asks_keystone or not gateway):
        why = "" if gateway else "has no gateway, and so "
        message = (
            f"{cloud} {why}understands tokens of its own Keystone alone, and this is one of "
            f"{issuer}: give the client an account in {cloud} (an entry {cloud} in clouds.yaml)"
        )
    elif not gateway and is_sealed(split(value)[0]):
        message = (
            f"{cloud} has no gateway to open a sealed token; log in at the address of its own "
            "Keystone, which seals none"
        )
    else:
        return
    raise Refusal(HTTPStatus.UNAUTHORIZED, message, cloud=cloud, service=route.service, sent=False)

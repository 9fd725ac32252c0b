"""Tries as whom a user of one cloud is known to the services of another, as users do.

Each request goes to the user's own gateway, with a scope: his token stays in its cloud. That
service answers shows that both gateways know each other's keys, and that the service asks its own
gateway whose an assertion is. A service that asks Keystone past it answers 401 itself.
"""

import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

from openstackoid.federation import Cloud, Federation
from openstackoid.federation.model import PUBLIC
from openstackoid.federation.spelling import folded
from openstackoid.federation.trust import Trust
from openstackoid.livecheck.catalogs import Account, leads_to
from openstackoid.livecheck.probe import Answer, ProbeError, ask, refusing
from openstackoid.scope import CloudRef, Scope, join
from openstackoid.services import COMPUTE, IDENTITY, special

KNOWN = "known"
"""What a service answers to a user whom it knows."""

_UNKNOWN_HOST = "not tried: the user's catalog has nothing at the host and port that the file says"

_SHOWN = 100
"""Bytes of an error that is no JSON."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What services of a cloud have answered to a user of another, and the fault, if it is one.

    `caller` is the cloud whose compute has called them for him, None if he has himself.
    """

    issuer: str
    user: str
    cloud: str
    services: tuple[str, ...]
    caller: str | None
    answer: str
    fault: str | None = None


def tried(
    account: Account, cloud: str, federation: Federation, context: ssl.SSLContext
) -> list[Tried]:
    """Take each service of another cloud as the user of an account; then let it call home's.

    Services that answer alike are one result.
    """
    home, theirs = federation.clouds[account.cloud], federation.clouds[cloud]
    found: dict[tuple[str, str | None, str, str | None], list[str]] = {}
    for service in _both(home, theirs):
        answer, fault = _UNKNOWN_HOST, None
        if leads_to(account, home.frontends[service][PUBLIC]):
            answer, fault = _elsewhere(account, service, cloud, federation, context)
        found.setdefault((cloud, None, answer, fault), []).append(service)
    if COMPUTE in found.get((cloud, None, KNOWN, None), ()):
        for service in _called_at_home(account, federation):
            answer, fault = _at_home(account, service, cloud, federation, context)
            found.setdefault((account.cloud, cloud, answer, fault), []).append(service)
    user = f"{account.user} ({account.project})"
    return [
        Tried(account.cloud, user, where, tuple(services), caller, answer, fault)
        for (where, caller, answer, fault), services in found.items()
    ]


def _both(home: Cloud, theirs: Cloud) -> Iterator[str]:
    """Yield the services of another cloud that can be read, and reached by a user's own gateway."""
    return (s for s in theirs.frontends if s in home.frontends and special(s).read)


def _called_at_home(account: Account, federation: Federation) -> Iterator[str]:
    """Yield the services of home that compute elsewhere reads for a user.

    None for a user with a role by which nothing is given beyond the other cloud.
    """
    home = federation.clouds[account.cloud]
    kept = {folded(role) for role in home.own.keep}
    if kept.isdisjoint(map(folded, account.roles)):
        yield from (s for s in special(COMPUTE).passes_on if s in home.frontends)


def _elsewhere(
    account: Account, service: str, cloud: str, federation: Federation, context: ssl.SSLContext
) -> tuple[str, str | None]:
    """Return what a service of another cloud answers to a user, and the fault."""
    scope = Scope.of([(service, CloudRef(cloud))])
    path = special(service).read.format(project=account.project_id)
    try:
        answer = _get(account, service, path, scope, federation, context)
    except ProbeError as error:
        return str(error), str(error)
    if _is_known(answer):
        return KNOWN, None
    told = f"{answer.status}: {_message(answer.body)}"
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return told, told
    if refusing(answer.body) is not None:
        trust = federation.clouds[cloud].trust.get(account.cloud)
        return told, told if trust and _accepts(trust, account) else None
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return told, (
            f"401 of its own, though the gateway of {cloud} has taken what says who the user is: "
            f"so it asks Keystone past the gateway. {_advice(cloud, federation)}"
        )
    return told, None


def _at_home(
    account: Account, service: str, cloud: str, federation: Federation, context: ssl.SSLContext
) -> tuple[str, str | None]:
    """Return what compute of another cloud gets from a service of home for a user."""
    home = account.cloud
    scope = Scope.of([(COMPUTE, CloudRef(cloud)), (service, CloudRef(home))])
    path = special(COMPUTE).passes_on[service]
    try:
        answer = _get(account, COMPUTE, path, scope, federation, context)
    except ProbeError as error:
        return str(error), str(error)
    if answer.status == HTTPStatus.OK:
        return KNOWN, None
    told = f"{answer.status}: {_message(answer.body)}"
    return told, (
        f"{told}. The log of the gateway of {home} may say more. If {service} asks Keystone past "
        f"it: {_advice(home, federation)}"
    )


def _get(
    account: Account,
    service: str,
    path: str,
    scope: Scope,
    federation: Federation,
    context: ssl.SSLContext,
) -> Answer:
    """GET a path of a service by the gateway of an account's cloud, with its token."""
    home = federation.clouds[account.cloud]
    token = join(account.token, scope)
    return ask(home, home.frontends[service][PUBLIC], context, path, X_Auth_Token=token)


def _is_known(answer: Answer) -> bool:
    """Return whether a service has said yes, or no to somebody whom it knows."""
    forbidden = answer.status == HTTPStatus.FORBIDDEN and refusing(answer.body) is None
    return answer.status == HTTPStatus.OK or forbidden


def _accepts(trust: Trust, account: Account) -> bool:
    """Return whether the rules of a cloud let in the user of an account."""
    return any(trust.roles.get(r) for r in account.roles) and not trust.excludes(account.project)


def _advice(cloud: str, federation: Federation) -> str:
    """Return what to write into the configuration of a service of a cloud.

    keystonemiddleware logs in at `auth_url`, and asks where the catalog then says (`interface`).
    """
    url = federation.clouds[cloud].frontend(IDENTITY, "internal")
    at = url or "the frontend of its Keystone"
    return (
        f"Write into its configuration, [keystone_authtoken]: auth_url = {at}, and let the "
        f"endpoint of identity in the catalog of {cloud}, at the interface that it has there "
        f"(internal unless set), be a frontend as well"
    )


def _message(body: bytes) -> str:
    """Return the message of an error, or the beginning of its text."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return " ".join(body[:_SHOWN].decode(errors="replace").split())
    inner = document.values() if isinstance(document, dict) else ()  # {"error": {"message": …}}
    messages = (one.get("message") for one in (document, *inner) if isinstance(one, dict))
    return next((text for text in messages if isinstance(text, str)), "no message")

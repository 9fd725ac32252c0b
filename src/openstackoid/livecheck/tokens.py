"""Checks that a foreign token gets the project and the roles in a cloud that `trust` says."""

import json
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from openstackoid.federation import Federation
from openstackoid.federation.model import PUBLIC
from openstackoid.federation.trust import Guest, Table, Trust
from openstackoid.livecheck.catalogs import Account
from openstackoid.livecheck.probe import ProbeError, ask
from openstackoid.scope import CloudRef, Scope, join
from openstackoid.scope.model import EVERYTHING
from openstackoid.services import IDENTITY


@dataclass(frozen=True, slots=True)
class Taken:
    """What a cloud made of an account's token, in one line, and the fault, if there is one."""

    issuer: str
    user: str
    cloud: str
    becomes: str
    fault: str | None = None


def taken(
    account: Account, cloud: str, trust: Trust, federation: Federation, context: ssl.SSLContext
) -> Taken:
    """Have a cloud validate the token of another cloud's user, as one of its services would.

    The cloud sees the token, so an administrator's token is not sent.
    """
    user = f"{account.user} ({account.project})"
    if "admin" in account.roles:
        return Taken(account.cloud, user, cloud, "not tried: the account is an administrator's")
    described = federation.clouds[cloud]
    url = described.frontend(IDENTITY, PUBLIC)
    if url is None:
        return Taken(account.cloud, user, cloud, "-", f"{cloud} has no identity service")
    scope = Scope.of([(EVERYTHING, CloudRef(cloud)), (IDENTITY, CloudRef(account.cloud))])
    subject = join(account.token, scope)
    try:
        answer = ask(described, url, context, "/v3/auth/tokens", X_Subject_Token=subject)
        if answer.status != HTTPStatus.OK:
            accepted = _mapped(trust, account.roles) and not trust.excludes(account.project)
            reason = f"; {cloud} says: {_message(answer.body)}"
            fault = f"the file says that it is accepted{reason}" if accepted else None
            return Taken(account.cloud, user, cloud, f"refused ({answer.status})", fault)
        found = json.loads(answer.body)["token"]
        project, roles = found["project"], sorted({role["name"] for role in found["roles"]})
        becomes = f"{', '.join(roles)} in {project['name']} ({project['id']})"
        fault = _difference(account, trust, project, roles)
    except (ProbeError, ValueError, LookupError, TypeError, RecursionError) as error:
        reason = str(error) if isinstance(error, ProbeError) else "its answer is no token"
        return Taken(account.cloud, user, cloud, "-", reason)
    return Taken(account.cloud, user, cloud, becomes, fault)


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return "nothing"


def _mapped(trust: Trust, roles: Iterable[str]) -> set[str]:
    """Return the roles here that `trust` gives for the issuer's roles."""
    return {ours for role in roles for ours in trust.roles.get(role, ())}


def _difference(
    account: Account, trust: Trust, project: dict[str, str], roles: list[str]
) -> str | None:
    if set(roles) != _mapped(trust, account.roles):
        expected = ", ".join(sorted(_mapped(trust, account.roles))) or "none"
        return f"the roles should be: {expected}"
    match trust.projects:
        case Guest(guest=expected):
            same = project["id"] == expected
        case Table(table=table):
            same = project["id"] == table.get(account.project_id)
        case "same-id":
            same = project["id"] == account.project_id
        case _:
            same = project["name"] == account.project
    return None if same else "the project is not the one of the rule"

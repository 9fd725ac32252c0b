"""Rewrites the document of a foreign token by the rules of `trust`: project, roles and user here.

Only the fields below are copied from the issuer's document. Everything else that a Keystone, or
somebody who pretends to be one, writes into it is dropped.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openstackoid.federation.trust import RESERVED, Guest, Table, Trust
from openstackoid.identity.token_document import (
    MAX_NAME,
    Distrust,
    Token,
    line_of,
    project_of,
    role_names,
    time_of,
    token_of,
)
from openstackoid.routing import Route
from openstackoid.scope import EVERYTHING
from openstackoid.scope.expression import clouds
from openstackoid.services import IDENTITY

_ID = re.compile(r"(?!\.+\Z)[A-Za-z0-9._-]{1,64}")
"""An id of Keystone, and any other that needs no encoding in a path or a header."""

_WORD = re.compile(r"[A-Za-z0-9._-]{1,64}")
_THUMBPRINT = re.compile(r"[A-Za-z0-9+/=_-]{1,255}")
_RULE = {"id", "method", "path", "service"}


@dataclass(frozen=True, slots=True)
class ById:
    """Look up the project here by its id."""

    id: str


@dataclass(frozen=True, slots=True)
class ByName:
    """Look up the project here by its name and the name of its domain."""

    name: str
    domain: str


@dataclass(frozen=True, slots=True)
class Project:
    """An existing, enabled project of this cloud's Keystone."""

    id: str
    name: str
    domain_id: str
    domain_name: str


def untrusted(route: Route, trust: Mapping[str, Trust], here: str) -> list[str]:
    """Return the possible issuers of a request's token, or an empty list if `trust` has one."""
    if route.issuer == here:
        return []
    expression = route.scope.resolve(IDENTITY) if route.scope else None
    named = [route.issuer] if route.issuer else list(clouds(expression)) if expression else []
    return [] if any(n == here or n in trust for n in named) else sorted(set(named))


def star_moves_identity(route: Route, here: str) -> bool:
    """Return whether a client's scope takes identity elsewhere as `*` does, not as it was written.

    A completed scope does not tell the two apart, so a scope that has both alike counts as well.
    """
    scope = route.scope
    if scope is None or route.sender is not None or route.wallet is not None:
        return False
    identity = scope.get(IDENTITY)
    return identity == scope.get(EVERYTHING) and route.issuer not in {None, here}


def advice(here: str, issuer: str) -> str:
    """Return the message that tokens of an issuer are not accepted, and what to do."""
    return (
        f"{here} does not accept tokens of {issuer}: its federation file has no "
        f"clouds.{here}.trust.{issuer}. Its operator can add it, e.g. "
        f"{{projects: same-name, roles: {{member: member, reader: reader}}}}, which lets nobody "
        f"into the projects {', '.join(RESERVED)}; or give the client an account in {here} (an "
        f"entry {here} in clouds.yaml)"
    )


def not_theirs(here: str, issuer: str | None) -> str:
    """Return the message that a token of `here` was said to be another cloud's."""
    return (
        f"this token is of {here}, and the scope takes identity in {issuer}, which would see it; "
        f'add "identity": "{here}" to the scope, or log in to {issuer}'
    )


def theirs(document: object) -> str:
    """Return the id of a token's project at its issuer; raises Distrust."""
    return _id(project_of(token_of(document)), "project")


def wanted(document: object, trust: Trust, issuer: str) -> ById | ByName:
    """Return how to look up the project in which a token acts here; raises Distrust."""
    project = project_of(token_of(document))
    match trust.projects:
        case "same-id":
            return ById(_id(project, "project"))
        case "same-name":
            domain = project.get("domain")
            domain = domain if isinstance(domain, dict) else {}
            named = line_of(domain, "name", "domain of the project")
            return ByName(line_of(project, "name", "project"), named)
        case Guest(guest=id_):
            return ById(id_)
        case Table(table=table):
            id_ = _id(project, "project")
            if id_ not in table:
                raise Distrust(f"the project {id_} of {issuer} has no entry under projects.table")
            return ById(table[id_])


def rewritten(
    document: object,
    trust: Trust,
    issuer: str,
    project: Project,
    catalog: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the document of a token for the services of this cloud; raises Distrust.

    A project is refused that the trust excludes, whichever rule led to it: its name here counts.

    Whatever restricts the token is kept or refused, never dropped: access rules of an application
    credential, and what the token is bound to, such as a certificate.
    """
    token = token_of(document)
    project_of(token)
    if trust.excludes(project.name):
        raise Distrust(
            f'nobody of {issuer} gets into the project "{project.name}" here by {trust.projects}; '
            "log in to another project, or have this one named in a table (projects: {table: …})"
        )
    return {
        "token": {
            "methods": _words(token, "methods"),
            "audit_ids": _words(token, "audit_ids"),
            "issued_at": time_of(token, "issued_at"),
            "expires_at": time_of(token, "expires_at"),
            "is_domain": False,
            "is_admin_project": False,  # if it is left out, keystoneauth reads it as true
            "user": _user(token, issuer),
            "project": {
                "id": project.id,
                "name": project.name,
                "domain": {"id": project.domain_id, "name": project.domain_name},
            },
            "roles": _roles(token, trust, issuer),
            **_restrictions(token),
            "catalog": list(catalog),
        }
    }


def _user(token: Token, issuer: str) -> dict[str, Any]:
    user = token.get("user")
    user = user if isinstance(user, dict) else {}
    marked = {
        "id": f"{_user_id(user)}@{issuer}",
        "name": f"{line_of(user, 'name', 'user')}@{issuer}",
    }
    for key, value in marked.items():
        if len(value) > MAX_NAME:
            raise Distrust(f"the {key} of its user is too long to be marked with {issuer}")
    return {**marked, "domain": {"id": f"@{issuer}", "name": issuer}, "password_expires_at": None}


def _roles(token: Token, trust: Trust, issuer: str) -> list[dict[str, str]]:
    had = role_names(token)
    kept = dict.fromkeys(role for name in had for role in trust.roles.get(name, ()))
    if not kept:
        known = ", ".join(trust.roles) or "none"
        raise Distrust(f"its user has no role in {issuer} that counts here; these do: {known}")
    return [{"id": role, "name": role} for role in kept]


def _restrictions(token: Token) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    credential = token.get("application_credential")
    if credential is not None:
        if not isinstance(credential, dict):
            raise Distrust("its application credential is not readable")
        rules = credential.get("access_rules")
        if rules is not None and not (isinstance(rules, list) and all(map(_is_rule, rules))):
            raise Distrust("the access rules of its application credential are not readable")
        kept["application_credential"] = {"restricted": True} | (
            {} if rules is None else {"access_rules": rules}
        )
    bound = token.get("oauth2_credential")
    if bound is not None:
        thumbprint = bound.get("x5t#S256") if isinstance(bound, dict) else None
        if not isinstance(thumbprint, str) or not _THUMBPRINT.fullmatch(thumbprint):
            raise Distrust("the certificate that it is bound to is not readable")
        kept["oauth2_credential"] = {"x5t#S256": thumbprint}
    if token.get("bind"):
        raise Distrust("it is bound to a way of logging in that is not known here")
    return kept


def _is_rule(rule: object) -> bool:
    return (
        isinstance(rule, dict)
        and {"method", "path", "service"} <= rule.keys() <= _RULE
        and all(isinstance(value, str) for value in rule.values())
    )


def _id(thing: Token, what: str) -> str:
    value = line_of(thing, "id", what)
    if not _ID.fullmatch(value):
        raise Distrust(
            f'the id of its {what}, "{value}", cannot be one here: at most 64 letters, digits, '
            '".", "_" and "-" can'
        )
    return value


def _user_id(user: Token) -> str:
    """Return an id of a user that is safe in headers and paths, and unique.

    Older Keystones give users of identity providers, and some users of LDAP, ids with arbitrary
    characters; those ids are hashed and begin with "~", which no other id has.
    """
    value = line_of(user, "id", "user")
    return value if _ID.fullmatch(value) else f"~{hashlib.sha256(value.encode()).hexdigest()}"


def _words(token: Token, key: str) -> list[str]:
    words = token.get(key)
    words = words if isinstance(words, list) else []
    return [word for word in words[:8] if isinstance(word, str) and _WORD.fullmatch(word)]

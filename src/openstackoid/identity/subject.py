"""Makes the claims of an assertion from what Keystone says of a token, and the reverse."""

from collections.abc import Collection, Mapping
from typing import Any

from openstackoid.federation.spelling import folded
from openstackoid.identity.assertion import MAX_ROLES, Claims
from openstackoid.identity.callers import Reach
from openstackoid.identity.token_document import (
    Distrust,
    Token,
    line_of,
    project_of,
    seconds_of,
    token_of,
    written,
)

LATE_STEP = 900
"""Seconds: what is made for a token that is over ends with a full quarter of an hour."""

LATE_LEAST = 60
"""Seconds for which it is valid at least."""


def claims_of(
    document: object,
    reach: Reach,
    parties: tuple[str, str, str],
    *,
    longest: int,
    now: float,
    keep: Collection[str] = (),
) -> Claims:
    """Return what an assertion says of a token, before its id and the token are in it.

    `parties` are issuer, audience and presenter. A token that lives longer than `longest` seconds
    has one assertion for each such part of its life; one that is over has one that is `late`. With
    a role in `keep` it gives nothing beyond the audience. Raises Distrust if the token is one that
    stays at home.
    """
    token = token_of(document)
    project, user = project_of(token), _object(token, "user")
    if token.get("oauth2_credential") or token.get("bind"):
        raise Distrust("it is bound to a certificate, which no other cloud could check")
    roles = _roles(token)
    begin, end, late = life_of(token, longest, now)
    issuer, audience, presenter = parties
    return Claims(
        iss=issuer,
        aud=audience,
        presenter=presenter,
        sub=line_of(user, "id", "user"),
        user=(line_of(user, "name", "user"), _domain(user, "user")),
        project=(
            line_of(project, "id", "project"),
            line_of(project, "name", "project"),
            _domain(project, "project"),
        ),
        roles=roles,
        services=reach.services,
        iat=begin,
        exp=end,
        back=() if has_kept(roles, keep) else reach.back,
        late=late,
    )


def has_kept(roles: Collection[str], keep: Collection[str]) -> bool:
    """Return whether one of some roles is among those that stay at home."""
    return not {folded(role) for role in roles}.isdisjoint(folded(role) for role in keep)


def document_of(claims: Claims) -> dict[str, Any]:
    """Return the document of a token, as a Keystone gives it, with what an assertion says."""
    name, domain = claims.user
    id_, project, its_domain = claims.project
    return {
        "token": {
            "methods": ["token"],
            "audit_ids": [claims.jti],
            "issued_at": written(claims.iat),
            "expires_at": written(claims.exp),
            "user": {"id": claims.sub, "name": name, "domain": {"name": domain}},
            "project": {"id": id_, "name": project, "domain": {"name": its_domain}},
            "roles": [{"name": role} for role in claims.roles],
        }
    }


def access_rules(document: object) -> list[Mapping[str, Any]] | None:
    """Return the access rules of a token's application credential, None if it has none.

    Raises Distrust if they are not readable.
    """
    credential = token_of(document).get("application_credential")
    rules = credential.get("access_rules") if isinstance(credential, dict) else credential
    if rules is None:
        return None
    if credential is not rules and isinstance(rules, list):
        every: list[Mapping[str, Any]] = [rule for rule in rules if isinstance(rule, dict)]
        if len(every) == len(rules):
            return every
    raise Distrust("the access rules of its application credential are not readable")


def late_end(now: float) -> int:
    """Return until when what is made now for a token that is over is valid."""
    return _next_step(int(now) + LATE_LEAST)


def late_ends(now: float) -> set[int]:
    """Return the ends of all that was made for tokens that are over, and is still valid."""
    return {_next_step(int(now)), late_end(now)}


def life_of(token: Token, longest: int, now: float) -> tuple[int, int, bool]:
    """Return since when and until when an assertion is valid, and whether its token is over.

    Raises Distrust.
    """
    begin, end = seconds_of(token, "issued_at"), seconds_of(token, "expires_at")
    if end <= now:
        return begin, late_end(now), True
    begin += max(0, int(now) - begin) // longest * longest
    return begin, min(end, begin + longest), False


def _next_step(seconds: int) -> int:
    return (seconds // LATE_STEP + 1) * LATE_STEP


def _roles(token: Token) -> tuple[str, ...]:
    given = token.get("roles")
    every = [r for r in given if isinstance(r, dict)] if isinstance(given, list) else []
    roles = tuple(sorted({line_of(role, "name", "role") for role in every}))
    if len(roles) > MAX_ROLES:
        raise Distrust(
            f"its user has {len(roles)} roles in the project, and {MAX_ROLES} fit into an "
            "assertion; use an application credential with fewer"
        )
    return roles


def _domain(thing: Token, what: str) -> str:
    return line_of(_object(thing, "domain"), "name", f"{what}'s domain")


def _object(thing: Token, key: str) -> Token:
    value = thing.get(key)
    return value if isinstance(value, dict) else {}

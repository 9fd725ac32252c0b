"""The claims that a gateway makes of what Keystone says of a token, and the reverse."""

from collections.abc import Collection
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.identity.assertion import MAX_ROLES, Claims, claimed, sign
from openstackoid.identity.callers import Reach
from openstackoid.identity.issuer_secrets import completed
from openstackoid.identity.keys import make
from openstackoid.identity.subject import (
    LATE_LEAST,
    LATE_STEP,
    access_rules,
    claims_of,
    document_of,
    has_kept,
    late_end,
    late_ends,
)
from openstackoid.identity.token_document import Distrust, seconds_of, written

NOW = 1_800_000_000
HOUR = 3600
REACH = Reach(("compute", "network"), ("image",), ())
PARTIES = ("One", "Two", "One")


def document(begin: int = NOW - 60, end: int = NOW + HOUR, **more: Any) -> dict[str, Any]:
    """Return what Keystone says of a token of alice's."""
    domain = {"id": "default", "name": "Default"}
    return {
        "token": {
            "methods": ["password"],
            "audit_ids": ["a1"],
            "issued_at": written(begin),
            "expires_at": written(end),
            "user": {"id": "u1", "name": "alice", "domain": domain, "password_expires_at": None},
            "project": {"id": "p1", "name": "demo", "domain": domain},
            "is_domain": False,
            "roles": [{"id": "r2", "name": "reader"}, {"id": "r1", "name": "member"}],
        }
        | more
    }


def claims(
    token: dict[str, Any],
    *,
    now: float = NOW,
    longest: int = 12 * HOUR,
    keep: Collection[str] = ("admin",),
) -> Claims:
    return claims_of(token, REACH, PARTIES, longest=longest, now=now, keep=keep)


def refused(**more: Any) -> str:
    """Return why a token stays at home."""
    with pytest.raises(Distrust) as caught:
        claims(document(**more))
    return str(caught.value)


def test_claims_say_who_the_user_is_and_nothing_else_of_the_token() -> None:
    """Roles are sorted, so that two answers of Keystone give one assertion."""
    assert claims(document()) == Claims(
        iss="One",
        aud="Two",
        presenter="One",
        sub="u1",
        user=("alice", "Default"),
        project=("p1", "demo", "Default"),
        roles=("member", "reader"),
        services=("compute", "network"),
        iat=NOW - 60,
        exp=NOW + HOUR,
        back=("image",),
    )
    reordered = document(roles=[{"name": "member"}, {"name": "reader"}, {"name": "member"}])
    assert claims(reordered) == claims(document())


@pytest.mark.parametrize("now", [NOW, NOW + 0.5, NOW + 17, NOW + HOUR - 1])
def test_the_same_token_gives_the_same_claims(now: float) -> None:
    """Whenever within its life; services remember an assertion by its text."""
    assert claims(document(), now=now) == claims(document(), now=NOW)


@given(
    st.integers(300, 48 * HOUR), st.integers(0, 100 * HOUR), st.integers(1, 100 * HOUR), st.data()
)
def test_a_long_life_has_parts(longest: int, ago: int, left: int, data: st.DataObject) -> None:
    """Each is at most so long, within the token's life, and `now` is in it; all workers agree."""
    begin, end = NOW - ago, NOW + left
    token = document(begin, end)
    made = claims(token, longest=longest)
    assert begin <= made.iat <= NOW < made.exp <= end
    assert made.exp - made.iat <= longest
    assert (made.iat - begin) % longest == 0
    assert not made.late
    later = data.draw(st.integers(NOW, made.exp - 1))
    assert claims(token, longest=longest, now=later) == made


def test_a_token_that_its_keystone_dates_ahead_begins_with_it() -> None:
    """Clocks differ; the gateway there decides by how much they may."""
    made = claims(document(NOW + 30, NOW + HOUR))
    assert (made.iat, made.exp) == (NOW + 30, NOW + HOUR)


@given(st.integers(0, 48 * HOUR), st.floats(0, 1, exclude_max=True))
def test_a_token_that_is_over_has_an_assertion_that_is_late(ago: int, part: float) -> None:
    """It ends with a full quarter of an hour, at least a minute later."""
    now = NOW + ago + part
    made = claims(document(NOW - HOUR, NOW), now=now)
    assert made.late
    assert made.iat == NOW - HOUR
    assert made.exp % LATE_STEP == 0
    assert now + LATE_LEAST - 1 < made.exp <= now + LATE_LEAST + LATE_STEP


@pytest.mark.parametrize("role", ["admin", "Admin", "ADMIN ", "\u00e1dmin", "\uff41dmin"])
def test_an_administrator_has_nothing_beyond_the_audience(role: str) -> None:
    """However the role is spelt; the role itself crosses, for `trust` there to drop or to map."""
    made = claims(document(roles=[{"name": "member"}, {"name": role}]))
    assert made.back == ()
    assert role in made.roles
    assert made.services == REACH.services
    assert claims(document(roles=[{"name": role}]), keep=()).back == ("image",)
    assert has_kept([role], ["admin"])
    assert not has_kept(["administrator"], ["admin"])
    assert not has_kept([], ["admin"])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"project": None}, "for no project"),
        ({"system": {"all": True}}, "for the system"),
        ({"domain": {"id": "d"}}, "for a domain"),
        ({"is_domain": True}, "stands for a domain"),
        ({"oauth2_credential": {"x5t#S256": "x"}}, "bound to a certificate"),
        ({"bind": {"kerberos": "x"}}, "bound to a certificate"),
        ({"user": None}, "id of its user is not a line"),
        ({"user": {"id": "u1", "name": "a\nb", "domain": {"name": "D"}}}, "name of its user is"),
        ({"user": {"id": "u1", "name": "a"}}, "name of its user's domain is"),
        ({"project": {"id": "p", "name": "n", "domain": {}}}, "name of its project's domain is"),
        ({"project": {"name": "n", "domain": {"name": "D"}}}, "id of its project is"),
        ({"roles": [{"name": "a\nb"}]}, "name of its role is not a line"),
        ({"roles": [{"name": "\ud800"}]}, "name of its role is not a line"),
        ({"roles": [{"name": "r" * 256}]}, "name of its role is not a line"),
        ({"roles": [{"id": "r1"}]}, "name of its role is not a line"),
        ({"expires_at": None}, "expires_at is not a time"),
        ({"issued_at": "yesterday"}, "issued_at is not a time"),
    ],
)
def test_a_token_that_no_other_cloud_could_use_stays_at_home(
    more: dict[str, Any], message: str
) -> None:
    """The reason is told, and nothing is made of it."""
    assert message in refused(**more)


def test_sixteen_roles_fit() -> None:
    """The user is told how to come with fewer."""
    roles = [{"name": f"role-{n}"} for n in range(MAX_ROLES + 1)]
    assert len(claims(document(roles=roles[1:])).roles) == MAX_ROLES
    assert "17 roles in the project, and 16 fit" in refused(roles=roles)
    assert claims(document(roles=[])).roles == ()
    assert claims(document(roles=None)).roles == ()


NAMES = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=40)


@given(NAMES, NAMES, NAMES, st.lists(NAMES, max_size=5))
def test_what_another_cloud_reads_is_what_keystone_has_said(
    user: str, project: str, domain: str, roles: list[str]
) -> None:
    """By way of an assertion: names, ids, roles and times."""
    key = make().assertion
    assert key is not None
    said = document(
        user={"id": "u1", "name": user, "domain": {"id": "d", "name": domain}},
        project={"id": "p1", "name": project, "domain": {"id": "d", "name": domain}},
        roles=[{"name": role} for role in roles],
    )
    made = completed(claims(said), "token", key)
    token = document_of(claimed(sign(made, key)))["token"]
    assert token["user"] == {"id": "u1", "name": user, "domain": {"name": domain}}
    assert token["project"] == {"id": "p1", "name": project, "domain": {"name": domain}}
    assert [role["name"] for role in token["roles"]] == sorted(set(roles))
    assert token["issued_at"] == said["token"]["issued_at"]
    assert token["expires_at"] == said["token"]["expires_at"]
    assert token["audit_ids"] == [made.jti]


def test_the_last_time_of_an_assertion_can_be_written() -> None:
    """A hostile issuer can't make a gateway fail by one that no calendar has."""
    key = make().assertion
    assert key is not None
    made = completed(claims(document(end=253_402_300_799), longest=10**12), "token", key)
    assert seconds_of(document_of(claimed(sign(made, key)))["token"], "expires_at") == made.exp


def test_access_rules_are_those_of_the_application_credential() -> None:
    """None is no restriction, an empty list allows nothing."""
    rule = {"id": "1", "service": "image", "method": "GET", "path": "/v2/images"}
    assert access_rules(document()) is None
    assert access_rules(document(application_credential=None)) is None
    assert access_rules(document(application_credential={"id": "c"})) is None
    assert access_rules(document(application_credential={"access_rules": []})) == []
    assert access_rules(document(application_credential={"access_rules": [rule]})) == [rule]


@pytest.mark.parametrize("rules", ["image", 1, True, {}, ["GET"], [None], [[]]])
def test_access_rules_that_are_not_readable_restrict_to_nothing(rules: object) -> None:
    """A gateway that overlooked them, or a credential, would allow everything."""
    with pytest.raises(Distrust, match="are not readable"):
        access_rules(document(application_credential={"access_rules": rules}))
    if not isinstance(rules, dict):
        with pytest.raises(Distrust, match="are not readable"):
            access_rules(document(application_credential=rules))


@given(st.floats(0, 1e10), st.floats(0, 1, exclude_max=True))
def test_what_is_made_late_is_known_until_it_ends(made: float, part: float) -> None:
    """At any time in between its end is one of two, and afterwards it is none."""
    end = late_end(made)
    assert end in late_ends(made + (end - made) * part)
    assert end not in late_ends(end)

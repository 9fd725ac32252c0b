"""The scope of a request, wherever it rides."""

import pytest

from openstackoid.federation import Federation, loads
from openstackoid.message import Head, Headers
from openstackoid.routing import Refusal, decide
from openstackoid.routing.scoping import carried
from openstackoid.scope import MAX_BYTES, parse

FEDERATION = loads("""
clouds:
  One: {frontends: {identity: "http://one:5000", image: "http://one:9292"}}
  Two: {frontends: {identity: "http://two:5000", image: "http://two:9292"}}
""")


def head(*headers: tuple[str, str], body_token: str | None = None) -> Head:
    """Return the head of a login with these headers."""
    return Head("POST", "/v3/auth/tokens", Headers(headers), 5000, body_token)


def test_the_token_in_a_login_s_body_carries_a_scope() -> None:
    """It is the only place besides the head."""
    request = head(body_token='T!SCOPE!{"image":"Two"}')
    scope, _ = carried(request, "identity", FEDERATION, "One", None)
    assert scope == parse("image=Two").completed("One")
    assert carried(head(body_token="T"), "identity", FEDERATION, "One", None) == (None, None)


@pytest.mark.parametrize(
    ("body_token", "reason"),
    [
        ('T!SCOPE!{"image":"One"}', "the scopes in X-Scope and the token in the body differ"),
        ("T!SCOPE!", "the token in the body: a token ends in !SCOPE! without a scope"),
        ("T!SCOPE!{}!SCOPE!{}", "the token in the body: a token carries the suffix !SCOPE! twice"),
        ("T!SCOPE!image=Tow", 'the token in the body: unknown cloud "…" (at char'),
    ],
)
def test_the_body_is_held_to_the_same_rules(body_token: str, reason: str) -> None:
    """Never guess, wherever a scope is."""
    with pytest.raises(Refusal) as caught:
        decide(head(("X-Scope", "image=Two"), body_token=body_token), FEDERATION, "One")
    assert caught.value.status == 400
    assert reason in caught.value.message


def test_a_scope_that_outgrows_a_header_when_completed_is_refused_at_once() -> None:
    """Not by the next gateway only, whose answer would puzzle."""
    names = [f"{'n' * 58}{i:05}" for i in range(60)]
    clouds = {
        name: {"frontends": {f"own-service-{i}": f"http://{i}.example"}}
        for i, name in enumerate(names)
    }
    federation = Federation.model_validate({"clouds": clouds})
    long = parse(
        ",".join(f"own-service-{i}={names[i]}" for i in range(49)), services=federation.services
    )
    assert (
        MAX_BYTES - 100 < len(long.canonical) <= MAX_BYTES < len(long.completed(names[0]).canonical)
    )
    for request in (head(("X-Scope", long.canonical)), head(("X-Auth-Token", f"T!SCOPE!{long}"))):
        with pytest.raises(Refusal) as caught:
            carried(request, "image", federation, names[0], None)
        assert caught.value.status == 431
        assert "name fewer services" in caught.value.message


def test_a_refusal_holds_no_token() -> None:
    """Whatever is wrong with it."""
    secret = "gAAAAAB-secret"
    for suffix in ("!SCOPE!", "!SCOPE!image=Tow", "!SCOPE!image=One|", "!SCOPE!{}!SCOPE!"):
        with pytest.raises(Refusal) as caught:
            decide(head(("X-Auth-Token", secret + suffix)), FEDERATION, "One")
        assert secret not in caught.value.message
    tokens = [("X-Auth-Token", secret), ("X-Auth-Token", f"{secret}2")]
    with pytest.raises(Refusal) as caught:
        decide(head(("X-Scope", "image=Two"), *tokens), FEDERATION, "One")
    assert secret not in caught.value.message


SECRET = f"gAAAAAB-{'s3cret' * 20}"


@pytest.mark.parametrize(
    "text",
    [
        '{"image":"Two","tokenz":{"Two":["%s","p"]}}',
        '{"image":"Two","token":"%s"}',
        '{"image":"Two","%s":"Two"}',
        '{"image":"Two","a\\"%s\\"":"Two"}',
        '{"image":"Two","*":"%s","tokens ":1}',
        '{"image":"%s","tokens":{"Two":["a",null]}}',
        '{"image":"Two|Two","%s":"One"}',
        "%s",
    ],
)
def test_a_token_in_place_of_a_scope_is_not_shown(text: str) -> None:
    """Whatever it was meant to be; behind a token, nothing is, however short."""
    for secret, header in ((SECRET, "X-Scope"), (SECRET, "X-Auth-Token"), ("shh", "X-Auth-Token")):
        value = text % secret if header == "X-Scope" else f"T!SCOPE!{text % secret}"
        with pytest.raises(Refusal) as caught:
            decide(head((header, value)), FEDERATION, "One")
        assert secret not in caught.value.message
        assert secret[:20] not in caught.value.message


def test_a_name_is_shown_that_is_no_token() -> None:
    """What people write in X-Scope is quoted, and what is meant is told in both places."""
    with pytest.raises(Refusal, match=r'unknown cloud "Tow".*\n  image=Tow'):
        decide(head(("X-Scope", "image=Tow")), FEDERATION, "One")


def test_a_cloud_that_only_the_sender_knows_is_a_matter_of_two_files() -> None:
    """The user wrote no such name: both gateways are named, not only the cloud."""
    sent = parse("image=Two").completed("Three").canonical
    with pytest.raises(Refusal, match=r"files of Three and Two: X-Scope: unknown cloud"):
        carried(head(("X-Scope", sent)), "image", FEDERATION, "Two", "Three")


def test_a_subject_token_counts_for_keystone_alone() -> None:
    """Beside another service's token it must not send that one abroad."""
    request = head(("X-Auth-Token", "mine"), ("X-Subject-Token", "T!SCOPE!image=Two"))
    assert carried(request, "image", FEDERATION, "One", None) == (None, None)
    assert carried(request, "identity", FEDERATION, "One", None) != (None, None)

"""What only the gateways of an issuer know: the ids of assertions, and the tokens in them."""

import base64
from itertools import count

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from openstackoid.identity.assertion import BadAssertionError, Claims, sign
from openstackoid.identity.base64url import encoded
from openstackoid.identity.issuer_secrets import completed, let_in, own_token, stamp_secret
from openstackoid.identity.keys import SigningKey, make
from openstackoid.identity.stamp import stamped
from openstackoid.identity.subject import late_end


def key() -> SigningKey:
    """Return a new key for assertions."""
    made = make().assertion
    assert made is not None
    return made


KEY, OTHER = key(), key()
CLAIMS = Claims(
    iss="One",
    aud="Two",
    presenter="One",
    sub="u1",
    user=("alice", "Default"),
    project=("p1", "demo", "Default"),
    roles=("member",),
    services=("compute",),
    iat=1_800_000_000,
    exp=1_800_003_600,
)
FERNET = Fernet(Fernet.generate_key()).encrypt(bytes(80)).decode().rstrip("=")
JWS = "eyJ0eXAiOiJKV1QifQ.eyJzdWIi.c2lnbmF0dXJl"
MADE = completed(CLAIMS, FERNET, KEY)

TOKENS = st.one_of(
    st.binary(min_size=1, max_size=300).map(lambda raw: encoded(raw).decode()),
    st.binary(max_size=50).map(lambda raw: base64.urlsafe_b64encode(raw).decode()),
    st.text(max_size=60),
)


def lost(claims: Claims, *keys: SigningKey) -> None:
    """Check that nobody gets a token out of an assertion, and that the error has none of it."""
    with pytest.raises(BadAssertionError) as caught:
        own_token(claims, keys or (KEY,))
    assert "not one that this gateway has put there" in str(caught.value)
    assert FERNET not in str(caught.value)


@given(TOKENS)
def test_the_token_comes_back_as_it_was(token: str) -> None:
    """A Fernet token, one of JWS, one with padding, with stray bits, with any character, none."""
    made = completed(CLAIMS, token, KEY)
    assert own_token(made, (KEY,)) == token
    assert completed(CLAIMS, token, SigningKey(KEY.id, KEY.private)) == made


def test_a_fernet_token_takes_no_more_than_it_has() -> None:
    """16 bytes more than it decoded, and one; any other token four thirds of its length."""
    raw = len(base64.urlsafe_b64decode(f"{FERNET}=="))
    assert len(MADE.own) == len(encoded(bytes(raw + 17)))
    assert len(completed(CLAIMS, JWS, KEY).own) == len(encoded(bytes(len(JWS) + 17)))


def test_nothing_of_the_token_can_be_seen() -> None:
    """Neither it nor a hash that others could compute; not even that two are of one token."""
    there, elsewhere = MADE, completed(replace(CLAIMS, aud="Three"), FERNET, KEY)
    assert there.jti != elsewhere.jti
    assert there.own != elsewhere.own
    assert FERNET[:20] not in there.own
    assert not set(completed(CLAIMS, FERNET, OTHER).own.split()) & {there.own}


CHANGES: list[dict[str, object]] = [
    {"iss": "Three"},
    {"aud": "Three"},
    {"presenter": "Three"},
    {"aud": "One", "presenter": "Two"},
    {"jti": "A" * 22},
    {"jti": ""},
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_token_moved_to_another_assertion_is_lost(change: dict[str, object]) -> None:
    """It belongs to issuer, audience, presenter and id."""
    lost(replace(MADE, **change))


@pytest.mark.parametrize(
    "change",
    [
        {"sub": "u2"},
        {"user": ("eve", "Default")},
        {"roles": ("admin",)},
        {"project": ("p2", "demo", "Default")},
        {"services": ("*",)},
        {"back": ("image",)},
        {"late": True},
        {"iat": 1_800_000_001},
        {"exp": 1_900_000_000},
    ],
)
def test_each_claim_changes_the_id(change: dict[str, object]) -> None:
    """So the token of the one is lost in the other."""
    other = completed(replace(CLAIMS, **change), "another token", KEY)
    assert completed(replace(CLAIMS, **change), FERNET, KEY).jti != MADE.jti
    lost(replace(other, own=MADE.own))
    lost(replace(MADE, own=other.own))


def test_two_tokens_of_one_user_are_two_assertions() -> None:
    """The one may be revoked, and the other not."""
    other = completed(CLAIMS, f"{FERNET[:-4]}AAAA", KEY)
    assert other.jti != MADE.jti
    lost(replace(MADE, own=other.own))


def test_both_keys_get_at_it_while_they_are_exchanged() -> None:
    """And no other key."""
    for made_by in (KEY, OTHER):
        made = completed(CLAIMS, FERNET, made_by)
        assert own_token(made, (KEY, OTHER)) == own_token(made, (OTHER, KEY)) == FERNET
    lost(MADE, OTHER)
    with pytest.raises(BadAssertionError):
        own_token(MADE, ())


@pytest.mark.parametrize(
    "own",
    ["", "A", "AAAA", MADE.own[:-1], MADE.own + "A", MADE.own[4:], MADE.own + "=", "\u00e9",
     "\ud800", MADE.own.swapcase(), "A" * 22, "A" * 4096],
    ids=count(),  # keys differ from process to process
)  # fmt: skip
def test_what_no_gateway_has_put_there_is_refused(own: str) -> None:
    """Nothing else is raised."""
    lost(replace(MADE, own=own))


@given(st.integers(0, len(MADE.own) - 1), st.sampled_from("Aa9-_"))
def test_a_character_that_is_changed_is_noticed(at: int, other: str) -> None:
    """Anywhere in the encrypted token."""
    own = MADE.own[:at] + other + MADE.own[at + 1 :]
    if own != MADE.own:
        lost(replace(MADE, own=own))


def test_each_secret_has_one_purpose() -> None:
    """Of the same key; all processes with it have the same, and another key has others."""
    assert stamp_secret(KEY) == stamp_secret(SigningKey(KEY.id, KEY.private))
    assert stamp_secret(KEY) != stamp_secret(OTHER)
    assert len(stamp_secret(KEY)) == 32
    assert stamp_secret(KEY) != KEY.private.private_bytes_raw()


def test_what_was_over_when_it_was_let_in_is_valid_until_its_stamp_ends() -> None:
    """Its claims say so; the stamp of one that was valid does not end, and makes none of it."""
    assertion, now = sign(MADE, KEY), CLAIMS.exp + 3600.0
    assert let_in(stamped(assertion, stamp_secret(KEY)), (KEY,), now) == MADE
    end = late_end(now)
    late = stamped(assertion, stamp_secret(KEY, end))
    assert let_in(late, (OTHER, KEY), now) == replace(MADE, exp=end, late=True)
    assert let_in(late, (OTHER, KEY), end - 0.1) == replace(MADE, exp=end, late=True)
    assert let_in(late, (KEY,), end) is None
    assert let_in(late, (OTHER,), now) is None
    assert let_in(assertion, (KEY,), now) is None
    assert let_in(stamped(assertion, stamp_secret(KEY, end + 1)), (KEY,), now) is None

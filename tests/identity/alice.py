"""What the gateway of a cloud One says of its user alice to Two, before her token is in it."""

from openstackoid.identity.assertion import Claims
from openstackoid.identity.keys import Keys, SigningKey, make

CLAIMS = Claims(
    iss="One",
    aud="Two",
    presenter="One",
    sub="u1",
    user=("alice", "Default"),
    project=("p1", "demo", "Default"),
    roles=("member", "reader"),
    services=("compute", "network"),
    iat=1_800_000_000,
    exp=1_800_003_600,
)


def assertion_key(keys: Keys | None = None) -> SigningKey:
    """Return the key for assertions of some keys, or a new one."""
    key = (keys or make()).assertion
    assert key is not None
    return key

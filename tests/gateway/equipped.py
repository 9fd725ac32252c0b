"""Gives played clouds what their gateways need to vouch for users: keys, an account, a Keystone."""

from collections.abc import Callable

from gateway.backend import Answer, Backend, Received
from gateway.credentials import give_keys
from gateway.keystone import OWN, SECRET, Keystone, token
from gateway.played import Clouds

MEMBER = token(roles=[{"id": "r1", "name": "member"}])
"""What a Keystone says of alice's token: she has no role that stays at home."""


async def equip(clouds: Clouds) -> None:
    """Give both gateways keys and an account, and let each Keystone know every token as alice's.

    What the gateways ask by their accounts is not among the requests of the backends.
    """
    account = clouds.file.with_name("account.yaml")
    account.write_text(f"username: gateway\npassword: {SECRET}\n")
    account.chmod(0o600)
    for name, services in clouds.backends.items():
        clouds.document["clouds"][name]["own"]["account"] = account.name
        services["identity"].apart = _account_of(services["identity"], Keystone(MEMBER))
    await give_keys(clouds, *clouds.backends)


def know_nobody(clouds: Clouds, cloud: str) -> None:
    """Let the Keystone of a cloud know no token: those that are used are another cloud's."""
    know(clouds, cloud, Keystone({}, "404 Not Found"))


def know(clouds: Clouds, cloud: str, keystone: Keystone) -> None:
    """Let the gateway of a cloud get its answers from this Keystone."""
    backend = clouds.backends[cloud]["identity"]
    backend.apart = _account_of(backend, keystone)


def _account_of(backend: Backend, keystone: Keystone) -> Callable[[Received], Answer | None]:
    """Return what answers the gateway's account, unless a test plays the whole Keystone."""

    def apart(received: Received) -> Answer | None:
        own = OWN in received.values("x-auth-token") + received.values("x-subject-token")
        login = received.line.startswith("POST ") and received.values("accept") == [
            "application/json"
        ]
        played = isinstance(backend.answer, Keystone)
        return keystone if (own or login) and not played else None

    return apart

"""Bodies that have to be known as a whole."""

from gateway.keystone import message
from gateway.played import Clouds

from openstackoid.gateway.dispatch.bodies import MAX_REQUEST


async def test_a_body_that_is_too_long_is_refused(clouds: Clouds) -> None:
    """Before any cloud has anything of it."""
    answered = await clouds.ask(
        "CloudOne", "image", "/v2/images", "X-Scope: image=CloudOne&CloudTwo",
        "Content-Type: application/json", method="POST", body=b"1" * (MAX_REQUEST + 1),
    )  # fmt: skip
    assert (answered.status, "at most" in message(answered)) == (413, True)
    for cloud in ("CloudOne", "CloudTwo"):
        assert not clouds.backends[cloud]["image"].requests

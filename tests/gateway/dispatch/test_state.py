"""What a worker remembers."""

from gateway.played import Clouds


async def test_a_reload_forgets_nobody(clouds: Clouds) -> None:
    """Neither who sends too much nor whose a token is: another file changes neither."""
    handler = clouds.gateways["CloudOne"]._handler
    state = handler.state
    site = handler.site
    await clouds.gateways["CloudOne"].reload()
    assert handler.site is not site
    assert handler.state is state

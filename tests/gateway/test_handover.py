"""The way between a supervisor and a worker."""

from openstackoid.gateway.handover import Supervised, channels


def test_a_supervisor_has_ended_though_it_did_not_hear_all() -> None:
    """Then Linux says that the connection was reset, where otherwise it says nothing."""
    supervisor, channel = channels()
    worker = Supervised(channel)
    with channel:
        worker.ready()
        assert not worker.alone()
        supervisor.close()
        assert worker.alone()

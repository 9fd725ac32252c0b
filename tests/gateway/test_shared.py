"""The way between a supervisor and a worker."""

import fcntl
import socket
import struct
from contextlib import suppress

from openstackoid.gateway.shared import UNSENT, Supervised, channels, listening

SIOCOUTQNSD = 0x894B
"""Asks how many bytes the kernel has for the other side that were not sent yet."""


def test_a_supervisor_has_ended_though_it_did_not_hear_all() -> None:
    """Then Linux says that the connection was reset, where otherwise it says nothing."""
    supervisor, channel = channels()
    worker = Supervised(channel)
    with channel:
        worker.ready()
        assert not worker.alone()
        supervisor.close()
        assert worker.alone()


def test_little_waits_in_the_kernel_for_a_slow_reader() -> None:
    """It would be megabytes, of memory that all connections of the machine share."""
    (listener,) = listening("127.0.0.1", 0)
    with listener, socket.create_connection(listener.getsockname()):
        connection, _ = listener.accept()
        with connection:
            connection.setblocking(False)
            with suppress(BlockingIOError):
                while True:
                    connection.send(bytes(UNSENT // 2))
            (unsent,) = struct.unpack("i", fcntl.ioctl(connection, SIOCOUTQNSD, bytes(4)))
            assert UNSENT <= unsent <= 2 * UNSENT

"""What can go wrong between two sides that speak HTTP."""


class HttpError(Exception):
    """What the other side did, or did not do."""


class UnreachableError(HttpError):
    """It accepts no connection; `reason` is None if it did not within the time it had."""

    def __init__(self, reason: OSError | None) -> None:
        super().__init__()
        self.reason = reason


class IdleTimeoutError(HttpError, TimeoutError):
    """It sends nothing, or takes nothing, for too long."""


class LinkLostError(IdleTimeoutError):
    """It sends nothing, and accepts no connection any more: the link to it swallows packets."""


class ConnectionClosedError(HttpError):
    """It closed the connection before it was through."""


class ProtocolError(HttpError):
    """What it sends is not HTTP, or could be read in two ways.

    The message says why, of a message that is called `it`, and quotes no value. `status` is what a
    client is answered.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status

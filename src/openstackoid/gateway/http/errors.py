"""The errors of the HTTP client and server."""

ENDED = "the gateway ended before there was an answer"
"""The message with which a handler is cancelled at a stop, while its client still waits."""


class HttpError(Exception):
    """An error of the other side of a connection, or of the connection itself."""


class UnreachableError(HttpError):
    """The server accepts no connection; `reason` is None after the connect timeout."""

    def __init__(self, reason: OSError | None) -> None:
        super().__init__()
        self.reason = reason


class ForbiddenAddressError(UnreachableError):
    """The host leads to an address where the request may not go; the text says which, and why."""

    def __init__(self, why: str) -> None:
        super().__init__(None)
        self.why = why


class IdleTimeoutError(HttpError, TimeoutError):
    """The other side sent nothing, or read nothing, for the idle timeout."""


class LinkLostError(IdleTimeoutError):
    """No response, and no new connection to the server either: the link loses all packets."""


class HungError(IdleTimeoutError):
    """No response, and none to others either: the server accepts connections and does nothing."""


class ConnectionClosedError(HttpError):
    """The other side closed the connection before the message was complete."""


class TooLateError(HttpError):
    """The request was not sent, because nobody waits for its answer any more."""


class ProtocolError(HttpError):
    """The other side sent something that is not HTTP, or is ambiguous.

    The text says why, calls the HTTP message "it", and quotes no value. `status` is the status of
    the reply if a client sent it.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status

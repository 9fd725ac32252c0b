"""What a gateway says when a version discovery fails: told once, and in the gateway's words.

keystoneauth goes on without the versions, and openstacksdk then knows only that there are none; why
is in an answer that nobody shows. Where it is the discovery that a login begins with, keystoneauth
takes the user's auth_url for the fault.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from keystoneauth1 import discover
from keystoneauth1.exceptions import ClientException
from keystoneauth1.plugin import IDENTITY_AUTH_HEADER_NAME
from keystoneauth1.session import Session
from requests import Response

LOG = logging.getLogger(__name__)

Reasons = dict[str, int]
"""What gateways have said, each once, in order, with the HTTP status."""

_LOGGING_IN: ContextVar[bool] = ContextVar("logging_in", default=False)
_COLLECTED: ContextVar[Reasons | None] = ContextVar("collected", default=None)


class RefusedError(ClientException):
    """What a gateway says of a login, or of a service, that it lets go nowhere."""

    def __init__(self, message: str, http_status: int) -> None:
        super().__init__(message)
        self.http_status = http_status


@contextmanager
def logging_in() -> Iterator[None]:
    """Let an error of a gateway end the login; it is raised as RefusedError."""
    token = _LOGGING_IN.set(True)
    try:
        yield
    finally:
        _LOGGING_IN.reset(token)


@contextmanager
def needed() -> Iterator[Reasons]:
    """Collect what gateways say while one version is looked for, and log it at the end.

    Whoever cannot go on without the version raises RefusedError within; that one is not logged.
    """
    reasons: Reasons = {}
    try:
        with _collected(reasons):
            yield reasons
    except RefusedError as error:
        reasons.pop(str(error), None)
        raise
    finally:
        for reason, status in reasons.items():
            _tell(reason, status)


@contextmanager
def told_once() -> Iterator[Reasons]:
    """Collect what gateways say while a command runs, and leave it to the caller to tell.

    What the command logs itself is not among it, nor does keystoneauth say in its own words that
    the discovery has failed.
    """
    logging.getLogger().addHandler(_ALREADY_TOLD)
    discover.LOG.addFilter(_not_in_other_words)
    reasons: Reasons = {}
    with _collected(reasons):
        yield reasons


def report_failures(session: Session) -> None:
    """Log, as a warning, each error of a gateway that would be dropped."""
    hooks = session.session.hooks["response"]
    if _report not in hooks:
        hooks.append(_report)


def _report(response: Response, **_: object) -> None:
    """Look at one answer; requests calls it (its response hook)."""
    request = response.request
    if response.ok or request.method != "GET" or IDENTITY_AUTH_HEADER_NAME in request.headers:
        return
    try:
        error = response.json()["error"]
        message = error["message"] if "cloud" in error else ""
    except (ValueError, LookupError, TypeError):
        return  # a service's own error
    if message and _LOGGING_IN.get():
        raise RefusedError(message, response.status_code)
    if message:
        _tell(str(message), response.status_code)


def _tell(reason: str, status: int) -> None:
    reasons = _COLLECTED.get()
    if reasons is None:
        LOG.warning("%s", reason)
    else:
        reasons[reason] = status


@contextmanager
def _collected(reasons: Reasons) -> Iterator[None]:
    token = _COLLECTED.set(reasons)
    try:
        yield
    finally:
        _COLLECTED.reset(token)


def _not_in_other_words(record: logging.LogRecord) -> bool:
    """Let a record of keystoneauth pass, unless it tells what a gateway has told better."""
    return not (_COLLECTED.get() and record.levelno >= logging.WARNING)


class _AlreadyTold(logging.Handler):
    """Removes a reason from the collected ones once a command has logged it."""

    def emit(self, record: logging.LogRecord) -> None:
        if reasons := _COLLECTED.get():
            text = record.getMessage()
            for reason in [reason for reason in reasons if reason in text]:
                del reasons[reason]


_ALREADY_TOLD = _AlreadyTold(logging.WARNING)

"""What a gateway says when a request fails: told once, and in the gateway's words.

keystoneauth goes on without the versions, and openstacksdk then knows only that there are none; why
is in an answer that nobody shows. Where it is the discovery that a login begins with, keystoneauth
takes the user's auth_url for the fault. Some clients show of any failure no more than its status.
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

from openstackoid.scope.errors import printable_lines

LOG = logging.getLogger(__name__)


class Reasons(dict[str, int]):
    """What gateways have said of discoveries, each once, in order, with the HTTP status.

    `last` is what one said to the last request with a token, empty if that succeeded.
    """

    last: str = ""

    def untold(self, error: str) -> list[str]:
        """Return what an error (empty: there is none) does not say."""
        error = printable_lines(error)
        said = [*self, self.last] if error and self.last not in self else [*self]
        return [reason for reason in said if reason and reason not in error]


_LOGGING_IN: ContextVar[bool] = ContextVar("logging_in", default=False)
_COLLECTED: ContextVar[Reasons | None] = ContextVar("collected", default=None)


class RefusedError(ClientException):
    """A gateway refuses a login, or a version of a service; the message is the gateway's own."""

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
    reasons = Reasons()
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
    reasons = Reasons()
    with _collected(reasons):
        yield reasons


def report_failures(session: Session) -> None:
    """Log, as a warning, each error of a gateway that would be dropped."""
    hooks = session.session.hooks["response"]
    if _report not in hooks:
        hooks.append(_report)


def _report(response: Response, **_: object) -> None:
    """Look at one answer; requests calls it (its response hook)."""
    message = "" if response.ok else _said(response)
    if IDENTITY_AUTH_HEADER_NAME in response.request.headers:
        if (reasons := _COLLECTED.get()) is not None:
            reasons.last = message
        return
    if not message or response.request.method != "GET":
        return
    if _LOGGING_IN.get():
        raise RefusedError(message, response.status_code)
    _tell(message, response.status_code)


def _said(response: Response) -> str:
    """Return what a gateway says in an error; empty if it is a service's own."""
    try:
        error = response.json()["error"]
        return printable_lines(str(error["message"])) if "cloud" in error else ""
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""


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
        if (reasons := _COLLECTED.get()) is not None:
            text = record.getMessage()
            for reason in [reason for reason in reasons if reason in text]:
                del reasons[reason]
            if reasons.last in text:
                reasons.last = ""


_ALREADY_TOLD = _AlreadyTold(logging.WARNING)

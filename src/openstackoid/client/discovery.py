"""What a gateway says when a version discovery fails.

keystoneauth goes on without the versions, and openstacksdk then knows only that there are none; why
is in an answer that nobody shows. Where it is the discovery that a login begins with, keystoneauth
takes the user's auth_url for the fault.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from keystoneauth1.exceptions import ClientException
from keystoneauth1.plugin import IDENTITY_AUTH_HEADER_NAME
from keystoneauth1.session import Session
from requests import Response

LOG = logging.getLogger(__name__)

_LOGGING_IN: ContextVar[bool] = ContextVar("logging_in", default=False)


class RefusedError(ClientException):
    """What a gateway says of a login that it lets go nowhere."""


@contextmanager
def logging_in() -> Iterator[None]:
    """Let an error of a gateway end the login; it is raised as RefusedError."""
    token = _LOGGING_IN.set(True)
    try:
        yield
    finally:
        _LOGGING_IN.reset(token)


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
        raise RefusedError(message)
    if message:
        LOG.warning("%s", message)

"""What a gateway says when a version discovery fails.

keystoneauth goes on without the versions, and openstacksdk then knows only that there are none; why
is in an answer that nobody shows.
"""

import logging

from keystoneauth1.plugin import IDENTITY_AUTH_HEADER_NAME
from keystoneauth1.session import Session
from requests import Response

LOG = logging.getLogger(__name__)


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
    if message:
        LOG.warning("%s", message)

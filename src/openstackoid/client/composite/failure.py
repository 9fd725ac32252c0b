"""Translates the failure of a command into the status of an HTTP answer, as the rules take it."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus

from keystoneauth1.exceptions import ConnectionError as NoConnection
from keystoneauth1.exceptions import NotFound
from openstack.exceptions import NotFoundException
from requests import ConnectionError, Timeout  # noqa: A004

from openstackoid.operators import rules

REASON = 400
"""The status of a failure of the command itself: it says as much as a reason of the cloud's."""


def status_of(
    error: BaseException | None, logged: Sequence[BaseException], last: int | None
) -> int | None:
    """Return the status of a command's failure, None if its cloud could not say anything.

    `logged` are the errors that the command logged: a command that does several things one by one
    logs each failure, and ends with an error that only counts them. `last` is the status of the
    branch's last answer, for errors that do not have the status of the answer they come from (a
    failed version discovery).
    """
    for status in _statuses(error):
        return status
    if rules.unreachable(last) or last in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return last
    told = [next(_statuses(one), REASON) for one in logged]
    return min(told, key=rules.telling_order, default=REASON)


def _statuses(error: BaseException | None) -> Iterator[int | None]:
    """Yield the statuses of an error and of its causes, the latest error first."""
    while error is not None:
        if isinstance(error, NotFoundException | NotFound):
            yield 404
        elif isinstance(error, NoConnection | ConnectionError | Timeout):
            yield None
        else:
            names = ("http_status", "status_code", "code")
            values = (getattr(error, name, None) for name in names)
            yield from (v for v in values if isinstance(v, int) and 100 <= v < 600)
        error = error.__cause__ or error.__context__

"""What the failure of a command says of its cloud."""

from collections.abc import Sequence

import pytest
import requests
from keystoneauth1 import exceptions as ksa
from openstack import exceptions as sdk
from osc_lib.exceptions import CommandError, NotFound
from requests import Response

from openstackoid.client.composite.failure import REASON, status_of


def answered(status: int) -> Response:
    """Return an answer."""
    response = Response()
    response.status_code = status
    return response


def within(inner: Exception, outer: Exception) -> Exception:
    """Return an error as it is raised where another one was caught."""
    try:
        try:
            raise inner
        except type(inner):
            raise outer  # noqa: B904 (as commands do it)
    except type(outer) as error:
        return error


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (sdk.NotFoundException("No Server found for x"), 404),
        (sdk.HttpException("no", response=answered(403)), 403),
        (sdk.ConflictException("no", response=answered(409)), 409),
        (ksa.NotFound(), 404),
        (ksa.Unauthorized(), 401),
        (ksa.BadGateway(), 502),
        (ksa.ConnectFailure(), None),
        (ksa.ConnectTimeout(), None),
        (requests.ConnectionError(), None),
        (requests.ReadTimeout(), None),
        (NotFound(404), 404),
        (within(ksa.NotFound(), CommandError("No volume with a name or ID of 'x' exists.")), 404),
        (within(ksa.ConnectFailure(), CommandError("no")), None),
        (within(ksa.NotFound(), sdk.HttpException("no", response=answered(403))), 403),
        (CommandError("More than one server exists with the name 'x'."), REASON),
        (sdk.ResourceFailure("went to ERROR"), REASON),
        (SystemExit(1), REASON),
        (None, REASON),
    ],
)
def test_an_error_comes_to_a_status(error: BaseException | None, status: int | None) -> None:
    """Its own, that of what it comes from, or that of a reason; none where nobody answered."""
    assert status_of(error, [], 200) == status


@pytest.mark.parametrize(
    ("logged", "status"),
    [
        ([ksa.NotFound()], 404),
        ([ksa.NotFound(), sdk.NotFoundException("x")], 404),
        ([ksa.NotFound(), ksa.Forbidden()], 403),
        ([ksa.NotFound(), CommandError("busy")], REASON),
        ([ksa.ConnectFailure(), ksa.NotFound()], 404),
        ([ksa.ConnectFailure()], None),
    ],
)
def test_of_errors_that_are_only_counted_the_most_telling_is_taken(
    logged: Sequence[BaseException], status: int | None
) -> None:
    """As where networks are deleted one by one."""
    assert status_of(CommandError("2 of 2 networks failed to delete."), logged, 404) == status
    assert status_of(ksa.Conflict(), logged, 404) == 409


def test_a_failure_of_the_cloud_s_may_not_be_in_the_error() -> None:
    """A version discovery is not raised; the last answer has it."""
    unsupported = sdk.NotSupported("does not have any supported versions")
    assert status_of(unsupported, [], 503) == 503
    assert status_of(unsupported, [], None) is None
    assert status_of(unsupported, [], 404) == REASON

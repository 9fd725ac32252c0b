"""What a gateway tells of itself at a login: what counts, and that it is not taken back."""

from collections.abc import Mapping

import pytest
from requests import Request, Response

from openstackoid.client.told import Gateway, KeyTakenBackError, told

KEY = "9DIxp9Fc_lTUjA3JFGCIQImeKbT7kNcPmrlMEK4hwEw"
TELLING = {"X-Scope-Key": f"CloudTwo {KEY}"}
LOGIN = "https://two/identity/v3/auth/tokens"


def answer(
    headers: Mapping[str, str], url: str = LOGIN, method: str = "POST", status: int = 201
) -> Response:
    """Return an answer to a request."""
    response = Response()
    response.status_code = status
    response.request = Request(method, url).prepare()
    response.headers.update(headers)
    return response


@pytest.mark.parametrize("url", [LOGIN, f"{LOGIN}?nocatalog", "http://two:5000/v3/auth/tokens"])
def test_a_login_is_answered_with_cloud_and_key(url: str) -> None:
    """Wherever Keystone is mounted."""
    assert told(answer(TELLING, url)) == Gateway("CloudTwo", KEY)


@pytest.mark.parametrize(
    "other",
    [
        {"url": "https://two/image/v2/images", "status": 200, "method": "GET"},
        {"url": "https://two/identity/v3/users"},
        {"status": 200, "method": "GET"},
        {"status": 401},
    ],
)
def test_no_other_answer_tells_or_takes_back(other: dict[str, str]) -> None:
    """A service elsewhere, whose answers come by way of home, could tell a key of its own."""
    assert told(answer(TELLING, **other)) is None  # type: ignore[arg-type]
    told(answer(TELLING))
    assert told(answer({}, **other)) is None  # type: ignore[arg-type]


def test_a_key_that_was_told_is_not_taken_back() -> None:
    """At that address; it may be changed, as keys are."""
    assert told(answer({})) is None
    told(answer(TELLING))
    with pytest.raises(KeyTakenBackError, match=r"gateway of CloudTwo has told a key .* before"):
        told(answer({}))
    assert told(answer({}, "https://three/v3/auth/tokens")) is None
    new = f"CloudTwo {KEY[::-1]}"
    assert told(answer({"X-Scope-Key": new})) == Gateway("CloudTwo", KEY[::-1])


@pytest.mark.parametrize(
    "value", ["", "CloudTwo", KEY, f"CloudTwo {KEY}=", f"Cloud Two {KEY}", f"CloudTwo {KEY}, x"]
)
def test_a_key_that_cannot_be_read_is_no_missing_one(value: str) -> None:
    """Who would seal nothing then, could be made to."""
    with pytest.raises(KeyTakenBackError, match="cannot be read"):
        told(answer({"X-Scope-Key": value}))

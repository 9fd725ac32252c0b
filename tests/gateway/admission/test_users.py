"""What a gateway knows of the users of tokens."""

import pytest

from openstackoid.gateway.admission import users as module
from openstackoid.gateway.admission.users import Users


def test_a_token_is_known_with_and_without_a_suffix() -> None:
    """By name, id and cloud, and from where it came last."""
    users = Users()
    users.came("secret!SCOPE!{}", "192.0.2.1")
    users.learn("secret", {"name": "alice", "id": "a1"}, "One")
    user = users.of('secret!SCOPE!{"image":"Two"}')
    assert user is not None
    assert (user.name, user.id, user.cloud, user.address) == ("alice", "a1", "One", "192.0.2.1")
    assert users.of("another") is None
    assert "secret" not in repr(users.__dict__)


@pytest.mark.parametrize("odd", [{}, {"name": 7, "id": ["x"]}, {"name": "", "id": None}])
def test_what_is_no_name_is_none(odd: dict[str, object]) -> None:
    """Another cloud's Keystone may say anything."""
    users = Users()
    users.learn("t", odd, "Two")
    user = users.of("t")
    assert user is not None
    assert (user.name, user.id) == (None, None)


def test_the_token_that_was_not_used_for_longest_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Made-up tokens do not fill the memory."""
    monkeypatch.setattr(module, "TOKENS", 2)
    users = Users()
    for token in ("a", "b", "a", "c"):
        users.came(token, "192.0.2.1")
    assert [users.of(token) is not None for token in "abc"] == [True, False, True]

"""What a gateway knows of the users of tokens."""

import pytest

from openstackoid.gateway.admission import users as module
from openstackoid.gateway.admission.users import Users


def test_a_token_is_known_with_and_without_a_suffix() -> None:
    """By name, id and cloud, and from where it came last."""
    users = Users()
    users.came("secret!SCOPE!{}", "192.0.2.1", "One")
    users.learn("secret", {"name": "alice", "id": "a1"}, "One")
    user = users.of('secret!SCOPE!{"image":"Two"}', "One")
    assert user is not None
    assert (user.name, user.id, user.cloud, user.address) == ("alice", "a1", "One", "192.0.2.1")
    assert users.of("another", "One") is None
    assert users.of("secret", "Two") is None
    assert "secret" not in repr(users.__dict__)


def test_an_assertion_is_known_with_and_without_its_stamp() -> None:
    """Services ask about a stamped one; it came without. Another token may have the same sign."""
    users = Users()
    users.came("oid1.a.b.c!SCOPE!{}", "192.0.2.1", "One")
    users.learn("oid1.a.b.c~stamp", {"name": "alice", "id": "a1"}, "One")
    user = users.of("oid1.a.b.c!SCOPE!{}", "One")
    assert user is not None
    assert (user.name, user.address) == ("alice", "192.0.2.1")
    users.came("token", "192.0.2.1", "One")
    assert users.of("token~stamp", "One") is None


@pytest.mark.parametrize("odd", [{}, {"name": 7, "id": ["x"]}, {"name": "", "id": None}])
def test_what_is_no_name_is_none(odd: dict[str, object]) -> None:
    """Another cloud's Keystone may say anything."""
    users = Users()
    users.learn("t", odd, "Two")
    user = users.of("t", "Two")
    assert user is not None
    assert (user.name, user.id) == (None, None)


def test_the_token_that_was_not_used_for_longest_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Made-up tokens do not fill the memory."""
    monkeypatch.setattr(module, "TOKENS", 2)
    users = Users()
    for token in ("a", "b", "a", "c"):
        users.came(token, "192.0.2.1", "One")
    assert [users.of(token, "One") is not None for token in "abc"] == [True, False, True]


def test_what_a_login_says_counts_until_a_keystone_says_it() -> None:
    """It is good for the audit, and for nothing else."""
    users = Users()
    users.hear("t", "alice", "One")
    users.hear("t", "bob", "One")
    heard = users.of("t", "One")
    assert heard is not None
    assert (heard.name, heard.said) == ("bob", True)
    users.learn("t", {"name": "mallory", "id": "m1"}, "One")
    users.hear("t", "alice", "One")
    known = users.of("t", "One")
    assert known is not None
    assert (known.name, known.said) == ("mallory", False)

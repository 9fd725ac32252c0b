"""What is said between gateways, and between the processes of one."""

import msgspec
import pytest

from openstackoid.gateway.replicas.messages import Answer, Ask, Order, Question, Show, Told


def test_no_token_is_shown() -> None:
    """In a log, say."""
    order = Order("secret", "POST", "/p", "compute", b"{}", ("One",))
    assert "secret" not in repr(order) + repr(Show("secret"))


def test_an_older_gateway_says_less() -> None:
    """And is understood."""
    assert msgspec.json.decode(b"{}", type=Question) == Question()
    assert msgspec.json.decode(b"{}", type=Answer) == Answer()
    assert msgspec.json.decode(b'{"state":"fits","new":1}', type=Told) == Told("fits")


@pytest.mark.parametrize("text", [b'{"news":1}', b'{"x":1}', b'{"states":{"a":1}}', b"[]"])
def test_a_strange_question_is_none(text: bytes) -> None:
    """Nothing of it is guessed."""
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(text, type=Question)


def test_each_message_says_what_it_is() -> None:
    """To the process that gets it."""
    asked = msgspec.msgpack.encode(Ask("One", b""))
    assert msgspec.msgpack.decode(asked, type=Ask | Show) == Ask("One", b"")

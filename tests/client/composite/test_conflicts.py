"""Commands that cannot be run in several clouds at once."""

from argparse import Namespace

import pytest

from openstackoid.client.composite import conflicts


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("server ssh", {}),
        ("image save", {"filename": "x"}),
        ("container save", {}),
        ("secret get", {"file": "x"}),
        ("keypair create", {"private_key": "x"}),
        ("stack abandon", {"output_file": "x"}),
    ],
)
def test_a_terminal_and_a_file_are_for_one_cloud(name: str, options: dict[str, str]) -> None:
    """Each would write over what the other wrote."""
    assert conflicts.refusal(name, Namespace(**options))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("server list", {}),
        ("image create", {"file": "x"}),
        ("secret get", {"file": None}),
        ("keypair create", {"private_key": None}),
    ],
)
def test_reading_a_file_is_for_all(name: str, options: dict[str, str | None]) -> None:
    """Each branch opens it for itself."""
    assert conflicts.refusal(name, Namespace(**options)) is None


@pytest.mark.parametrize(
    ("name", "options", "asks"),
    [
        ("user create", {"password_prompt": True}, True),
        ("user create", {"password_prompt": False}, False),
        ("user password set", {"password": None, "original_password": "x"}, True),
        ("user password set", {"password": "x", "original_password": "x"}, False),
        ("server set", {"root_password": True}, True),
        ("image create", {"sign_key_path": "x"}, True),
        ("stack delete", {"yes": False}, True),
        ("stack delete", {"yes": True}, False),
        ("project cleanup", {"auto_approve": False}, True),
        ("server list", {}, False),
    ],
)
def test_questions_are_asked_one_after_another(
    name: str, options: dict[str, object], asks: bool
) -> None:
    """Told by the options that lead to them."""
    assert conflicts.asks(name, Namespace(**options)) is asks

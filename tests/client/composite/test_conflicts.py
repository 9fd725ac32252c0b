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
        ("stack export", {"output_file": "x"}),
        ("coe cluster config", {"dir": ".", "force": True}),
        ("coe cluster config", {"dir": None}),
        ("dataprocessing job type configs get", {"file": "f"}),
        ("dataprocessing plugin configs get", {"file": None}),
        ("dataprocessing job binary download", {"file": None}),
        ("dataprocessing cluster template export", {"file": "f"}),
        ("vnf package artifact download", {"file": "f"}),
        ("package download", {"filename": "f"}),
        ("baremetal node inventory save", {"file": None}),
        ("database log save", {"file": None}),
        ("appcontainer cp", {"source": "c:/x", "destination": "."}),
        ("appcontainer attach", {}),
        ("appcontainer run", {"interactive": True}),
        ("some report show", {"filename": "f"}),
        ("some thing list", {"output_dir": "d"}),
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
        ("stack export", {"output_file": None}),
        ("dataprocessing cluster template export", {"file": None}),
        ("dataprocessing cluster template import", {"json": "x"}),
        ("object create", {"filename": "x"}),
        ("image set", {"file": "x"}),
        ("stack create", {"template": "x"}),
        ("appcontainer run", {"interactive": False}),
        ("coe cluster list", {}),
        ("stack output show", {"output": "x"}),
        ("network rbac show", {"filename": ""}),
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

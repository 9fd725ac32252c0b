"""How a gateway runs, from one process to another."""

from pathlib import Path

import pytest

from openstackoid.gateway.settings import Settings


@pytest.mark.parametrize(
    "settings",
    [
        Settings(Path("federation.yaml"), "CloudOne"),
        Settings(Path('/a "b"/é\n.yaml'), "Clöud", 0.25, 1e-9, 5, 0.1, 1),
    ],
)
def test_another_process_runs_by_the_same_settings(settings: Settings) -> None:
    """What is written as text is read as it was, whatever a path or a name has in it."""
    again = Settings.of(settings.text)
    assert again == settings
    assert isinstance(again.federation, Path)


def test_what_nobody_said_is_as_the_program_has_it() -> None:
    """A text of an older program, which knows fewer settings, gets the defaults of the new one."""
    short = Settings.of('{"federation": "f.yaml", "cloud": "CloudOne"}')
    assert short == Settings(Path("f.yaml"), "CloudOne")


def test_a_setting_that_nobody_knows_is_an_error() -> None:
    """It is not dropped in silence."""
    with pytest.raises(TypeError, match="speed"):
        Settings.of('{"federation": "f.yaml", "cloud": "CloudOne", "speed": 1}')


@pytest.mark.parametrize(
    ("given", "file"),
    [
        (None, "/etc/oid/made-One.sqlite"),
        ("", "/etc/oid/made-One.sqlite"),
        ("/var/lib/oid", "/var/lib/oid/made-One.sqlite"),
        ("/var/lib/oid:/var/lib/another", "/var/lib/oid/made-One.sqlite"),
    ],
)
def test_what_is_remembered_is_where_systemd_lets_the_gateway_write(
    monkeypatch: pytest.MonkeyPatch, given: str | None, file: str
) -> None:
    """Without systemd it is beside the federation file."""
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    if given is not None:
        monkeypatch.setenv("STATE_DIRECTORY", given)
    assert Settings(Path("/etc/oid/federation.yaml"), "One").made == Path(file)

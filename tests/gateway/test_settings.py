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

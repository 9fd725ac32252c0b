"""What a command asks of the journal."""

from pathlib import Path

import pytest
from journal.keeping import kept

from openstackoid.journal import reading
from openstackoid.journal.intent import State
from openstackoid.journal.reading import NoKeeperError


async def test_without_a_gateway_nobody_answers(tmp_path: Path) -> None:
    """The message says what to do."""
    with pytest.raises(NoKeeperError, match="start the gateway"):
        await reading.shown(tmp_path / "missing", *State)
    async with kept(tmp_path):
        assert await reading.shown(tmp_path, *State) == ()
    with pytest.raises(NoKeeperError, match="start the gateway"):
        await reading.shown(tmp_path, *State)


async def test_a_directory_may_have_a_long_name(tmp_path: Path) -> None:
    """Although a socket's may not: it is found by the directory that is open."""
    directory = tmp_path / ("d" * 100) / ("e" * 100)
    directory.mkdir(parents=True)
    async with kept(directory):
        assert await reading.shown(directory, *State) == ()

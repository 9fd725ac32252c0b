"""A cloud as the lab remembers it; nothing runs."""

from pathlib import Path

import pytest

from openstackoid.lab import LabCloud, addresses, databases


@pytest.fixture
def cloud(tmp_path: Path) -> LabCloud:
    """Return a cloud with block storage whose directory has a space in its name."""
    directory = tmp_path / "a lab" / "CloudOne"
    directory.mkdir(parents=True)
    cloud = LabCloud(
        "CloudOne", 1, addresses.network("127.7.0.0/16"), directory, ("block-storage",)
    )
    databases.make_passwords(cloud)
    return cloud

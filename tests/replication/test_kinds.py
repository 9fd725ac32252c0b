"""Kinds of resources."""

import dataclasses

import pytest
from replication.making import FLAVOR


def test_a_kind_does_not_change() -> None:
    """All clouds join by the same table."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        FLAVOR.name = "image"  # type: ignore[misc]

"""The table of what is replicated."""

import pytest

from openstackoid.replication.apis.api import NotReplicatedError
from openstackoid.replication.apis.table import APIS, asked


def test_each_kind_is_under_its_name() -> None:
    """By which operations name it."""
    assert {name: api.kind.name for name, api in APIS.items()} == {name: name for name in APIS}


def test_a_request_is_of_one_kind() -> None:
    """By its service and its path."""
    assert asked("compute", "DELETE", "/v2.1/flavors/1", None).api is APIS["flavor"]
    assert asked("compute", "DELETE", "/v2.1/os-keypairs/1", None).api is APIS["keypair"]


@pytest.mark.parametrize(
    ("service", "path"),
    [("compute", "/v2.1/os-aggregates"), ("network", "/v2.0/routers"), ("image", "/v2.1/flavors")],
)
def test_what_is_in_no_table_is_refused(service: str, path: str) -> None:
    """With what could be done instead."""
    with pytest.raises(NotReplicatedError, match="policy all or any"):
        asked(service, "POST", path, {})

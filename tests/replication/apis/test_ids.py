"""Ids of resources in requests."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.replication.apis import ids
from openstackoid.replication.apis.ids import Meant

PROJECT = "a" * 32


@pytest.mark.parametrize(
    ("service", "target", "kind", "other"),
    [
        ("network", "/v2.0/networks/7", "network", "/v2.0/networks/x"),
        ("network", "/networks/7?fields=id", "network", "/networks/x?fields=id"),
        ("network", "/v2.0/security-groups/7/tags/7", "security-group",
         "/v2.0/security-groups/x/tags/7"),
        ("image", "/v2/images/7/file", "image", "/v2/images/x/file"),
    ],
)  # fmt: skip
def test_a_path_has_the_id_of_its_resource(
    service: str, target: str, kind: str, other: str
) -> None:
    """All else of it stays, whatever it is."""
    assert ids.in_path(service, target) == Meant(kind, "7")
    assert ids.path_with(service, target, lambda *_: "x") == other
    assert ids.path_with(service, target, lambda *_: None) == target


@pytest.mark.parametrize(
    ("service", "target"),
    [
        ("network", "/v2.0/networks"),
        ("network", "/v2.0/networks?id=7"),
        ("network", "/v2.0/ports/7"),
        ("network", "/v2.0/networks/..%2f7"),
        ("network", "/v2.0/networks/.."),
        ("network", "/x/networks/7"),
        ("image", "/v2.0/networks/7"),
        ("compute", "/v2.1/os-keypairs/7"),
        ("compute", "/v2.1/flavors/7"),
        ("identity", "/v3/projects/7"),
    ],
)
def test_no_other_path_has_one(service: str, target: str) -> None:
    """Nor one of what is the same in all clouds; nothing of it is changed."""
    assert ids.in_path(service, target) is None
    assert ids.path_with(service, target, lambda *_: "x") == target


def test_a_body_has_the_ids_that_the_table_names() -> None:
    """Also in lists; never in names, descriptions or metadata."""
    port: dict[str, Any] = {
        "network_id": "n",
        "name": "n",
        "fixed_ips": [{"subnet_id": "s"}, {"ip_address": "n"}],
        "security_groups": ["g", "h", None],
        "description": "s",
    }
    document = {"port": port}
    every = [("network", "n"), ("subnet", "s"), ("security-group", "g"), ("security-group", "h")]
    assert ids.in_document("network", document) == every
    changed = ids.document_with("network", document, lambda kind, one: f"{kind[0]}{one}")
    assert changed["port"] == {
        **port,
        "network_id": "nn",
        "fixed_ips": [{"subnet_id": "ss"}, {"ip_address": "n"}],
        "security_groups": ["sg", "sh", None],
    }
    server = {"server": {"metadata": {"imageRef": "i"}, "imageRef": "j", "networks": "auto"}}
    assert ids.in_document("compute", server) == [("image", "j")]
    assert ids.in_document("network", {"subnet_id": "s"}) == [("subnet", "s")]


ANYTHING = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["port", "subnet", "network_id", "fixed_ips", "subnet_id"]), inner
        )
    ),
)


@given(ANYTHING)
def test_any_body_stays_as_it_is_where_there_is_no_other_id(document: Any) -> None:
    """Whatever it is."""
    assert ids.document_with("network", document, lambda *_: None) == document
    assert all(isinstance(one, str) for _, one in ids.in_document("network", document))


def test_an_id_of_another_cloud_that_is_no_id_is_not_plain() -> None:
    """It would become another path."""
    assert ids.is_plain("0a-b_c.d")
    assert not any(map(ids.is_plain, ["", "..", ".a", "a/b", "a?b", "a%2f", "é", "x" * 65, "a\n"]))

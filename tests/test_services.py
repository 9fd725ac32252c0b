"""What is special about a service type, row by row."""

import pytest

from openstackoid.services import (
    BOUND,
    CALLS,
    Service,
    is_data,
    known_names,
    record_of,
    service_type,
    special,
)

DATA = [
    ("image", "/v2/images/i/file", True),
    ("image", "/v2/images/i/stage", True),
    ("image", "/v2/images/i", False),
    ("image", "/v2/images", False),
    ("object-store", "/v1/AUTH_a/c/o", True),
    ("object-store", "/v1/AUTH_a/c/o/p", True),
    ("object-store", "/AUTH_a/c/o", True),
    ("object-store", "/v1/AUTH_a/c/", False),
    ("object-store", "/v1/AUTH_a/c", False),
    ("object-store", "/v1/AUTH_a", False),
    ("object-store", "/info", False),
    ("compute", "/v2.1/servers/s/file", False),
    ("registry", "/v2/a/manifests/1", False),
]


@pytest.mark.parametrize(("service", "path", "data"), DATA)
def test_bytes_of_users_are_known_by_their_path(service: str, path: str, data: bool) -> None:
    """An object and the data of an image are the user's own; a list of them is not."""
    assert is_data(service, path) is data


@pytest.mark.parametrize(
    ("name", "official"),
    [
        ("cinder", "block-storage"),
        ("volumev3", "block-storage"),
        ("block_storage", "block-storage"),
        ("Nova", "compute"),
        ("nothing", None),
    ],
)
def test_names_are_folded_to_the_official_type(name: str, official: str | None) -> None:
    """Types, aliases and projects' names; what the authority does not know is None."""
    assert service_type(name) == official
    assert name == "nothing" or name.lower() in known_names() or official in known_names()


def test_what_follows_compute_is_bound_to_it() -> None:
    """A server's volumes, networks and inventories are in its own cloud."""
    assert BOUND == ("block-storage", "network", "placement")


def test_nobody_but_nova_and_cinder_calls_others_with_the_token_of_their_user() -> None:
    """Both fetch images; nova asks for ports, and for volumes where clouds share them."""
    assert set(CALLS) == {
        ("block-storage", "image"),
        ("compute", "block-storage"),
        ("compute", "image"),
        ("compute", "network"),
    }


@pytest.mark.parametrize(
    ("service", "path", "key"),
    [
        ("image", "/v2/images", None),
        ("image", "/v2/images/", None),
        ("compute", "/v2.1/flavors", "flavor"),
        ("compute", "/v2/0123/flavors", "flavor"),
    ],
)
def test_a_client_may_choose_ids_of_images_and_flavors(
    service: str, path: str, key: str | None
) -> None:
    """The collection tells, and under which key the id stands."""
    (chosen,) = special(service).chosen
    assert chosen.collection.fullmatch(path)
    assert chosen.key == key
    assert not chosen.collection.fullmatch("/v2.1/servers")


def test_of_a_service_without_a_row_nothing_is_special() -> None:
    """Any service of OpenStack's conventions works without one."""
    assert special("registry") == Service()


def test_clients_need_a_path_in_the_catalog_of_some_services() -> None:
    """With or without a project in it; all others are at their address."""
    assert special("object-store").catalog_path == "/v1/AUTH_{project}"
    assert special("workflow").catalog_path == "/v2"
    assert special("dns").catalog_path == special("image").catalog_path == ""
    assert special("object-store").signed_paths
    assert not special("image").signed_paths


def test_what_services_at_home_act_on_is_known_of_images() -> None:
    """Nova and cinder ask for them in another cloud."""
    acted_on, not_asked = special("image").acted_on, special("image").not_asked
    assert acted_on.keys() == {"block_device_mapping", "direct_url", "locations"}
    assert not_asked is not None
    assert not_asked.fullmatch("/v2/images/i/locations")
    assert not not_asked.fullmatch("/v2/images/i")
    assert special("compute").acted_on == {}


@pytest.mark.parametrize(
    ("service", "path", "record"),
    [
        ("image", "/v2/images/x/file", "x"),
        ("image", "/v2/images/x", None),
        ("object-store", "/v1/AUTH_x/container/object", None),
        ("compute", "/servers", None),
    ],
)
def test_what_data_belong_to_is_known(service: str, path: str, record: str | None) -> None:
    """An object is its data; an image is there before it has any."""
    assert record_of(service, path) == record

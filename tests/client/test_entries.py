"""Which entry of clouds.yaml is the account in which cloud."""

from typing import Any

import openstack
import pytest
from openstack.exceptions import ConfigException

from openstackoid.client import hook

from .conftest import Write
from .fake import Fake
from .wallets import IMAGE_TWO, THERE, connect, entry, header, tokens

pytestmark = pytest.mark.filterwarnings(r"ignore:::openstack\.")  # openstacksdk warns of itself


@pytest.mark.parametrize("given", [{}, "", {"CloudThree": "Cloud-Two"}])
def test_entries_given_are_the_only_ones(given: object, two: Fake, write: Write) -> None:
    """Without any, one account is enough, if the clouds trust each other."""
    write(oid_clouds=given)
    with connect(IMAGE_TWO) as connection:
        connection.session.get_auth_headers()
    assert two.requests == []


@pytest.mark.parametrize("given", [{"CloudThree": "Cloud-Two"}, "CloudThree=Cloud-Two, X=y"])
def test_an_entry_may_have_another_name(given: object, write: Write) -> None:
    """As a mapping or as text, for variables."""
    write(oid_clouds=given)
    with connect("image=CloudThree") as connection:
        assert tokens(connection)["CloudThree"] == (THERE, "p1")


@pytest.mark.parametrize(
    "given",
    [
        {"Cloud-Two": "nowhere"},
        {"Cloud-Two": 2},
        ["Cloud-Two"],
        "Cloud-Two",
        "=Cloud-Two",
        "X=Cloud-Two,X=here",
        "Cloud-X=Cloud-Two, Cloud_X=here",
    ],
)
def test_a_mistake_in_the_entries_ends_the_program(
    given: object, cloud: Fake, write: Write
) -> None:
    """Before anything is sent."""
    write(oid_clouds=given)
    with pytest.raises(ConfigException, match="oid_clouds"):
        connect(IMAGE_TWO)
    assert cloud.requests == []


def test_an_entry_that_cannot_be_used_is_named_with_its_cloud(two: Fake, write: Write) -> None:
    """Of several, one has to know which to mend."""
    write({"three": entry(two, auth_type="nonsense")}, oid_clouds={"CloudThree": "three"})
    with pytest.raises(ConfigException, match=r"entry three .*\(for CloudThree\)"):
        connect("image=CloudThree")


def test_home_has_one_account_under_all_names(cloud: Fake, write: Write) -> None:
    """An entry at the same address is home: the one in use counts."""
    write({"CloudOne": entry(cloud, "other")})
    with connect("compute=CloudOne,image=Cloud-Two") as connection:
        assert tokens(connection).keys() == {"*", "Cloud-Two"}
    with connect("compute=CloudOne") as connection:
        connection.session.get_auth_headers()
    assert "other" not in str(cloud.requests)


def test_an_entry_that_lacks_something_is_named(cloud: Fake, write: Write) -> None:
    """It is not the one the user asked for."""
    write({"Cloud-Two": {"auth": {}, "auth_type": "v3oidtoken"}})
    with pytest.raises(ConfigException, match=r"Cloud-Two of clouds.yaml \(for Cloud-Two\)"):
        connect(IMAGE_TWO)
    assert cloud.requests == []


def regions(*values: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of an entry with several regions."""
    return {"regions": [{"name": f"R{n}", "values": v} for n, v in enumerate(values)]}


@pytest.mark.parametrize("field", ["auth_url", "username", "project_name"])
def test_an_entry_whose_regions_log_in_differently_is_refused(
    field: str, cloud: Fake, two: Fake, write: Write
) -> None:
    """Nobody knows which of them is meant: that of another cloud would be told to this one."""
    other = f"{cloud.url}/three" if field == "auth_url" else "other"
    differing = regions({}, {"auth": {field: other}})
    write({"Cloud-Two": entry(two, **differing)})
    told = r"Cloud-Two of clouds.yaml \(for Cloud-Two\): its regions R0, R1 log in differently"
    with pytest.raises(ConfigException, match=told):
        connect(IMAGE_TWO)
    assert cloud.requests == two.requests == []


def test_regions_of_one_keystone_are_one_account(write: Write, two: Fake) -> None:
    """By any of them the token is the same."""
    same = regions({"auth": {"auth_url": f"{two.url}/identity"}}, {"interface": "internal"})
    write({"Cloud-Two": entry(two, **same)})
    with connect(IMAGE_TWO) as connection:
        assert tokens(connection)["Cloud-Two"] == (THERE, "p1")


def test_a_region_has_an_entry_of_its_own(cloud: Fake, two: Fake, write: Write) -> None:
    """As the refusal says."""
    elsewhere = regions({"auth": {"auth_url": f"{cloud.url}/three"}}, {})
    write(
        {"Cloud-Two": entry(two, **elsewhere), "second": entry(two)},
        oid_clouds={"Cloud-Two": "second"},
    )
    with connect(IMAGE_TWO) as connection:
        assert tokens(connection)["Cloud-Two"] == (THERE, "p1")


def test_the_entry_in_use_may_not_be_for_two_clouds(cloud: Fake, two: Fake, write: Write) -> None:
    """Whose region in use is home; another region with another Keystone is another cloud."""
    own = {"oid_clouds": {"Cloud-Two": "here"}}
    write(**own, **regions({}, {"auth": {"auth_url": f"{two.url}/identity"}}))
    with pytest.raises(ConfigException, match=r"entry here .*log in differently"):
        connect(IMAGE_TWO)
    write(**own, **regions({}, {"auth": {"project_name": "other"}}))
    with connect(IMAGE_TWO) as connection:
        connection.session.get_auth_headers()
    assert two.requests == []


def test_names_that_differ_in_a_dash_are_different_clouds(
    cloud: Fake, two: Fake, write: Write
) -> None:
    """The entry of exactly this name counts, in whatever order they are written."""
    write({"Cloud_Two": entry(cloud, "bob", auth={"auth_url": f"{cloud.url}/no"})})
    with connect(IMAGE_TWO) as connection:
        assert tokens(connection)["Cloud-Two"] == (THERE, "p1")
    assert "bob" not in str(cloud.requests)


@pytest.mark.parametrize("names", [["Cloud_Three-A"], ["Cloud_Three-A", "Cloud-Three-A"]])
def test_an_entry_that_is_only_spelled_alike_is_refused(
    names: list[str], cloud: Fake, two: Fake, write: Write
) -> None:
    """It may be for another cloud of the federation."""
    write({name: entry(two) for name in names})
    with pytest.raises(ConfigException, match=r"has no Cloud_Three_A, but Cloud_Three-A"):
        connect("image=Cloud_Three_A")
    assert cloud.requests == two.requests == []


def test_a_name_in_oid_clouds_is_taken_as_it_is_written(two: Fake, write: Write) -> None:
    """Though openstacksdk makes one of those that differ in a dash."""
    write({"second": entry(two)}, oid_clouds={"Cloud_X": "second"})
    with pytest.raises(ConfigException, match=r"oid_clouds has no Cloud-X, but Cloud_X"):
        connect("image=Cloud-X")
    write({"second": entry(two)}, oid_clouds={"Cloud-X": "second", "Cloud_X": "Cloud-Two"})
    with pytest.raises(ConfigException, match="oid_clouds has two entries for Cloud_X"):
        connect("image=Cloud-X")
    assert two.requests == []


def test_a_program_s_own_mapping_may_not_mean_two_clouds(two: Fake, write: Write) -> None:
    """What openstacksdk has already made of its keys cannot be known."""
    write()
    given = {"Cloud-X": "Cloud-Two"}
    scope = "image=Cloud-X,compute=Cloud_X"
    with pytest.raises(ConfigException, match="cannot tell Cloud_X and Cloud-X apart"):
        openstack.connect(cloud="here", vendor_hook=hook.NAME, oid_scope=scope, oid_clouds=given)
    more: dict[str, Any] = {"oid_scope": "image=Cloud-X", "oid_clouds": given}
    with openstack.connect(cloud="here", vendor_hook=hook.NAME, **more) as connection:
        assert THERE in header(connection)

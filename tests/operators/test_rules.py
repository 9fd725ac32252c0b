"""The rules that the gateway and the client share, one by one."""

from itertools import pairwise

import pytest

from openstackoid.operators import rules
from openstackoid.operators.rules import Policy

UNSENT = {"error": {"code": 502, "sent": False}}
ANSWERED = [{}, None, {"error": "odd"}, {"error": {"code": 502}}, {"error": {"sent": True}}, [1]]


def test_reading_takes_what_there_is_and_writing_all_or_nothing() -> None:
    """Where no policy is asked for; the names are those of X-Scope-Policy."""
    assert Policy.by_default(reads=True) is Policy("any")
    assert Policy.by_default(reads=False) is Policy("all")


@pytest.mark.parametrize("status", [200, 302, 400, 404, 409, 499, 500, 502, 503, 504])
def test_a_refusal_surely_did_nothing(status: int) -> None:
    """And neither did what is not available; all else may have been carried out."""
    nothing = status in {400, 404, 409, 499, 503}
    for document in ANSWERED:
        assert rules.did_nothing(status, document) is nothing


def test_what_got_nowhere_surely_did_nothing() -> None:
    """By the word of the gateway that could not pass it on, or because there was no connection."""
    assert rules.did_nothing(502, UNSENT)
    assert rules.did_nothing(None, sent=False)
    assert not rules.did_nothing(None)


def test_failures_are_ranked_by_what_they_say() -> None:
    """A reason, a refused token, not found, an empty list, and a cloud that could say nothing."""
    groups: list[set[int | None]] = [
        {400, 403, 409, 429},
        {401},
        {404},
        {200},
        {500, 502, 503, None},
    ]
    for more, less in pairwise(groups):
        assert max(map(rules.telling_order, more)) < min(map(rules.telling_order, less))


@pytest.mark.parametrize(
    ("status", "deletes", "shows", "without"),
    [
        (404, True, False, True),
        (404, False, True, True),
        (404, False, False, False),
        (403, True, False, False),
        (500, False, True, False),
        (None, True, False, False),
    ],
)
def test_only_what_is_deleted_or_shown_need_not_be_everywhere(
    status: int | None, deletes: bool, shows: bool, without: bool
) -> None:
    """A list and any other change are wanted of every cloud."""
    assert rules.does_without(status, deletes=deletes, shows=shows) is without


@pytest.mark.parametrize(
    ("query", "items", "nothing"),
    [
        ([("name", "x")], [], True),
        ([("limit", "5"), ("status", "ACTIVE")], [], True),
        ([("name", "x")], [1], False),
        ([("name", "x")], None, False),
        ([("limit", "5"), ("marker", "a"), ("sort_key", "name"), ("fields", "id")], [], False),
        ([], [], False),
    ],
)
def test_only_a_filtered_list_can_find_nothing(
    query: list[tuple[str, str]], items: list[object] | None, nothing: bool
) -> None:
    """By more than pages, order and fields."""
    assert rules.found_nothing(query, items) is nothing


@pytest.mark.parametrize(
    ("path", "document", "location", "created"),
    [
        ("/v2.1/servers", {"server": {"id": "s"}}, None, "s"),
        ("/v2/images", {"id": "i", "name": "n"}, None, "i"),
        ("/v2.1/os-keypairs", {"keypair": {"name": "k"}}, None, "k"),
        ("/resource_providers", None, "http://x/resource_providers/r?y", "r"),
        ("/resource_providers", None, "/resource_providers/r/", "r"),
        ("/v2/images", {"id": "i"}, "http://x/v2/images/other", "i"),
        ("/v2.0/networks", {"networks": [{"id": "a"}, {"id": "b"}]}, None, None),
        ("/v2.1/servers", {}, None, None),
        ("/v2.1/servers/s/action", {"id": "s"}, "http://x/images/new", None),
        ("/v2.1/servers/s/action/", {"id": "s"}, None, None),
        ("/v2/images/i/actions/deactivate", {"id": "i"}, None, None),
        ("/v1/clusters/c/actions", {"action": "a"}, "/actions/a", None),
        ("/v3/p/manageable_volumes", {"volume": {"id": "v"}}, None, None),
        ("/v2/shares/manage", {"share": {"id": "s"}}, None, None),
        ("/v2/actions-of-mine", {"id": "a"}, None, "a"),
    ],
)
def test_the_id_of_what_was_created_is_in_the_answer(
    path: str, document: object, location: str | None, created: str | None
) -> None:
    """What an action answers with, and what was given to manage, was there before."""
    assert rules.created_id(path, document, location) == created


def test_an_id_is_ours_to_choose_where_the_request_names_none() -> None:
    """Then nothing else has it."""
    assert all(map(rules.is_left_open, (None, "", "auto")))
    assert not rules.is_left_open("mine")
    assert rules.new_id() != rules.new_id()


@pytest.mark.parametrize(
    ("counts", "several"),
    [([None, None], False), ([1, "1"], False), ([0], False), ([2, None], True), ([1, "3"], True)],
)
def test_several_things_at_once_are_counted(counts: list[object], several: bool) -> None:
    """As numbers or texts, of which a missing one counts as one."""
    assert rules.are_several(counts) is several


def test_an_id_of_ours_is_removed_without_an_answer() -> None:
    """One that the cloud said it created comes first."""
    assert rules.to_remove("theirs", "ours") == "theirs"
    assert rules.to_remove(None, "ours") == "ours"
    assert rules.to_remove(None, None) is None


@pytest.mark.parametrize(
    ("status", "there", "gone"),
    [
        (204, True, True),
        (202, False, True),
        (404, False, True),
        (404, True, False),
        (500, False, False),
        (None, False, False),
    ],
)
def test_a_removal_that_finds_nothing_is_well_only_if_there_may_be_nothing(
    status: int | None, there: bool, gone: bool
) -> None:
    """Where the cloud said that something is there, it must say that it is removed."""
    assert rules.is_gone(status, there=there) is gone


@pytest.mark.parametrize(
    ("acted", "there", "undone", "nothing"),
    [
        (False, False, None, True),
        (True, True, True, True),
        (True, False, True, False),
        (True, True, False, False),
        (True, True, None, False),
    ],
)
def test_nothing_is_left_of_what_was_there_and_removed(
    acted: bool, there: bool, undone: bool | None, nothing: bool
) -> None:
    """What has not been answered may arrive after the look that found nothing."""
    assert rules.nothing_left(acted=acted, there=there, undone=undone) is nothing


def test_an_operand_is_down_if_all_its_clouds_are() -> None:
    """An alternative in it may work."""
    assert rules.is_down(["A", "B"], {"A", "B", "C"}.__contains__)
    assert not rules.is_down(["A", "B"], {"A"}.__contains__)
    assert "A is known to be down, so nothing was sent to A&B" in rules.none_sent("A", "A&B")


def test_alternatives_share_the_patience() -> None:
    """So that all of them are tried within it."""
    assert rules.share(30.0, 3) * 3 == rules.PATIENCE

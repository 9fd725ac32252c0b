"""What is brought by itself holds up nothing else, and its failures are kept."""

from replication.making import Gateway, ram

from openstackoid.replication.apis.image import IMAGE
from openstackoid.replication.bringing import NOT_BROUGHT, again_at, apart, brought, not_brought
from openstackoid.replication.copy import Copy, Refused
from openstackoid.replication.delivery import REFUSED
from openstackoid.replication.explained import State, explained
from openstackoid.replication.operation import Action
from openstackoid.replication.plan import Change

AT = Gateway.of("Paris").order(Action.CREATE, ram(1)).at
DATA, NAME = Change({("data", None): "{}"}, AT), Change({("name", None): '"n"'}, AT)


def test_it_is_told_from_what_requests_write() -> None:
    """Each is done by itself."""
    assert apart((NAME, DATA), IMAGE.kind) == (DATA, [NAME])
    assert apart((NAME,), IMAGE.kind) == (None, [NAME])


def test_a_failure_is_kept_until_it_is_tried_again() -> None:
    """And is no refusal of the cloud; those of other things stay."""
    other = Refused(NAME, 403, "no", 9.0)
    copy = not_brought(Copy(refused=(other,)), DATA, NOT_BROUGHT, "it broke off", 1.0)
    assert again_at(copy, DATA) == 1.0 + REFUSED
    assert explained(copy, (DATA,)) is State.DATA_FAILED
    assert explained(copy, (DATA, Change({}, AT))) is State.PENDING
    copy = brought(copy, DATA)
    assert copy.refused == (other,)
    assert again_at(copy, DATA) == 0.0

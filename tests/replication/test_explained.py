"""The words for the states of copies."""

import pytest
from replication.making import Gateway, ram

from openstackoid.replication.copy import Attempt, Copy, Refused
from openstackoid.replication.explained import State, explained, refusal
from openstackoid.replication.operation import Action
from openstackoid.replication.plan import (
    Busy,
    Change,
    Conflicting,
    Create,
    Delete,
    Drift,
    Failed,
    Fits,
    Gone,
    Step,
    Unknown,
)
from openstackoid.replication.traces import Trace

AT = Gateway.of("Paris").order(Action.CREATE, ram(1)).at
CREATE, CHANGE, DELETE = Create(AT, {}), Change({}, AT), Delete("7", AT)


@pytest.mark.parametrize(
    ("step", "state"),
    [
        (Fits(), State.FITS),
        (Fits((Drift("description", None, "by hand"),)), State.DRIFTED),
        (CREATE, State.PENDING),
        (CHANGE, State.PENDING),
        (DELETE, State.PENDING),
        (Busy(), State.BUILDING),
        (Busy(going=True), State.PENDING),
        (Gone(), State.DELETED_BY_HAND),
        (Conflicting(AT), State.CONFLICTING),
        (Failed("no host"), State.FAILED_THERE),
        (Unknown(AT), State.IN_DOUBT),
    ],
)
def test_each_step_has_a_word(step: Step, state: State) -> None:
    """Whoever asks reads one word for what a copy needs."""
    assert explained(Copy(), [step]) is state


@pytest.mark.parametrize(
    ("copy", "state"),
    [
        (Copy(doubtful=(Trace("9"),)), State.IN_DOUBT),
        (Copy(attempt=Attempt(CHANGE, 1, 2)), State.PENDING),
        (Copy(leftovers=(Trace("9", AT),)), State.PENDING),
        (
            Copy(leftovers=(Trace("9", AT),), refused=(Refused(Delete("9", AT), 403, "no", 1),)),
            State.REFUSED,
        ),
        (
            Copy(
                leftovers=(Trace("9", AT),), refused=(Refused(Delete("9", AT), 409, "in use", 1),)
            ),
            State.PENDING,
        ),
        (Copy(refused=(Refused(CHANGE, 403, "no", 1),)), State.FITS),
    ],
)
def test_a_copy_that_fits_may_still_have_something_to_say(copy: Copy, state: State) -> None:
    """But not what a cloud has refused that nobody wants any more."""
    assert explained(copy, [Fits()]) is state


def test_what_is_refused_is_told_while_it_is_needed() -> None:
    """Also if the id that may be chosen is another one by now."""
    refused = Refused(Create(AT, {}, number=1), 403, "no", 1)
    assert refusal(Copy(refused=(refused,), number=1), [CREATE]) == refused
    assert refusal(Copy(refused=(refused,), number=2), [CREATE]) is None


def test_as_long_as_one_order_is_not_refused_a_copy_is_pending() -> None:
    """It may still get better."""
    other = Change({("k", None): "1"}, AT)
    copy = Copy(refused=(Refused(CHANGE, 403, "no", 1),))
    assert explained(copy, [CHANGE, other]) is State.PENDING
    assert explained(copy, [CHANGE]) is State.REFUSED


def test_what_is_in_use_is_pending_with_the_words_of_the_service() -> None:
    """It is deleted some time; a create that is answered so is refused."""
    in_use = Refused(DELETE, 409, "in use", 1)
    copy = Copy(refused=(in_use,))
    assert explained(copy, [DELETE]) is State.PENDING
    assert refusal(copy, [DELETE]) == in_use
    assert explained(Copy(refused=(Refused(CREATE, 409, "there", 1),)), [CREATE]) is State.REFUSED

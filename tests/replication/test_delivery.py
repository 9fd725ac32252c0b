"""How one copy is brought to what it should be."""

from msgspec.structs import replace
from replication.making import FLAVOR, Gateway, ram

from openstackoid.replication.clock import Timestamp
from openstackoid.replication.copy import Attempt, Copy, Order, Refused
from openstackoid.replication.delivery import (
    BUSY,
    FRESH,
    MOST_LOST,
    MOST_REFUSED,
    NUMBERS,
    REFUSED,
    RETRIES,
    SENDING,
    SUSPECT,
    Look,
    Read,
    Rest,
    Send,
    after_reading,
    again,
    answered,
    before_reading,
    begun,
    looked_for,
    may_send,
    read,
    started,
)
from openstackoid.replication.desired import Desired, Place, desired
from openstackoid.replication.kinds import Recognized
from openstackoid.replication.operation import Action, Write
from openstackoid.replication.plan import (
    Busy,
    Change,
    Create,
    Delete,
    Drift,
    Fits,
    Gone,
    Replica,
    Seen,
)
from openstackoid.replication.traces import Found, Trace

NOW, LIFE, SURE, SETTLE = 1000.0, 7, 900.0, 60.0
TEXT, RAM = ("description", None), ("ram", None)


class Story:
    """A flavor, and what its gateway has written down of its copy."""

    def __init__(self) -> None:
        self.gateway = Gateway.of("Paris")
        self.created = self.gateway.order(Action.CREATE, ram(1)).at
        self.create = Create(self.created, {RAM: "1"})
        self.replica = Replica("7", self.created, {RAM: "1"}, {RAM: self.created})

    @property
    def state(self) -> Desired:
        return desired(self.gateway.known.values(), FLAVOR)

    def sent(self, order: Order, copy: Copy | None = None) -> tuple[Copy, Attempt]:
        """Return the copy after an order was written down."""
        copy = begun(copy or Copy(life=LIFE, looked=NOW), order, NOW, SETTLE)
        assert copy.attempt is not None
        return copy, copy.attempt

    def looked(
        self,
        copy: Copy,
        *found: Found,
        by: Recognized = Recognized.MARK,
        sure: float = NOW - SUSPECT,
    ) -> Copy:
        return looked_for(copy, self.state, found, by, NOW, LIFE, sure)


def test_nothing_is_made_before_somebody_has_looked() -> None:
    """It may be there: the journal may know less than has happened."""
    story = Story()
    assert before_reading(Copy(), story.state, NOW, LIFE, SURE) == Look()
    copy = story.looked(Copy())
    assert before_reading(copy, story.state, NOW, LIFE, SURE) == Read()
    assert after_reading(copy, [story.create], NOW) == Send(story.create)


def test_nobody_looks_while_something_unknown_may_still_be_carried_out() -> None:
    """What an earlier journal had sent, and this one does not know."""
    assert before_reading(Copy(), Story().state, NOW, LIFE, NOW + 3) == Rest(NOW + 3)


def test_what_was_seen_long_ago_is_looked_for_again() -> None:
    """Also if the clock says that it was seen later than now."""
    story = Story()
    copy = story.looked(Copy())
    assert after_reading(copy, [story.create], NOW + FRESH) == Look()
    assert after_reading(copy, [story.create], NOW - 1) == Look()


def test_while_an_answer_may_come_nothing_else_is_sent() -> None:
    """Not even if what is wanted has changed since."""
    story = Story()
    copy, attempt = story.sent(story.create)
    assert before_reading(copy, story.state, NOW + 1, LIFE, SURE) == Rest(attempt.over)


def test_after_that_a_create_is_looked_for_and_anything_else_is_read() -> None:
    """Nobody knows what came of it."""
    story = Story()
    for order, step in ((story.create, Look()), (Change({TEXT: "2"}, story.created), Read())):
        copy, attempt = story.sent(order)
        assert before_reading(copy, story.state, attempt.over, LIFE, SURE) == step


def test_a_process_that_was_stopped_sends_nothing_any_more() -> None:
    """Another one may have gone on."""
    story = Story()
    copy, attempt = story.sent(story.create)
    assert may_send(copy, attempt, NOW)
    assert not may_send(copy, attempt, NOW + SENDING)
    assert not may_send(Copy(), attempt, NOW)


def test_what_was_created_is_the_copy() -> None:
    """With what was written."""
    story = Story()
    copy, attempt = story.sent(story.create)
    copy = answered(copy, attempt, 201, "7", "", NOW)
    assert (copy.replica, copy.attempt) == (story.replica, None)


def test_what_was_created_without_an_id_is_looked_for() -> None:
    """The answer could not be read."""
    story = Story()
    copy, attempt = story.sent(story.create)
    copy = answered(copy, attempt, 201, None, "", NOW)
    assert before_reading(copy, story.state, NOW, LIFE, SURE) == Look()


def test_an_answer_that_nobody_waits_for_changes_nothing() -> None:
    """Somebody has found out meanwhile what came of it."""
    story = Story()
    _, attempt = story.sent(story.create)
    assert answered(Copy(), attempt, 201, "7", "", NOW) == Copy()


def test_a_change_and_a_deletion_are_written_down() -> None:
    """A deletion of what is not there is one, too."""
    story = Story()
    copy, attempt = story.sent(Change({TEXT: "2"}, story.created), Copy(story.replica, life=LIFE))
    copy = answered(copy, attempt, 200, None, "", NOW)
    by: dict[Place, Timestamp] = dict.fromkeys((RAM, TEXT), story.created)
    assert copy.replica == Replica("7", story.created, {RAM: "1", TEXT: "2"}, by)
    left = (Trace("8", story.created), Trace("9", story.created))
    copy, attempt = story.sent(Delete("9", story.created), Copy(leftovers=left))
    assert answered(copy, attempt, 404, None, "", NOW).leftovers == left[:1]


def test_what_a_cloud_refuses_waits_for_an_hour() -> None:
    """Anything else is not held up by that."""
    story = Story()
    copy, attempt = story.sent(story.create)
    copy = answered(copy, attempt, 403, None, "Quota exceeded", NOW)
    assert copy.refused == (Refused(story.create, 403, "Quota exceeded", NOW + REFUSED),)
    assert after_reading(copy, [story.create], NOW) == Rest(NOW + REFUSED, story.create)
    assert after_reading(copy, [story.create], NOW + REFUSED) == Look()
    other = Create(story.created, {RAM: "1", TEXT: "2"})
    assert after_reading(copy, [other], NOW) == Send(other)


def test_a_leftover_that_a_cloud_does_not_let_go_holds_nothing_up() -> None:
    """The other one goes, and the copy is made."""
    story = Story()
    deleted = story.gateway.order(Action.DELETE).at
    left = (Trace("8", story.created), Trace("9", story.created))
    copy = Copy(leftovers=left, life=LIFE, looked=NOW)
    copy, attempt = story.sent(Delete("8", deleted), copy)
    copy = answered(copy, attempt, 409, None, "in use", NOW)
    assert before_reading(copy, story.state, NOW, LIFE, SURE) == Send(Delete("9", deleted))
    copy, attempt = story.sent(Delete("9", deleted), copy)
    copy = answered(copy, attempt, 204, None, "", NOW)
    assert before_reading(copy, story.state, NOW, LIFE, SURE) == Read()


def test_whatever_is_not_decided_is_tried_again_ever_later() -> None:
    """First it is found out whether it was carried out."""
    story = Story()
    copy, attempt = story.sent(story.create)
    for failures, pause in enumerate([*RETRIES, RETRIES[-1]], 1):
        copy = answered(copy, attempt, 503, None, "", NOW)
        assert (copy.failures, copy.not_before) == (failures, NOW + pause)
        assert copy.attempt == attempt


def test_what_is_there_already_is_looked_for_at_once() -> None:
    """It may be what an earlier create has made."""
    story = Story()
    copy, attempt = story.sent(story.create)
    copy = answered(copy, attempt, 409, None, "exists", NOW)
    assert before_reading(copy, story.state, NOW, LIFE, SURE) == Look()
    copy = story.looked(copy, Found("7", {}, story.created))
    assert copy.replica == Replica("7", story.created, None)
    assert copy.refused == ()


def test_where_an_id_is_used_up_another_one_is_taken() -> None:
    """A few times."""
    story = Story()
    copy = story.looked(Copy(), by=Recognized.ID)
    for number in range(1, NUMBERS):
        copy, attempt = story.sent(Create(story.created, {RAM: "1"}, copy.number), copy)
        copy = answered(copy, attempt, 409, None, "exists", NOW)
        copy = story.looked(copy, by=Recognized.ID)
        assert copy.number == number
        wanted = Create(story.created, {RAM: "1"}, number)
        assert after_reading(copy, [story.create], NOW) == Send(wanted)
    copy, attempt = story.sent(wanted, copy)
    copy = story.looked(answered(copy, attempt, 409, None, "exists", NOW), by=Recognized.ID)
    assert after_reading(copy, [story.create], NOW) == Rest(NOW + REFUSED, story.create)


def test_of_two_copies_the_earlier_one_stays_and_somebody_looks() -> None:
    """Nothing is deleted that somebody may use."""
    story = Story()
    later = story.gateway.order(Action.CREATE, ram(1), now=2000).at
    copy = story.looked(Copy(), Found("8", {}, later), Found("7", {}, story.created))
    assert copy.replica == Replica("7", story.created, None)
    assert copy.doubtful == (Trace("8"),)


def test_what_a_deleted_create_has_made_goes() -> None:
    """By its mark nobody else can have made it."""
    story = Story()
    deleted = story.gateway.order(Action.DELETE).at
    copy = story.looked(Copy(), Found("7", {}, story.created))
    assert before_reading(copy, story.state, NOW, LIFE, SURE) == Send(Delete("7", deleted))


def test_while_something_is_in_doubt_nothing_is_made() -> None:
    """It is looked for every hour: somebody may have cleared it away."""
    story = Story()
    copy = story.looked(Copy(), Found("9", {}, Timestamp(1, 1, "Corte", 3)))
    assert after_reading(copy, [story.create], NOW) == Rest(NOW + REFUSED, story.create)
    assert before_reading(copy, story.state, NOW, LIFE, SURE) == Read()
    assert before_reading(copy, story.state, NOW + REFUSED, LIFE, SURE) == Look()


def test_what_is_in_doubt_is_looked_at_again_once_its_create_is_heard_of() -> None:
    """It was lost with a journal, and comes back from another cloud."""
    story, corte = Story(), Gateway.of("Corte")
    theirs = corte.order(Action.CREATE, ram(1))
    copy = story.looked(Copy(story.replica, life=LIFE), Found("9", {}, theirs.at))
    story.gateway.hear(corte)
    assert before_reading(copy, story.state, NOW, LIFE, SURE) == Look()


def test_a_create_that_was_lost_is_looked_for_for_a_day() -> None:
    """Some services list a part alone while they are not well."""
    story = Story()
    copy, _ = story.sent(story.create)
    copy = story.looked(copy)
    assert copy.suspect == NOW + SUSPECT
    assert before_reading(copy, story.state, NOW + REFUSED, LIFE, SURE) == Look()


def test_after_a_loss_of_the_journal_what_was_never_looked_for_is_suspect_for_a_day() -> None:
    """A journal from before its copy was made knows nothing of it, and a list may be a part."""
    story = Story()
    assert story.looked(Copy()).suspect == 0.0
    assert story.looked(Copy(), sure=NOW).suspect == NOW + SUSPECT


def test_after_a_loss_of_the_journal_what_was_written_is_not_known() -> None:
    """What somebody has ordered once counts as written by us, anything else as changed by hand."""
    story = Story()
    story.gateway.order(Action.CHANGE, Write("description", "1"))
    story.gateway.order(Action.CHANGE, Write("description", "2"))
    specs = story.gateway.order(Action.CHANGE, Write("specs", "3", "k")).at
    copy = story.looked(Copy(story.replica, life=LIFE - 1), Found("7", {}, story.created))
    assert copy.replica == replace(story.replica, written=None)
    there = Seen({RAM: "1", TEXT: "1", ("specs", "k"): "by hand"})
    copy = read(copy, story.state, there)
    written = {RAM: "1", TEXT: "1", ("specs", "k"): "3"}
    by = {RAM: story.created, ("specs", "k"): specs}
    assert copy.replica == Replica("7", story.created, written, by)


def test_what_a_change_has_written_of_which_no_answer_came_is_ours() -> None:
    """Also if something else is wanted since."""
    story = Story()
    copy, _ = story.sent(Change({TEXT: "2"}, story.created), Copy(story.replica, life=LIFE))
    copy = read(copy, story.state, Seen({RAM: "1", TEXT: "2"}))
    by: dict[Place, Timestamp] = dict.fromkeys((RAM, TEXT), story.created)
    assert copy.replica == Replica("7", story.created, {RAM: "1", TEXT: "2"}, by)


def test_a_copy_that_is_not_there_is_forgotten_only_if_it_was_to_go() -> None:
    """Else somebody has deleted it by hand."""
    story = Story()
    copy = Copy(story.replica)
    assert read(copy, story.state, None).replica == story.replica
    story.gateway.order(Action.DELETE)
    assert read(copy, story.state, None).replica is None


def test_a_service_that_is_at_it_is_read_again_soon() -> None:
    """And what needs somebody to look is left alone."""
    assert after_reading(Copy(), [Busy()], NOW) == Rest(NOW + BUSY, Busy())
    for step in (Fits(), Gone()):
        assert after_reading(Copy(), [step], NOW) == Rest(None, step)


def test_after_a_start_all_that_waited_for_a_time_counts_anew() -> None:
    """The clock begins anew with the machine."""
    story = Story()
    refused = (Refused(Delete("9", story.created), 409, "in use", NOW + REFUSED),)
    copy = Copy(refused=refused, not_before=NOW + 30, looked=NOW, suspect=NOW + SUSPECT, life=LIFE)
    copy, _ = story.sent(story.create, copy)
    copy = started(copy, 5.0, SETTLE)
    assert copy.attempt == Attempt(story.create, 5.0, 5.0 + SENDING + SETTLE)
    assert [one.until for one in copy.refused] == [5.0]
    assert (copy.not_before, copy.suspect) == (5.0, 5.0 + SUSPECT)
    assert started(Copy(), 5.0, SETTLE).suspect == 0.0


def test_what_waits_for_its_time_is_tried_again_if_somebody_asks() -> None:
    """A refusal, a pause after a failure, and what is in doubt."""
    story = Story()
    copy, attempt = story.sent(story.create)
    copy = answered(copy, attempt, 403, None, "no", NOW)
    step = (story.create,)
    assert after_reading(copy, step, NOW + 1) == Rest(NOW + REFUSED, story.create)
    assert after_reading(again(copy, NOW + 1), step, NOW + 1) == Look()
    failed = replace(copy, not_before=NOW + 30, refused=())
    assert before_reading(failed, story.state, NOW + 1, LIFE, SURE) == Rest(NOW + 30)
    assert before_reading(again(failed, NOW + 1), story.state, NOW + 1, LIFE, SURE) == Read()


def test_what_was_overwritten_is_kept() -> None:
    """Whether an answer came or was lost; not if the change was not carried out."""
    story = Story()
    lost = tuple(Drift(*TEXT, str(number)) for number in range(MOST_LOST + 1))
    change = Change({TEXT: "2"}, story.created, lost)
    copy, attempt = story.sent(change, Copy(story.replica, life=LIFE))
    assert answered(copy, attempt, 200, None, "", NOW).overwritten == lost[1:]
    assert read(copy, story.state, Seen({RAM: "1", TEXT: "2"})).overwritten == lost[1:]
    assert read(copy, story.state, Seen({RAM: "1", TEXT: "0"})).overwritten == ()


def test_what_is_refused_holds_up_nothing_else() -> None:
    """Whoever may not do what he orders is told; what others have ordered is done."""
    story = Story()
    one = story.gateway.order(Action.CHANGE, Write("description", "2")).at
    two = story.gateway.order(Action.CHANGE, Write("access", "true", "alice")).at
    steps = [Change({TEXT: "2"}, one), Change({("access", "alice"): "true"}, two)]
    copy = Copy(story.replica, life=LIFE)
    for step in steps:
        assert after_reading(copy, steps, NOW) == Send(step)
        copy, attempt = story.sent(step, copy)
        copy = answered(copy, attempt, 403, None, "no", NOW)
    assert after_reading(copy, steps, NOW) == Rest(NOW + REFUSED, steps[0])
    assert [one.order for one in copy.refused] == steps


def test_however_much_is_refused_it_comes_to_rest() -> None:
    """As many orders as there can be: none is sent anew because another one was refused."""
    story = Story()
    orders = [
        Change({("specs", str(n)): "1"}, replace(story.created, count=n)) for n in range(1000)
    ]
    copy = Copy(story.replica, life=LIFE)
    for order in orders:
        copy, attempt = story.sent(order, copy)
        copy = answered(copy, attempt, 413, None, "no", NOW)
    assert isinstance(after_reading(copy, orders, NOW), Rest)


def test_so_many_refusals_are_kept() -> None:
    """Whoever orders without end does not fill a journal with them."""
    story = Story()
    copy = Copy(story.replica, life=LIFE)
    for number in range(MOST_REFUSED + 2):
        change = Change({TEXT: "2"}, replace(story.created, count=number))
        copy, attempt = story.sent(change, copy)
        copy = answered(copy, attempt, 403, None, "no", NOW)
    assert len(copy.refused) == MOST_REFUSED


def test_what_is_in_use_is_deleted_with_pauses() -> None:
    """The service has said so: nothing is under way, and trying again is of use."""
    story = Story()
    copy, now = Copy(), NOW
    delete = Delete("7", story.created)
    for pause in (*RETRIES, RETRIES[-1]):
        copy = begun(copy, delete, now, SETTLE)
        assert copy.attempt is not None
        copy = answered(copy, copy.attempt, 409, None, "in use", now)
        assert copy.attempt is None
        (refused,) = copy.refused
        assert (refused.words, refused.until) == ("in use", now + pause)
        assert after_reading(copy, [delete], now) == Rest(now + pause, delete)
        now += pause
        assert after_reading(copy, [delete], now) == Send(delete)
    copy = begun(copy, delete, now, SETTLE)
    assert copy.attempt is not None
    copy = answered(copy, copy.attempt, 204, None, "", now)
    assert (copy.refused, copy.failures) == ((), 0)


def test_what_takes_long_to_go_is_deleted_again_after_pauses() -> None:
    """The service has taken the deletion, and it is still there: maybe for ever."""
    story = Story()
    deleted = story.gateway.order(Action.DELETE).at
    copy = Copy(story.replica, life=LIFE, looked=NOW)
    times = []
    for _ in range(4):
        sent, attempt = story.sent(Delete("7", deleted), copy)
        copy = answered(sent, attempt, 204, None, "", NOW)
        times.append(copy.not_before - NOW if copy.not_before else 0.0)
        copy = read(copy, story.state, Seen({RAM: "1"}))
    assert times == [0.0, *RETRIES[:3]]
    gone = read(copy, story.state, None)
    assert (gone.replica, gone.failures) == (None, 0)

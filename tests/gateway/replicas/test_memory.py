"""What a gateway knows of replicated resources."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from gateway.replicas.parcels import CREATE, ID, ONE, TWO, at, change, parcel
from journal.keeping import SECRET
from msgspec.structs import replace

from openstackoid.gateway.replicas import memory as module
from openstackoid.gateway.replicas.memory import Memory
from openstackoid.gateway.replicas.messages import MAX_ANSWER, Answer
from openstackoid.journal.records import Records
from openstackoid.journal.store import Store
from openstackoid.replication.copy import Copy
from openstackoid.replication.heard import Heard
from openstackoid.replication.operation import Action, Write
from openstackoid.replication.parcel import Resource
from openstackoid.replication.plan import Replica

THREE = "CloudThree"
OTHER = replace(CREATE, at=at(2), resource="flavor:::m1.other", members=(ONE, THREE))


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[int], Memory]]:
    """Return what opens the memory of CloudOne, for its starts one after the other."""
    stores: list[Store] = []

    def opened(incarnation: int) -> Memory:
        for store in stores:
            store.close()
        stores[:] = [Store(tmp_path, [SECRET])]
        return Memory(Records(stores[0]), ONE, incarnation, 60.0)

    yield opened
    for store in stores:
        store.close()


def test_it_remembers_after_a_start(opened: Callable[[int], Memory]) -> None:
    """Operations and copies; and since when nothing was lost."""
    first = opened(7)
    assert first.learn([parcel()]) == {ID: ()}
    first.keep(ID, Copy(Replica("42", at(1), {})))
    again = opened(8)
    assert again.resources() == [ID]
    assert again.knows(ID, at(1))
    assert again.copies[ID].replica == Replica("42", at(1), {})
    assert (first.life, again.life) == (7, 7)


def test_a_new_journal_waits_for_what_a_lost_one_may_have_sent(
    opened: Callable[[int], Memory],
) -> None:
    """And one that has lost something waits again."""
    first = opened(7)
    again = opened(8)
    assert first.sure - again.sure > 60
    again.live_anew()
    assert again.life == 8
    assert again.sure > first.sure


def test_what_is_known_is_not_learned_twice(opened: Callable[[int], Memory]) -> None:
    """Whoever gives it."""
    memory = opened(7)
    assert memory.learn([parcel(), parcel()]) == {ID: ()}
    assert memory.learn([parcel()]) == {}
    assert memory.count(ID) == 1
    assert memory.count("flavor:::none") == 0


def test_whoever_loses_is_told_once(opened: Callable[[int], Memory]) -> None:
    """When the one who wins gets known."""
    memory = opened(7)
    memory.learn([parcel(), change(2, "a", at(1))])
    ((lost,),) = memory.learn([change(3, "b", at(1), cloud=TWO)]).values()
    assert (lost.at, lost.to, lost.value) == (at(2), at(3, TWO), '"a"')
    assert memory.learn([change(4, "c", at(2), at(3, TWO))]) == {ID: ()}


def test_a_new_operation_comes_after_all_that_is_known(opened: Callable[[int], Memory]) -> None:
    """And after nothing that is from the future."""
    memory = opened(7)
    late = at(9, milliseconds=10**15)
    memory.learn([parcel(), parcel(at=late, action=Action.DELETE, members=(), writes=())])
    one = memory.next(Resource.of(ID), Action.DELETE)
    assert one.after == (at(1),)
    assert one.at > at(1)
    assert [waiting.at for waiting in memory.waiting(ID)] == [late]
    assert [known.operation.at for known in memory.parcels(ID)] == [at(1)]
    assert memory.state(ID).generation == at(1)


def test_another_gateway_learns_of_what_concerns_it(opened: Callable[[int], Memory]) -> None:
    """Of resources with a copy there, and of its own users'."""
    memory = opened(7)
    memory.learn([parcel(), parcel(OTHER)])
    given, position, more = memory.since(None, TWO)
    assert [one.operation for one in given] == [CREATE]
    assert (position, more) == (Heard(7, 2), False)
    assert [one.operation for one in memory.since(None, ONE)[0]] == [CREATE, OTHER]
    assert memory.since(None, "CloudFour")[0] == []
    assert not memory.may_see(TWO, "flavor:::none")
    assert memory.clouds(ID) == [ONE, TWO]
    memory.learn([change(3, "x", CREATE.at, cloud="CloudFour")])
    assert memory.clouds(ID) == [ONE, TWO, "CloudFour"]
    assert memory.may_see("CloudFour", ID)


def test_it_is_told_once(opened: Callable[[int], Memory]) -> None:
    """Page by page; and again, if what it has heard is not what is known here."""
    memory = opened(7)
    memory.learn([parcel()])
    _, position, _ = memory.since(None, TWO)
    assert memory.since(position, TWO)[0] == []
    assert not memory.has_news(position, TWO)
    memory.learn([change(2, "a", at(1))])
    assert memory.has_news(position, TWO)
    assert len(memory.since(position, TWO)[0]) == 1
    assert len(memory.since(Heard(99, 9), TWO)[0]) == 2


def test_a_page_ends(opened: Callable[[int], Memory], monkeypatch: pytest.MonkeyPatch) -> None:
    """With so many operations, or so many bytes; the next one goes on there."""
    memory = opened(7)
    memory.learn([parcel(), *(change(n, "d", at(1)) for n in range(2, 6))])
    for limits in ({"PAGE": 2}, {"_PAGE_BYTES": 1}):
        for name, limit in limits.items():
            monkeypatch.setattr(module, name, limit)
        seen, position, more = [], None, True
        while more:
            page, position, more = memory.since(position, TWO)
            seen += page
            assert len(page) <= 2
        assert len(seen) == 5


def test_what_was_heard_may_be_heard_again(opened: Callable[[int], Memory]) -> None:
    """With another federation file, say, which has the keys of one more cloud."""
    memory = opened(7)
    memory.has_heard(TWO, None)
    assert memory.heard(TWO) is None
    memory.has_heard(TWO, Heard(1, 1))
    assert memory.heard(TWO) == Heard(1, 1)
    memory.hear_again()
    assert memory.heard(TWO) is None
    memory.learn([parcel()])
    assert memory.numbers() == {ONE: 1}


def test_a_page_has_an_end_in_bytes(opened: Callable[[int], Memory]) -> None:
    """Whatever it is written in: else another gateway would take no answer any more."""
    memory = opened(7)
    for number in range(1, 13):
        writes = (Write("description", '"' + "\U0001f600" * 65_000 + '"'),)
        memory.learn([parcel(replace(CREATE, at=at(number), writes=writes))])
    given, position, more = memory.since(None, TWO)
    assert more
    assert len(msgspec.json.encode(Answer(tuple(given), position, more))) < MAX_ANSWER

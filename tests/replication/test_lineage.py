"""What came before what."""

from hypothesis import given
from msgspec.structs import replace
from replication.making import Gateway, histories, ram

from openstackoid.replication.lineage import Lineage
from openstackoid.replication.operation import Action, Operation


def test_who_makes_an_operation_knows_what_his_gateway_has_heard_of() -> None:
    """And what that came after."""
    paris, corte = Gateway.of("Paris"), Gateway.of("Corte")
    create = paris.order(Action.CREATE, ram(1))
    change = paris.order(Action.CHANGE)
    alone = corte.order(Action.CREATE, ram(1))
    corte.hear(paris)
    last = corte.order(Action.DELETE)
    lineage = Lineage([create, change, alone, last])
    assert [lineage.knew(last, one) for one in (create, change, alone)] == [True] * 3
    assert not lineage.knew(alone, create)
    assert not lineage.knew(create, alone)
    assert lineage.latest() == (last.at,)


@given(histories())
def test_nobody_knew_what_knew_him(made: list[Operation]) -> None:
    """In whatever order the operations came."""
    lineage = Lineage(reversed(made))
    for one in made:
        for other in made:
            assert not (lineage.knew(one, other) and lineage.knew(other, one))


def test_an_operation_that_claims_to_come_after_itself_comes_after_nothing() -> None:
    """Another cloud may send what it likes."""
    create = Gateway.of("Paris").order(Action.CREATE, ram(1))
    later = replace(create.at, count=5)
    liar = replace(create, after=(create.at, later))
    lineage = Lineage([liar, replace(create, at=later, after=(create.at,))])
    assert not lineage.knew(liar, liar)


@given(histories(), histories())
def test_who_could_not_be_seen_is_found_at_once(
    made: list[Operation], others: list[Operation]
) -> None:
    """As by looking at each of them: of long histories that would take too long."""
    lineage = Lineage([*made, *others])
    later, these = made[::2], [*made, *others]
    assert lineage.unknown_to(later, these) == {
        one.at for one in these if not any(lineage.knew(other, one) for other in later)
    }

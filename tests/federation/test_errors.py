"""What is wrong with a federation file, as it is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.federation.errors import Fault, FederationError

FAULTS = st.builds(Fault, st.text(), st.integers(0, 9), st.text(), st.text())


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (Fault("f.yaml", 3, "clouds.A.bind", "is wrong"), "f.yaml:3: clouds.A.bind: is wrong"),
        (Fault("f.yaml", 3, "", "is wrong"), "f.yaml:3: is wrong"),
        (Fault("f.yaml", 0, "", "can't be read"), "f.yaml: can't be read"),
        (Fault("f.yaml", 1, "a\x1b[2J", "b\nc"), "f.yaml:1: a?[2J: b c"),
    ],
)
def test_a_fault_has_its_place_as_editors_know_it(fault: Fault, text: str) -> None:
    """FILE:LINE: KEY: MESSAGE, without what is not known, or would act on a terminal."""
    assert str(fault) == text


@given(st.lists(FAULTS, max_size=4))
def test_each_fault_has_one_line(faults: list[Fault]) -> None:
    """In their order, whatever is in them; the faults themselves can be had, too."""
    error = FederationError(faults)
    assert str(error).splitlines() == [str(fault) for fault in faults]
    assert str(error).replace("\n", "").isprintable()
    assert list(error.faults) == faults


def test_later_changes_of_a_list_change_no_error() -> None:
    """What was raised stays what it was."""
    faults = [Fault("f", 1, "", "one")]
    error = FederationError(faults)
    faults.clear()
    assert len(error.faults) == 1

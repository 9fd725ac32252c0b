"""Names that a database may take for the same are folded to one."""

import pytest

from openstackoid.federation.spelling import folded


@pytest.mark.parametrize(
    "name", ["Admin", "ADMIN ", "\u00e1dmin", "\uff41dmin", "ad\u200dmin", "admi\u0301n"]
)
def test_other_spellings_are_one_name(name: str) -> None:
    """Case, accents, width, what is not seen and spaces at the ends do not count."""
    assert folded(name) == "admin"


def test_other_names_stay_other_names() -> None:
    """Letters and spaces between them count."""
    assert len({folded(name) for name in ("admin", "admins", "ad min", "administrator")}) == 4

"""How many questions of other gateways are answered at a time."""

import pytest

from openstackoid.gateway.admission.places import AGAIN, Places
from openstackoid.routing import Refusal


def test_each_cloud_has_its_places() -> None:
    """Whoever takes all of his takes none of another's, and gets his back."""
    places = Places("One", 1)
    with places.place("Two"):
        with pytest.raises(Refusal) as refused, places.place("Two"):
            pass
        assert (refused.value.status, refused.value.retry_after) == (429, AGAIN)
        with places.place("Three"):
            pass
    with places.place("Two"):
        pass

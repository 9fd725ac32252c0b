"""No data passes whole but that which was ordered."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.replication.data import Checked, Data, WrongDataError


def of(content: bytes, algorithm: str = "sha256") -> Data:
    """Return what there is to say of data."""
    return Data(algorithm, hashlib.new(algorithm, content).hexdigest(), len(content))


@given(st.lists(st.binary(max_size=5)))
def test_what_is_right_passes(pieces: list[bytes]) -> None:
    """In however many pieces it comes."""
    checked = Checked(of(b"".join(pieces)))
    passed = b"".join(map(checked.feed, pieces))
    assert checked.ended
    assert passed + checked.rest() == b"".join(pieces)


@given(st.lists(st.binary(min_size=1, max_size=5), min_size=1), st.binary(min_size=1))
def test_what_is_not_never_passes_whole(pieces: list[bytes], other: bytes) -> None:
    """Something is held back until all was seen."""
    came = b"".join(pieces)
    data = of(other)
    if came == other:
        return
    checked, passed = Checked(data), bytearray()

    def goes_on() -> None:
        for piece in pieces:
            passed.extend(checked.feed(piece))
        passed.extend(checked.rest())

    with pytest.raises(WrongDataError):
        goes_on()
    assert len(passed) < data.size


@pytest.mark.parametrize(
    "said",
    [
        None,
        {"algorithm": "md5", "hash": "0" * 32, "size": 1},
        {"algorithm": "sha256", "hash": "0" * 63, "size": 1},
        {"algorithm": "sha256", "hash": "Z" * 64, "size": 1},
        {"algorithm": "sha256", "hash": None, "size": 1},
        {"algorithm": "sha256", "hash": "0" * 64, "size": -1},
        {"algorithm": "sha256", "hash": "0" * 64, "size": True},
        {"algorithm": "sha256", "hash": "0" * 64},
        {"algorithm": "sha256", "hash": "0" * 64, "size": 1, "url": "http://x"},
    ],
)
def test_what_says_nothing_of_data_is_refused(said: object) -> None:
    """Least of all a hash that can be forged."""
    with pytest.raises(ValueError, match="data"):
        Data.of(said)

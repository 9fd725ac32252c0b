"""Durations in a federation file."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from openstackoid.federation.duration import Duration

DURATION: TypeAdapter[int] = TypeAdapter(Duration)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("30s", 30),
        ("15m", 900),
        ("12h", 43_200),
        ("0s", 0),
        (0, 0),
        ("007m", 420),
        ("999999h", 3_599_996_400),
    ],
)
def test_a_duration_has_a_unit(written: object, seconds: int) -> None:
    """Only nothing has none."""
    assert DURATION.validate_python(written) == seconds


@pytest.mark.parametrize(
    "written",
    [
        "", "s", "30", "30 s", " 30s", "30s\n", "30S", "1d", "1.5h", "-1s", "+1s", "1h30m", "1_0s",
        "\u0663s", "1000000s", 30, 1, -1, 0.0, 1.5, True, False, None, [], ["30s"], b"30s",
    ],
)  # fmt: skip
def test_what_is_no_duration_is_told_what_to_be(written: Any) -> None:
    """A number could be of seconds, of minutes or of hours."""
    with pytest.raises(ValidationError, match="must be a duration such as 30s, 15m or 12h, or 0"):
        DURATION.validate_python(written)


@given(st.integers(0, 999_999), st.sampled_from([("s", 1), ("m", 60), ("h", 3600)]))
def test_a_duration_is_its_number_of_units(number: int, unit: tuple[str, int]) -> None:
    """Exactly."""
    letter, seconds = unit
    assert DURATION.validate_python(f"{number}{letter}") == number * seconds


@given(st.text() | st.integers(1) | st.floats() | st.booleans())
def test_nothing_else_is_raised(written: object) -> None:
    """Whatever is written is a duration or pydantic's error."""
    with contextlib.suppress(ValidationError):
        assert DURATION.validate_python(written) >= 0

"""What all tests have in common."""

import os

import pytest
from hypothesis import settings

# Examples enough to find what a change broke while one works, and twice as many before it is taken.
settings.register_profile("quick", deadline=None, derandomize=True, max_examples=50)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=100)
settings.load_profile("thorough" if "CI" in os.environ else "quick")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the tests on real clouds run behind either front."""
    parser.addoption("--front", choices=("gateway", "haproxy"), default="gateway")

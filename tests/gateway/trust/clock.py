"""A clock that a test sets, in place of the module `time`."""

from types import ModuleType

import pytest


class Clock:
    """Both clocks of some modules, as if the machine had been started in 1970."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *modules: ModuleType) -> None:
        self.now = 0.0
        for module in modules:
            monkeypatch.setattr(module, "time", self)

    def monotonic(self) -> float:
        """Return the seconds since the machine was started."""
        return self.now

    def time(self) -> float:
        """Return the seconds since 1970."""
        return self.now

"""The process that keeps a gateway's journal; its supervisor starts it.

    python -m openstackoid.gateway.processes.journal SETTINGS

SETTINGS are the gateway's settings as JSON.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from openstackoid.federation import load
from openstackoid.gateway.processes import beside
from openstackoid.gateway.processes.beside import Signals
from openstackoid.gateway.settings import Settings, journal_of
from openstackoid.identity.keys import read
from openstackoid.journal.keeper import Keeper
from openstackoid.journal.secret import secrets_of
from openstackoid.journal.store import Store


def main() -> None:
    """Run until SIGTERM, or until the supervisor has ended."""
    beside.run("journal", _serve)


async def _serve(settings: Settings, signals: Signals) -> None:
    opened = await signals.opened(lambda: _keeping(settings), "journal cannot be used")
    if opened is None:
        return
    store, keeper = opened

    def rewrap() -> None:
        """Wrap the journal's key with the gateway's first key, which may be another one now."""
        secret, *_ = _secrets(settings, store.directory)
        store.rewrap(secret)

    following = signals.follow(rewrap, "the journal's key is not wrapped anew")
    watching = asyncio.get_running_loop().create_task(following)
    try:
        await keeper.run(signals.stop, signals.log)
    finally:
        watching.cancel()
        store.close()


def _keeping(settings: Settings) -> tuple[Store, Keeper]:
    store = _opened(settings)
    return store, Keeper(store)


def _opened(settings: Settings) -> Store:
    """Open the journal; raises JournalError, FederationError and KeysError."""
    directory = journal_of(load(settings.federation, settings.cloud), settings)
    return Store(directory, _secrets(settings, directory))


def _secrets(settings: Settings, directory: Path) -> Sequence[bytes]:
    federation = load(settings.federation, settings.cloud)
    return secrets_of(directory, tuple(map(read, federation.clouds[settings.cloud].own.keys)))


if __name__ == "__main__":
    main()

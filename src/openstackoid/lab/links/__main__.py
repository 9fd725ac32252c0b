"""Runs the links of a cloud to all others: python -m openstackoid.lab.links CLOUD_DIRECTORY.

On SIGHUP it reads the clouds and the conditions of the links again. The ready file has the plan
that is applied.
"""

import asyncio
import logging
import resource
import signal
import sys
from pathlib import Path

import uvloop

from openstackoid.lab import files, state
from openstackoid.lab.links import condition
from openstackoid.lab.links.forwarder import Forwarder
from openstackoid.lab.links.plan import Link, plan, text
from openstackoid.lab.services import LINKS


async def main(directory: Path) -> None:
    """Apply the plan in the files, and again on each SIGHUP, until the process is ended."""
    forwarders: dict[Link, Forwarder] = {}

    def follow() -> None:
        known = state.load(directory.parent)
        here = known.cloud(directory.name)
        wanted = plan(here, known.clouds, condition.load(directory.parent))
        for link in forwarders.keys() - wanted.keys():
            forwarders.pop(link).close()
        for link, how in wanted.items():
            if link not in forwarders:
                forwarders[link] = Forwarder(link)
            forwarders[link].apply(how)
        files.write(here.ready(LINKS), text(wanted))

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, follow)
    follow()
    await asyncio.Event().wait()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    uvloop.run(main(Path(sys.argv[1])))

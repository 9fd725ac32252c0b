"""Runs one service of one cloud: python -m openstackoid.lab.serve SERVICE CLOUD_DIRECTORY."""

import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import waitress  # type: ignore[import-untyped]

from openstackoid.lab import state
from openstackoid.lab.cloud import LabCloud
from openstackoid.lab.serve import sqlite
from openstackoid.lab.serve.applications import LOADERS, Background

_THREADS = 12
_HEADERS = 256 << 10  # bytes of a head at most
_BODY = 64 << 30  # bytes of a body at most
_IDLE = 600  # seconds that a connection may be idle
_CONNECTIONS = 1000


def main(service: str, directory: Path) -> None:
    """Load a service, start its background services, and serve requests until it is ended."""
    os.chdir(directory)
    cloud = state.load(directory.parent).cloud(directory.name)
    sqlite.install()
    application, background = LOADERS[service](cloud.config(service))
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # cinder's fake driver sets a handler
    url = urlsplit(cloud.backends[service])
    server = waitress.create_server(
        application,
        host=url.hostname,
        port=url.port,
        url_prefix=url.path,
        threads=_THREADS,
        max_request_header_size=_HEADERS,
        max_request_body_size=_BODY,
        channel_timeout=_IDLE,
        connection_limit=_CONNECTIONS,
        asyncore_use_poll=True,
        clear_untrusted_proxy_headers=False,
        ident=service,
    )
    if background is None:
        cloud.ready(service).touch()
    else:
        threading.Thread(target=_run, args=(cloud, service, background), daemon=True).start()
    server.run()


def _run(cloud: LabCloud, service: str, background: Background) -> None:
    try:
        while not cloud.identity_ready.exists():
            time.sleep(0.1)
        background()
        cloud.ready(service).touch()
    except BaseException:
        logging.getLogger(__name__).exception("the background services of %s failed", service)
        os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

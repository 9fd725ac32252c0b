"""Runs the image service of a lab's cloud in a uWSGI with several workers, as clouds do."""

import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import click
import psutil

from bench.processes import beside_python
from openstackoid.lab import LabCloud, environment, files, processes

APPLICATION = Path(__file__).with_name("serve_image.py")
IMAGE = "image"
PATIENCE = 120
"""Seconds until Glance answers."""


@contextmanager
def workers(cloud: LabCloud, number: int, remembered: int) -> Iterator[list[psutil.Process]]:
    """Run Glance in so many workers, in place of the lab's; the lab's is started again behind it.

    `remembered` are the seconds that each remembers whose a token is. uWSGI has no setting for
    its buffer, so it takes 4096 bytes for a head.
    """
    config = cloud.directory / "uwsgi"
    config.mkdir(exist_ok=True)
    text = (cloud.config(IMAGE) / "glance-api.conf").read_text()
    changed = re.sub(r"(?m)^token_cache_time = .*$", f"token_cache_time = {remembered}", text)
    files.write(config / "glance-api.conf", changed)
    url = urlsplit(cloud.backends[IMAGE])
    command: list[str | Path] = [
        *(beside_python("uwsgi"), "--http-socket", url.netloc, "--wsgi-file", APPLICATION),
        *("--master", "--processes", str(number), "--lazy-apps", "--enable-threads"),
        *("--need-app", "--die-on-term", "--pyargv", str(config)),
    ]
    processes.end([(cloud, IMAGE)])
    with cloud.log("uwsgi").open("wb") as log:
        master = subprocess.Popen(  # noqa: S603
            command, stdout=log, stderr=log, cwd=cloud.directory, env=environment.child()
        )
    try:
        _wait(lambda: cloud.log("uwsgi").read_text().count("WSGI app 0") == number, cloud)
        yield psutil.Process(master.pid).children()
    finally:
        master.send_signal(signal.SIGTERM)
        master.wait()
        processes.start(cloud, IMAGE)
        _wait(lambda: processes.is_ready(cloud, IMAGE), cloud)


def _wait(done: Callable[[], bool], cloud: LabCloud) -> None:
    """Wait until something is done; raises ClickException if it takes too long."""
    late = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > late:
            raise click.ClickException(f"it is not up after {PATIENCE} s: see {cloud.log(IMAGE)}")
        time.sleep(0.1)

"""The services behind every front: small answers of nginx, large bodies of a store in Python."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import jinja2

from bench.processes import OTHER_CORES, on, running
from bench.stage import free_url
from bench.tools import program

ANSWER = '{"images": []}' + " " * 378  # 392 bytes

CONFIGURATIONS = Path(__file__).with_name("configurations")

Urls = dict[str, SplitResult]
"""By service: `image` answers 392 bytes to everything, `object-store` is `store.py`."""


def free_urls(scheme: str = "http") -> Urls:
    """Return an address for each service, where nobody listens."""
    return {service: urlsplit(free_url(scheme)) for service in ("image", "object-store")}


def texts(urls: Urls) -> dict[str, str]:
    """Return addresses as a federation file has them."""
    return {service: url.geturl() for service, url in urls.items()}


def write(template: str, file: Path, **values: object) -> Path:
    """Write one of `configurations/`, filled in, to a file, and return that."""
    environment = jinja2.Environment(  # noqa: S701  # no HTML
        loader=jinja2.FileSystemLoader(CONFIGURATIONS),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    file.write_text(environment.get_template(template).render(**values))
    return file


@contextmanager
def services(directory: Path, module: str = "bench.store") -> Iterator[Urls]:
    """Run both, and give their addresses; `module` is the store's."""
    urls = free_urls()
    file = write("service.nginx.j2", directory / "service.nginx", services=urls, answer=ANSWER)
    store = urls["object-store"]
    python = [sys.executable, "-m", module]
    with (
        on(OTHER_CORES),
        running(nginx(file), directory / "service.log"),
        running([*python, str(store.hostname), str(store.port)], directory / "store.log"),
    ):
        yield urls


def nginx(file: Path) -> list[str | Path]:
    """Return the command of an nginx that keeps to the directory of its configuration."""
    return [program("nginx"), "-p", file.parent, "-c", file, "-e", "stderr"]

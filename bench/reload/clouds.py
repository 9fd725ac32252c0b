"""Two clouds: One, which is reloaded, and Two, which some of its requests are for."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bench.certificates import Certificates
from bench.proxies.services import Urls, texts
from bench.reload.load import Target
from bench.stage import TRUST, free_url, write_federation
from bench.wire import request
from openstackoid.identity.keys import Keys, make
from openstackoid.identity.keys import write as write_keys
from openstackoid.scope import join, parse

TOKEN = "t" * 183  # as long as a Fernet token
SMALL = ("image", "key-manager")
"""Services of small answers; the second of One is asked with TLS."""


@dataclass(frozen=True)
class Clouds:
    """Their addresses and files; One's gateway listens at `bind`, its front at `HOST`.

    `keys` are One's: its gateway signs with the first.
    """

    directory: Path
    behind: Urls
    bind: str
    keystone: str
    at: Urls
    of_two: Urls
    certificates: Certificates
    keys: list[Keys] = field(default_factory=lambda: [make()])
    keys_of_two: list[Keys] = field(default_factory=lambda: [make()])

    @classmethod
    def described(cls, directory: Path, behind: Urls, bind: str, keystone: str) -> "Clouds":
        """Choose free addresses, and write the federation file and the certificate."""
        directory.mkdir()
        at = _free(tls="key-manager")
        clouds = cls(directory, behind, bind, keystone, at, _free(), Certificates(directory))
        clouds.write()
        return clouds

    @property
    def file(self) -> Path:
        """The federation file of both."""
        return self.directory / "federation.yaml"

    def write(self, others: int = 0) -> None:
        """Write the federation file, with so many clouds besides."""
        image, store = self.behind["image"].geturl(), self.behind["object-store"].geturl()
        backends = {"image": image, "key-manager": image, "object-store": store}
        backends["identity"] = self.keystone
        account = str(self.directory.with_name("account.yaml"))
        one = {
            "frontends": texts(self.at),
            "backends": backends,
            "bind": self.bind,
            "own": {
                **self.certificates.own,
                "keys": self._files(self.keys),
                "account": account,
            },
            "trust": {"Two": TRUST},
            "keys": _public(self.keys),
        }
        two = {
            "frontends": texts(self.of_two),
            "backends": backends,
            "own": {"keys": self._files(self.keys_of_two), "account": account},
            "trust": {"One": TRUST},
            "keys": _public(self.keys_of_two),
        }
        more = {f"Other{n}": {"frontends": {"image": free_url()}} for n in range(others)}
        write_federation(self.directory, {"One": one, "Two": two, **more})

    def _files(self, keys: list[Keys]) -> list[str]:
        """Return the files of keys, which are written if they are not there yet."""
        files = [self.directory / f"{pair.sign.id}.json" for pair in keys]
        for pair, file in zip(keys, files, strict=True):
            if not file.exists():
                write_keys(pair, file)
        return list(map(str, files))

    @property
    def targets(self) -> list[Target]:
        """Small requests to One: with and without TLS, for itself and for Two."""
        return [
            Target(
                self.at[service],
                [
                    request("GET /v2/images", self.at[service], _headers(service, cloud))
                    for cloud in ("One", "Two")
                ],
            )
            for service in SMALL
        ]


def _public(keys: list[Keys]) -> list[dict[str, str]]:
    return [pair.public.model_dump() for pair in keys]


def _free(tls: str = "") -> Urls:
    services = (*SMALL, "object-store", "identity")
    return {s: urlsplit(free_url("https" if s == tls else "http")) for s in services}


def _headers(service: str, cloud: str) -> dict[str, str]:
    scope = parse(f"{service}={cloud}")
    return {"X-Auth-Token": join(TOKEN, scope), "X-Scope": scope.canonical}

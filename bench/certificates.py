"""Certificates for addresses of this machine, by an authority of our own."""

import ssl
from pathlib import Path

import trustme

from bench.stage import HOST

NAME = "gateway.example"
"""By which HAProxy verifies a gateway, as it verifies no address."""


class Certificates:
    """A certificate for `HOST` in files, which is issued anew as often as one likes."""

    def __init__(self, directory: Path) -> None:
        self._authority = trustme.CA()
        self.authority = directory / "authority.pem"
        self._authority.cert_pem.write_to_path(self.authority)
        self.certificate = directory / "certificate.pem"
        self.key = directory / "key.pem"
        self.both = directory / "both.pem"
        self.issue()

    def issue(self) -> bytes:
        """Write a new certificate to the files; return it, as a client sees it (DER)."""
        issued = self._authority.issue_cert(HOST, NAME)
        for file, blob in (
            (self.key, issued.private_key_pem),
            (self.both, issued.private_key_and_cert_chain_pem),
        ):
            file.touch(mode=0o600)
            blob.write_to_path(file)
        [chain] = issued.cert_chain_pems
        chain.write_to_path(self.certificate)
        return ssl.PEM_cert_to_DER_cert(chain.bytes().decode())

    @property
    def own(self) -> dict[str, str]:
        """Return what a federation file says of them."""
        files = {"certificate": self.certificate, "key": self.key, "ca": self.authority}
        return {key: str(file) for key, file in files.items()}

    def client(self) -> ssl.SSLContext:
        """Return what a client trusts."""
        context = ssl.create_default_context()
        self._authority.configure_trust(context)
        return context

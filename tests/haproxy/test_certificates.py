"""Certificates as HAProxy reads them."""

import datetime
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from openstackoid.federation.own import Own
from openstackoid.haproxy.certificates import dns_names, fault


def own(directory: Path, issued: trustme.LeafCert, ca: trustme.CA | None) -> Own:
    """Write a certificate, its key and the authority that the gateway believes, if any."""
    certificate, key, authority = (directory / name for name in ("c.pem", "c.key", "ca.pem"))
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    key.chmod(0o600)
    if ca is not None:
        ca.cert_pem.write_to_path(authority)
    return Own(certificate=certificate, key=key, ca=authority if ca else None)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["one.example", "*.two.example"], {"one.example", "*.two.example"}),
        (["One.Example", "127.0.0.1", "::1"], {"one.example"}),
        (["127.0.0.1"], set()),
    ],
)
def test_names_are_those_of_dns(tmp_path: Path, names: list[str], found: set[str]) -> None:
    """Addresses are none, whatever else is in the certificate."""
    issued = trustme.CA().issue_cert(*names, common_name="common.example")
    assert dns_names(own(tmp_path, issued, None).certificate or Path()) == found


def test_the_common_name_counts_where_it_is_the_only_one(tmp_path: Path) -> None:
    """As `openssl req -x509 -subj /CN=localhost` makes it."""
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "LocalHost")])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    made = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=1,
        not_valid_before=start,
        not_valid_after=start,
    ).sign(key, None)
    file = tmp_path / "c.pem"
    file.write_bytes(made.public_bytes(Encoding.PEM))
    assert dns_names(file) == {"localhost"}


@pytest.mark.parametrize("text", ["", "no certificate"])
def test_what_is_no_certificate_is_said(tmp_path: Path, text: str) -> None:
    """By an exception that the standard library has."""
    file = tmp_path / "c.pem"
    file.write_text(text)
    with pytest.raises(ValueError, match="PEM"):
        dns_names(file)


def test_a_certificate_is_accepted_from_the_authority_that_is_named(tmp_path: Path) -> None:
    """From no other, and from the system's only where none is named."""
    ca = trustme.CA()
    issued = ca.issue_cert("one.example")
    assert fault(own(tmp_path, issued, ca)) is None
    assert "issuer certificate" in (fault(own(tmp_path, issued, trustme.CA())) or "")
    assert "issuer certificate" in (fault(own(tmp_path, issued, None)) or "")
    assert fault(Own()) is None

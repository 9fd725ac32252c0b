"""Reads what a gateway's certificates are for, and says which of them will soon do no more.

OpenSSL, which does the handshakes, says nothing before a certificate has ended.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from openstackoid.federation import Cloud

SOON = timedelta(days=30)
"""How long before its end a certificate is warned of: renewals take time, and holidays longer."""

SERVERS, CLIENTS = "serverAuth", "clientAuth"

_PURPOSES = {
    ExtendedKeyUsageOID.SERVER_AUTH: {SERVERS},
    ExtendedKeyUsageOID.CLIENT_AUTH: {CLIENTS},
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE: {SERVERS, CLIENTS},
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate: whose it is, its end, the names and addresses and the purposes it is for."""

    subject: str
    end: datetime
    names: frozenset[str]
    purposes: frozenset[str]


def certificates(file: Path) -> list[Certificate]:
    """Return the certificates in a PEM file; raises OSError and ValueError."""
    return [_read(one) for one in x509.load_pem_x509_certificates(file.read_bytes())]


def warnings(cloud: Cloud, name: str, now: datetime) -> Iterator[str]:
    """Yield what will soon be wrong, or is wrong, with the certificates of a cloud's own gateway.

    `name` is the cloud's. A file that cannot be read is one warning.
    """
    own = cloud.own
    for file, found in (
        (own.certificate, _of_the_gateway),
        (own.ca, _of_authorities),
        (own.crl, _of_revocations),
    ):
        if file is not None:
            try:
                yield from (f"{file}: {text}" for text in found(file, cloud, name, now))
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) else "it is not PEM"
                yield f"{file}: it can't be read: {reason}"


def _of_the_gateway(file: Path, cloud: Cloud, name: str, now: datetime) -> Iterator[str]:
    shown, *chain = certificates(file)
    for one in (shown, *chain):
        yield from _ending(one, now)
    hosts = {f.url.host for f in cloud.addresses if f.url.scheme == "https"}
    for host in sorted(host for host in hosts if not covers(shown.names, host)):
        yield f"it is not for {host}, a host of {name}'s frontends; have it issued for that, too"
    if hosts and SERVERS not in shown.purposes:
        yield f"it is not for servers ({SERVERS}), so no client accepts it; have it issued for them"
    if cloud.peer is not None and CLIENTS not in shown.purposes:
        yield (
            f"it is not for clients ({CLIENTS}), so other gateways refuse it, though clouds.{name}"
            ".peer says that this one shows it; have it issued for them, or use keys"
        )
    if cloud.peer is not None and cloud.peer.lower() not in shown.names:
        yield f"it is not for {cloud.peer}, as clouds.{name}.peer says; have it issued for that"


def _of_authorities(file: Path, _cloud: Cloud, _name: str, now: datetime) -> Iterator[str]:
    """Yield a warning for each authority that ends, unless the file has its successor."""
    longest: dict[str, Certificate] = {}
    for one in certificates(file):
        longest[one.subject] = max(longest.get(one.subject, one), one, key=lambda c: c.end)
    for one in longest.values():
        yield from _ending(one, now)


def _of_revocations(file: Path, _cloud: Cloud, _name: str, now: datetime) -> Iterator[str]:
    for issuer, end in {crl.issuer: crl.next_update_utc for crl in revocations(file)}.items():
        if end is not None and end <= now:
            yield (
                f"the list of {issuer.rfc4514_string()} has ended on {end:%Y-%m-%d}, so every "
                "certificate of that authority is refused; fetch a new one, and reload"
            )


def _ending(one: Certificate, now: datetime) -> Iterator[str]:
    if one.end <= now:
        yield f"the certificate of {one.subject} has ended on {one.end:%Y-%m-%d}; renew it"
    elif one.end - now <= SOON:
        yield f"the certificate of {one.subject} ends on {one.end:%Y-%m-%d}; renew it"


def revocations(file: Path) -> list[x509.CertificateRevocationList]:
    """Return the revocation lists in a PEM file; raises OSError and ValueError."""
    begin, end = b"-----BEGIN X509 CRL-----", b"-----END X509 CRL-----"
    _, *parts = file.read_bytes().split(begin)
    if not parts:
        raise ValueError("no revocation list")
    return [x509.load_pem_x509_crl(begin + part.partition(end)[0] + end) for part in parts]


def covers(names: Iterable[str], host: str) -> bool:
    """Return whether a certificate with these names covers a host (RFC 6125, 6.4.3)."""
    return not {host, f"*.{host.partition('.')[2]}"}.isdisjoint(names)


def _read(one: x509.Certificate) -> Certificate:
    try:
        return _described(one)
    except (x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise ValueError(str(error)) from error


def _described(one: x509.Certificate) -> Certificate:
    names: set[str] = set()
    try:
        found = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        pass
    else:
        names |= {name.lower() for name in found.get_values_for_type(x509.DNSName)}
        addresses = found.get_values_for_type(x509.IPAddress)
        names |= {str(a) for a in addresses if isinstance(a, IPv4Address | IPv6Address)}
    try:
        usage = one.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        purposes = frozenset[str]().union(*(_PURPOSES.get(oid, frozenset()) for oid in usage))
    except x509.ExtensionNotFound:
        purposes = frozenset({SERVERS, CLIENTS})
    subject = one.subject.rfc4514_string() or min(names, default="nobody")
    return Certificate(subject, one.not_valid_after_utc, frozenset(names), purposes)

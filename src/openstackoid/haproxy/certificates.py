"""Checks whether HAProxy, as a TLS client, can verify the certificates of backends and gateway.

HAProxy compares only DNS names in a server's certificate, not IP addresses (its issues 3249 and
3373), and verifies it only by the authorities in the file that `ca-file` names.
"""

import ssl
from collections.abc import Iterable, Set
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from openstackoid.federation.model import Url
from openstackoid.federation.own import Own
from openstackoid.gateway.admission import tls
from openstackoid.gateway.admission.certificates import covers


def is_verifiable(server: Url) -> bool:
    """Return whether HAProxy can verify the certificate of a server; true without TLS."""
    return server.scheme == "http" or not _is_address(server.host)


def chosen_name(hosts: Iterable[str], names: Set[str]) -> str | None:
    """Return the DNS name by which HAProxy verifies a server with these hosts, None without one.

    `names` are the DNS names in its certificate, empty if they are not known.
    """
    domains = sorted(host for host in hosts if not _is_address(host))
    if names:
        return next((name for name in domains if covers(names, name)), min(names))
    return domains[0] if domains else None


def _is_address(host: str) -> bool:
    """Return whether a host is an IP address: no domain name ends in a number (RFC 3696, 2)."""
    return ":" in host or host.rpartition(".")[2].isdigit()


def dns_names(file: Path) -> frozenset[str]:
    """Return the DNS names of the first certificate in a PEM file, in lower case.

    Without a subjectAltName the common name counts. Raises OSError and ValueError.
    """
    certificate = x509.load_pem_x509_certificates(file.read_bytes())[0]
    try:
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        names = [str(attribute.value) for attribute in common]
    else:
        names = alternatives.value.get_values_for_type(x509.DNSName)
    return frozenset(name.lower() for name in names)


def fault(own: Own) -> str | None:
    """Return why HAProxy would not accept the gateway's certificate, None if it would.

    Does a TLS handshake in memory. Names are not checked, as the plan uses a name of the
    certificate. Raises TlsError if the files can't be used.
    """
    serving = tls.serving(own)
    if serving is None:
        return None
    asking = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    asking.check_hostname = False
    if own.ca is None:
        asking.load_default_certs()
    else:
        tls.load_authorities(asking, own)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [asking.wrap_bio(back, there), serving.wrap_bio(there, back, server_side=True)]
    while ends:
        for end in list(ends):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                return error.verify_message
            ends.remove(end)
    return None

"""Makes the TLS contexts of a gateway: one for its listeners, one for its connections upstream."""

import ssl
import stat
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeAlias

from openstackoid.federation.own import Own
from openstackoid.gateway.admission.certificates import revocations


class TlsError(Exception):
    """The certificate, key or authorities of a gateway can't be used; the message says why."""


class Listening(ssl.SSLContext):
    """The context of listeners: each new connection uses what `current` returns at that moment.

    So a reload changes the certificate without opening the listeners anew.
    """

    _current: Callable[[], ssl.SSLContext | None]

    def __new__(cls, current: Callable[[], ssl.SSLContext | None]) -> "Listening":
        """Return a context that hands new connections to the current one."""
        listening = super().__new__(cls, ssl.PROTOCOL_TLS_SERVER)
        listening._current = current
        return listening

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        """Begin a connection with the current context."""
        current = self._current()
        if current is None:
            return super().wrap_bio(*args, **kwargs)
        return current.wrap_bio(*args, **kwargs)


def serving(own: Own) -> ssl.SSLContext | None:
    """Return the context of listeners, None if the gateway has no certificate; raises TlsError.

    A client certificate is optional; one that is sent must be signed by an authority in `own.ca`.
    """
    if own.certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _load_certificate(context, own)
    if own.ca is not None:
        context.verify_mode = ssl.CERT_OPTIONAL
        load_authorities(context, own)
    return context


@cache
def _default_context() -> ssl.SSLContext:
    """Return a context with the system's authorities; cached, as reading them is slow."""
    return ssl.create_default_context()


def asking(own: Own) -> ssl.SSLContext:
    """Return the context of connections to other gateways and to backends; raises TlsError."""
    if own.ca is None and own.certificate is None:
        return _default_context()
    context = ssl.create_default_context()
    if own.ca is not None:
        load_authorities(context, own)
    if own.certificate is not None:
        _load_certificate(context, own)
    return context


def names(certificate: Mapping[str, Any] | None) -> frozenset[str]:
    """Return the DNS names of a verified certificate (SSLSocket.getpeercert), in lower case."""
    shown = (certificate or {}).get("subjectAltName", ())
    return frozenset(name.lower() for kind, name in shown if kind == "DNS")


Revoked: TypeAlias = frozenset[tuple[tuple[str, ...], int]]
"""Certificates by the parts of their issuer's name and their serial number."""


def revoked(own: Own) -> Revoked:
    """Return the certificates in the revocation lists of a gateway; raises TlsError.

    OpenSSL refuses them in handshakes; connections that are open had theirs before.
    """
    if own.crl is None:
        return frozenset()
    try:
        return frozenset(
            (tuple(str(part.value) for part in crl.issuer), entry.serial_number)
            for crl in revocations(own.crl)
            for entry in crl
        )
    except (OSError, ValueError) as error:
        reason = _reason(error) if isinstance(error, OSError) else "it has no revocation lists"
        raise TlsError(f"{own.crl} can't be used: {reason}") from error


def is_revoked(certificate: Mapping[str, Any] | None, revoked: Revoked) -> bool:
    """Return whether a verified certificate (SSLSocket.getpeercert) is revoked."""
    if not certificate or not revoked:
        return False
    issuer = tuple(value for part in certificate["issuer"] for _, value in part)
    return (issuer, int(certificate["serialNumber"], 16)) in revoked


def _load_certificate(context: ssl.SSLContext, own: Own) -> None:
    certificate, key = own.certificate, own.key
    assert certificate is not None  # noqa: S101  (both or neither, says Own)

    def refuse_passphrase() -> str:
        raise TlsError(f"{key} is locked by a passphrase; a gateway starts by itself, take it off")

    try:
        if key is not None and key.stat().st_mode & stat.S_IRWXO:
            raise TlsError(f"{key} can be read by everyone; make it yours: chmod 600 {key}")
        context.load_cert_chain(certificate, key, password=refuse_passphrase)
    except OSError as error:
        raise TlsError(f"{certificate} and {key} can't be used: {_reason(error)}") from error


def load_authorities(context: ssl.SSLContext, own: Own) -> None:
    """Load the authorities, and their revocation lists, without which none of them counts then."""
    for file in filter(None, (own.ca, own.crl)):
        try:
            context.load_verify_locations(file)
        except OSError as error:
            raise TlsError(f"{file} can't be used: {_reason(error)}") from error
    if own.crl is not None:
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN


_REASONS = {
    "NO_CERTIFICATE_OR_CRL_FOUND": "it has no certificate and no revocation list in PEM",
    "NO_START_LINE": "it is not PEM",
    "PEM_LIB": "it is not PEM",
    "KEY_VALUES_MISMATCH": "the key is not that of the certificate",
}
"""What OpenSSL says of files that are not what they are named for, in words."""


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return _REASONS.get(error.reason or "", error.reason) or "it is not PEM"
    return error.strerror or "it is no certificate"

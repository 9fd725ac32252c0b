"""An authority that issues certificates with any end and purpose, and revokes them."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVERS, CLIENTS = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
DAY = timedelta(days=1)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class Authority:
    """An authority whose certificate ends on a day, ten years from now unless it is said."""

    def __init__(self, name: str = "Authority", end: datetime | None = None) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        builder = self._builder(self._name, self._key, end or datetime.now(UTC) + 3650 * DAY)
        constraint = x509.BasicConstraints(ca=True, path_length=None)
        usage = x509.KeyUsage(
            *(False,) * 5,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        builder = builder.add_extension(constraint, critical=True)
        self._certificate = builder.add_extension(usage, critical=True).sign(
            self._key, hashes.SHA256()
        )
        self.pem = self._certificate.public_bytes(serialization.Encoding.PEM)

    def issue(
        self,
        directory: Path,
        *names: str,
        end: datetime | None = None,
        purposes: tuple[x509.ObjectIdentifier, ...] | None = (SERVERS, CLIENTS),
    ) -> dict[str, str]:
        """Write a certificate, its key, both, and the authority; return what `own` has of them."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(_name(names[0]), key, end or datetime.now(UTC) + 365 * DAY)
        alternatives = x509.SubjectAlternativeName(list(map(_alternative, names)))
        builder = builder.add_extension(alternatives, critical=False)
        if purposes is not None:
            usage = x509.ExtendedKeyUsage(purposes)
            builder = builder.add_extension(usage, critical=False)
        issued = builder.sign(self._key, hashes.SHA256())
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        shown = issued.public_bytes(serialization.Encoding.PEM)
        files = {"certificate": shown, "key": private, "both": private + shown, "ca": self.pem}
        for name, content in files.items():
            file = directory / f"{names[0]}-{name}.pem"
            file.touch(mode=0o600)
            file.write_bytes(content)
        return {
            name: str(directory / f"{names[0]}-{name}.pem") for name in ("certificate", "key", "ca")
        }

    def revoke(self, *files: str, end: datetime | None = None) -> bytes:
        """Return the list of what is revoked: the certificates in these files."""
        now = datetime.now(UTC)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._name)
            .last_update(now - 100 * DAY)
            .next_update(end or now + 7 * DAY)
        )
        for file in files:
            certificate = x509.load_pem_x509_certificate(Path(file).read_bytes())
            entry = x509.RevokedCertificateBuilder().serial_number(certificate.serial_number)
            builder = builder.add_revoked_certificate(entry.revocation_date(now - DAY).build())
        signed = builder.sign(self._key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM)

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, end: datetime
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime.now(UTC) - 100 * DAY)
            .not_valid_after(end)
        )

"""A certificate authority of the emulator's own, and a server certificate signed by it."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pipeline.emulator.files import damaged, read, write
from pipeline.emulator.identity.keys import elliptic_key, private_pem

_TEN_YEARS = timedelta(days=3650)
_NAMES: list[x509.GeneralName] = [
    x509.IPAddress(ipaddress.IPv4Address("127.0.0.1")),
    x509.DNSName("localhost"),
]


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority: its certificate's file, and what it signs with."""

    file: Path
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def certificate_authority(folder: Path) -> Authority:
    """The CA, made on first use and kept. Raises FileError when its files are damaged."""
    file, key_file = folder / "ca.pem", folder / "ca-key.pem"
    pem, key_pem = read(file), read(key_file)
    if pem is None or key_pem is None:
        pem, key_pem = _new_authority()
        write(key_file, key_pem)
        write(file, pem, mode=0o644)
    key = elliptic_key(key_file, key_pem)
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        belongs = certificate.public_key() == key.public_key() and bool(certificate.subject)
    except (ValueError, TypeError, x509.InvalidVersion, UnsupportedAlgorithm) as error:
        raise damaged(file, "no certificate") from error
    if not belongs:
        raise damaged(file, f"a certificate for another key than {key_file.name}")
    return Authority(file, certificate, key)


def _new_authority() -> tuple[bytes, bytes]:
    """A certificate and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("bakeswap emulator CA")
    usage = _key_usage(key_cert_sign=True, crl_sign=True)
    certificate = (
        _builder(name, name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private_pem(key)


def server_context(folder: Path) -> ssl.SSLContext:
    """TLS for 127.0.0.1 and localhost, with a certificate issued anew at each start."""
    authority = certificate_authority(folder)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder(_name("bakeswap emulator"), authority.certificate.subject, key.public_key())
        .add_extension(x509.SubjectAlternativeName(_NAMES), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()),
            critical=False,
        )
        .sign(authority.key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM) + private_pem(key)
    server_file = folder / "server.pem"
    write(server_file, pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server_file)
    return context


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _TEN_YEARS)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _key_usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )

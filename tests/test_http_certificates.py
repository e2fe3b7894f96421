import os
import socket
import ssl
import threading
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from connector.http import Answer, NoAnswer, Request, Session

BODY = b'{"conversions":[]}'


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a certificate of `localhost` that nobody else has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(
        issuer_name=name, subject_name=name, public_key=key.public_key(), serial_number=1,
        not_valid_before=now - timedelta(hours=1), not_valid_after=now + timedelta(hours=1),
        extensions=[
            x509.Extension(
                x509.SubjectAlternativeName.oid, critical=False,
                value=x509.SubjectAlternativeName([x509.DNSName("localhost")]),
            )
        ],
    ).sign(key, hashes.SHA256())  # fmt: skip
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path / "localhost.pem"
    file.write_bytes(private + made.public_bytes(pem))
    return file


def sent_over_tls(certificate: Path, host: str) -> Answer | NoAnswer:
    """What comes of a request to a server that has this certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    def secure(listener: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(listener, server_side=True) as secured:
            connection, _ = secured.accept()
            with connection:
                while (part := connection.recv(1000)) and BODY not in part:
                    pass
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        closing(Session(connect=5, read=5)) as session,
    ):
        port = listener.getsockname()[1]
        thread = threading.Thread(target=secure, args=(listener,), daemon=True)
        thread.start()
        answer = session.post(Request(url=f"https://{host}:{port}", body=BODY, headers={}))
        thread.join(5)
    return answer


def test_a_certificate_that_nobody_vouches_for_has_processed_nothing(certificate: Path) -> None:
    answer = sent_over_tls(certificate, "localhost")
    why = "no secure connection: the certificate is not one that certifi trusts"
    assert answer == NoAnswer(left=False, why=why)


def test_the_certificates_of_certifi_are_trusted_and_no_others(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(certificate))
    assert isinstance(sent_over_tls(certificate, "localhost"), NoAnswer)
    monkeypatch.setattr("certifi.where", lambda: os.fspath(certificate))
    assert isinstance(sent_over_tls(certificate, "localhost"), Answer)


def test_a_certificate_of_another_name_has_processed_nothing(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("certifi.where", lambda: os.fspath(certificate))
    answer = sent_over_tls(certificate, "127.0.0.1")
    why = "no secure connection: the certificate is of another address"
    assert answer == NoAnswer(left=False, why=why)

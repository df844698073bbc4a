"""A mail server for one test: what it is told in clear, what under TLS, and the messages that arrived."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from io import BufferedIOBase
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass
class PostOffice:
    """A server of RFC 5321 that takes every message. With `certificate` it offers STARTTLS (RFC 3207).

    `in_clear` are the commands that anybody on the way could have read.
    """

    port: int
    certificate: Path | None
    messages: list[EmailMessage] = field(default_factory=list)
    in_clear: list[str] = field(default_factory=list)
    under_tls: list[str] = field(default_factory=list)


def certificate_of(folder: Path) -> Path:
    """A certificate of 127.0.0.1 with its key, in one file; nobody vouches for it but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    began = datetime.now(UTC) - timedelta(days=1)
    names = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(began)
        .not_valid_after(began + timedelta(days=30))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8
    text = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    path = folder / "mail.pem"
    path.write_bytes(text + made.public_bytes(serialization.Encoding.PEM))
    return path


@contextmanager
def serving_mail(certificate: Path | None = None) -> Iterator[PostOffice]:
    """One on a free port."""
    office = PostOffice(0, certificate)

    class Conversation(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            _converse(self.rfile, self.wfile, office.in_clear, office, self.request)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Whoever breaks off, because a certificate is nobody's, is what the test wanted."""

    with Server(("127.0.0.1", 0), Conversation) as server:
        office.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield office
        server.shutdown()
        thread.join(5)


def _converse(
    reader: BufferedIOBase, writer: BufferedIOBase, heard: list[str], office: PostOffice, bare: socket.socket | None
) -> None:
    """One conversation. `bare` is the connection that TLS could begin on; None where it began."""

    def say(*lines: str) -> None:
        writer.write("".join(f"{line}\r\n" for line in lines).encode())
        writer.flush()

    if bare is not None:
        say("220 post office")
    while line := reader.readline().decode().strip():
        heard.append(line)
        match line.split()[0].upper():
            case "EHLO":
                offers = ["250-STARTTLS"] if office.certificate is not None and bare is not None else []
                say("250-post office", *offers, "250 AUTH PLAIN")
            case "STARTTLS" if office.certificate is not None and bare is not None:
                say("220 go on")
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(office.certificate)
                with (
                    context.wrap_socket(bare, server_side=True) as secret,
                    secret.makefile("rb") as under,
                    secret.makefile("wb") as over,
                ):
                    _converse(under, over, office.under_tls, office, None)
                return
            case "AUTH":
                say("235 welcome")
            case "DATA":
                say("354 go on")
                body = b"".join(iter(reader.readline, b".\r\n"))
                message = message_from_bytes(body, policy=default)
                assert isinstance(message, EmailMessage)
                office.messages.append(message)
                say("250 taken")
            case "QUIT":
                say("221 bye")
                return
            case _:
                say("250 well")

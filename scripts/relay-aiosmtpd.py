"""The server of scripts/relay-aiosmtpd: arguments are DIR, the two ports and the password of ann."""

import itertools
import pathlib
import signal
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, SMTP

folder = pathlib.Path(sys.argv[1])
port, tls_port = int(sys.argv[2]), int(sys.argv[3])
password = sys.argv[4]
mailboxes = {name: name for name in ["ann", "bob", "carol", "dan"]} | {"jürgen": "juergen"}
numbers = itertools.count()


class Mailboxes:
    async def handle_RCPT(self, server, session, envelope, address, options):
        local, _, domain = address.rpartition("@")
        if domain == "example.net" and local not in mailboxes:
            return "550 5.1.1 User unknown"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server, session, envelope):
        for address in envelope.rcpt_tos:
            local, _, domain = address.rpartition("@")
            if domain == "example.net":
                new = folder / "mail" / mailboxes[local] / "new"
                new.mkdir(parents=True, exist_ok=True)
                # Complete when it appears under its name.
                part = folder / f"part{next(numbers)}"
                part.write_bytes(envelope.original_content.replace(b"\r\n", b"\n"))
                part.rename(new / part.name)
        return "250 2.0.0 Ok: taken"


def authenticate(server, session, envelope, mechanism, data):
    right = data.login == b"ann" and data.password == password.encode()
    return AuthResult(success=right, handled=False)


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder / "tls/certificate.pem", folder / "tls/key.pem")
settings = dict(
    hostname="127.0.0.1", server_hostname="relay.example.net", data_size_limit=20 << 20, enable_SMTPUTF8=True,
    authenticator=authenticate, ready_timeout=10)


class TLSFromTheFirstByte(Controller):
    """It knows that TLS is on, and so that AUTH may be offered."""

    def factory(self):
        return SMTP(self.handler, auth_require_tls=False, **self.SMTP_kwargs)


controllers = [
    Controller(Mailboxes(), port=port, tls_context=context, **settings),
    TLSFromTheFirstByte(Mailboxes(), port=tls_port, ssl_context=context, **settings),
]
for controller in controllers:
    controller.start()
signal.sigwait({signal.SIGTERM, signal.SIGINT})
for controller in controllers:
    controller.stop()

"""An SMTP relay that follows a script: what it offers, and what it replies to AUTH."""

import socket
import ssl
import threading

MICROSOFT = ("SIZE 157286400", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES", "STARTTLS", "AUTH LOGIN XOAUTH2", "8BITMIME",
             "BINARYMIME", "CHUNKING", "SMTPUTF8")
GOOGLE = ("SIZE 35882577", "8BITMIME", "STARTTLS", "AUTH LOGIN PLAIN XOAUTH2 PLAIN-CLIENTTOKEN OAUTHBEARER XOAUTH",
          "ENHANCEDSTATUSCODES", "PIPELINING", "CHUNKING", "SMTPUTF8")
ACCEPTED = "235 2.7.0 Authentication successful"


class Relay:
    """Serves one address until `stop`. AUTH is offered after STARTTLS only, as Microsoft's and Google's relays do."""

    def __init__(self, address, certificate, key):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.listener = socket.create_server(address)
        self.offers, self.reply, self.greeting = (), ACCEPTED, "220 relay ESMTP"
        self.commands = []
        threading.Thread(target=self.accept, daemon=True).start()

    def script(self, offers, reply=ACCEPTED, greeting="220 relay ESMTP"):
        """Sets what the next sessions get."""
        self.offers, self.reply, self.greeting, self.commands = offers, reply, greeting, []

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            self.converse(connection)
        except OSError:
            pass
        finally:
            connection.close()

    def converse(self, connection):
        connection.settimeout(20)
        is_secure = False
        stream = connection.makefile("rwb")

        def say(*lines):
            stream.write("".join(f"{line}\r\n" for line in lines).encode())
            stream.flush()

        say(*self.greeting.split("\n"))
        while line := stream.readline().decode().rstrip("\r\n"):
            verb = line.split()[0].upper()
            self.commands.append(verb)
            if verb == "EHLO":
                offers = [offer for offer in self.offers if not offer.startswith("STARTTLS" if is_secure else "AUTH")]
                lines = ["relay", *offers]
                say(*[f"250-{text}" for text in lines[:-1]], f"250 {lines[-1]}")
            elif verb == "STARTTLS" and "STARTTLS" in self.offers:
                say("220 2.0.0 SMTP server ready")
                connection = self.context.wrap_socket(connection, server_side=True)
                stream, is_secure = connection.makefile("rwb"), True
            elif verb == "AUTH" and is_secure:
                if len(line.split()) < 3:
                    say("334 ")
                    stream.readline()
                replies = self.reply.split("\n")
                if replies[0].startswith("334"):
                    # The error's details (RFC 7628, section 3.2.2); the client answers with an empty line.
                    say(replies.pop(0))
                    stream.readline()
                say(*replies)
            elif verb == "QUIT":
                say("221 2.0.0 Bye")
                return
            elif verb in ("NOOP", "RSET"):
                say("250 2.0.0 OK")
            else:
                say("502 5.5.1 Not known here")

    def stop(self):
        self.listener.close()

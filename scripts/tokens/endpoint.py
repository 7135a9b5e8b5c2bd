"""A token endpoint that answers as Microsoft's (v2.0) and Google's do, and an introspection endpoint (RFC 7662).

Their documentation has the answers and the errors. One server is both; the request's host decides which one it is.
"""

import base64
import hashlib
import json
import secrets
import socket
import ssl
import tempfile
import threading
import time
import urllib.parse
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from authority import openssl

MICROSOFT, GOOGLE = "login.microsoftonline.com", "oauth2.googleapis.com"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# What stands for the times and numbers in Microsoft's errors.
TRACE = ("Trace ID: 0000aaaa-11bb-cccc-dd22-eeeeee333333 Correlation ID: aaaa0000-bb11-2222-33cc-444444dddddd "
         "Timestamp: 2026-11-30 08:00:00Z")
# The longest life of an assertion: Microsoft's and Google's documentation.
LONGEST_ASSERTION = {MICROSOFT: 600, GOOGLE: 3600}


class Refused(Exception):
    """An error of RFC 6749, section 5.2."""

    def __init__(self, status, error, description, headers=None):
        super().__init__(description)
        self.status, self.error, self.description, self.headers = status, error, description, headers or {}


@dataclass
class Client:
    """An application, as it is registered at Microsoft or Google."""

    secret: str | None = None
    expired_secrets: tuple = ()
    # The PEM file of the certificate that was uploaded.
    certificate: Path | None = None
    has_consent: bool = True


@dataclass
class Account:
    """A service account of Google."""

    certificate: Path | None
    # The scopes that domain-wide delegation gives it.
    delegated: tuple = ("https://mail.google.com/",)


@dataclass
class Token:
    user: str
    end: float
    is_revoked: bool = False


@dataclass
class Request:
    """A request that the token endpoint got."""

    begun: float
    host: str
    grant: str
    status: int
    error: str | None = None


@dataclass
class Directory:
    """What the endpoint knows, and what it was asked."""

    lifetime: float = 3600
    tenants: tuple = ("example.com",)
    clients: dict = field(default_factory=dict)
    accounts: dict = field(default_factory=dict)
    # The mailbox for which client credentials and refresh tokens get an access token.
    mailbox: str = "app@example.com"
    mailboxes: tuple = ("app@example.com",)
    # Refresh tokens: valid ones, and why others are not.
    refresh: dict = field(default_factory=dict)
    tokens: dict = field(default_factory=dict)
    # An answer in place of all others, a function that raises Refused; or None.
    fault: object = None
    requests: list = field(default_factory=list)
    introspections: int = 0
    # How many of them were not of a valid token.
    inactive: int = 0
    open: int = 0
    most_open: int = 0
    # Everything that must not be shown anywhere.
    secrets: set = field(default_factory=set)
    # The identifiers (jti) and the algorithms of assertions.
    identifiers: set = field(default_factory=set)
    algorithms: set = field(default_factory=set)
    # How long an answer takes.
    delay: float = 0.05


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def thumbprint(certificate, digest):
    der = ssl.PEM_cert_to_DER_cert(certificate.read_text())
    return base64.urlsafe_b64encode(digest(der).digest()).rstrip(b"=").decode()


def is_signed(certificate, algorithm, text, signature):
    """Whether openssl finds the signature of the text to be of the certificate's key."""
    padding = {
        "RS256": ["-sigopt", "rsa_padding_mode:pkcs1"],
        "PS256": ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"],
    }.get(algorithm)
    if padding is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        key, octets = Path(folder, "key"), Path(folder, "signature")
        key.write_bytes(openssl("x509", "-in", certificate, "-noout", "-pubkey"))
        octets.write_bytes(signature)
        try:
            openssl("dgst", "-sha256", "-verify", key, "-signature", octets, *padding, input=text.encode())
        except Exception:
            return False
    return True


class Endpoint:
    """The rules of both providers; no network."""

    def __init__(self, directory):
        self.directory = directory
        self.lock = threading.Lock()

    def answer(self, host, path, form):
        """Returns the members of a successful answer, or throws Refused."""
        if self.directory.fault:
            self.directory.fault()
        for name in ("client_secret", "client_assertion", "assertion", "refresh_token"):
            if name in form:
                self.directory.secrets.add(form[name])
        if host == MICROSOFT:
            return self.microsoft(path, form)
        if host == GOOGLE and path == "/token":
            return self.google(form)
        raise Refused(404, "invalid_request", "there is no such endpoint")

    # Microsoft: https://learn.microsoft.com/entra/identity-platform/reference-error-codes

    def microsoft(self, path, form):
        tenant = path.removeprefix("/").removesuffix("/oauth2/v2.0/token")
        if f"/{tenant}/oauth2/v2.0/token" != path:
            raise Refused(404, "invalid_request", "there is no such endpoint")

        def fail(status, error, number, text):
            return Refused(status, error, f"AADSTS{number}: {text} {TRACE}")

        if tenant not in self.directory.tenants:
            raise fail(400, "invalid_request", 90002, f"Tenant '{tenant}' not found. Check to make sure you have the "
                       "correct tenant ID and are signing into the correct cloud. Check with your subscription "
                       "administrator, this may happen if there are no active subscriptions for the tenant.")
        identifier = form.get("client_id", "")
        client = self.directory.clients.get(identifier)
        if client is None:
            raise fail(400, "unauthorized_client", 700016, f"Application with identifier '{identifier}' was not found in "
                       "the directory 'Example'. This can happen if the application has not been installed by the "
                       "administrator of the tenant or consented to by any user in the tenant. You may have sent your "
                       "authentication request to the wrong tenant.")
        if "client_assertion" in form:
            self.microsoft_assertion(tenant, identifier, client, form, fail)
        elif "client_secret" in form:
            if form["client_secret"] in client.expired_secrets:
                raise fail(401, "invalid_client", 7000222, "The provided client secret keys for app "
                           f"'{identifier}' are expired. Visit the Azure portal to create new keys for your app: "
                           "https://aka.ms/NewClientSecret, or consider using certificate credentials for added "
                           "security: https://aka.ms/certCreds.")
            if form["client_secret"] != client.secret:
                raise fail(401, "invalid_client", 7000215, "Invalid client secret provided. Ensure the secret being sent "
                           "in the request is the client secret value, not the client secret ID, for a secret added to "
                           f"app '{identifier}'.")
        elif client.secret or client.certificate:
            raise fail(401, "invalid_client", 7000218, "The request body must contain the following parameter: "
                       "'client_assertion' or 'client_secret'.")
        grant, scope = form.get("grant_type"), form.get("scope", "")
        if grant == "client_credentials":
            if not scope.endswith("/.default"):
                raise fail(400, "invalid_scope", 1002012, f"The provided value for scope {scope} is not valid. Client "
                           "credential flows must have a scope value with /.default suffixed to the resource identifier.")
            return self.grant()
        if grant == "refresh_token":
            if not client.has_consent:
                raise fail(400, "invalid_grant", 65001, "The user or administrator has not consented to use the "
                           f"application with ID '{identifier}' named 'Postern'. Send an interactive authorization "
                           "request for this user and resource.")
            state = self.directory.refresh.get(form.get("refresh_token"))
            if state == "inactive":
                raise fail(400, "invalid_grant", 700082, "The refresh token has expired due to inactivity. The token was "
                           "issued on 2026-08-01T08:00:00.0000000Z and was inactive for 90.00:00:00.")
            if state == "revoked":
                raise fail(400, "invalid_grant", 50173, "The provided grant has expired due to it being revoked, a fresh "
                           "auth token is needed. The user might have changed or reset their password.")
            if state != "valid":
                raise fail(400, "invalid_grant", 70000, "Provided grant is invalid or malformed.")
            return self.rotated(form["refresh_token"])
        raise fail(400, "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{grant}'.")

    def microsoft_assertion(self, tenant, identifier, client, form, fail):
        header, claims, signed, signature = self.jwt(form["client_assertion"])
        unknown = fail(401, "invalid_client", 700027, "The certificate with identifier used to sign the client assertion "
                       "is not registered on application. [Reason - The key was not found.]")
        if form.get("client_assertion_type") != ASSERTION:
            raise fail(400, "invalid_request", 900144, "The request body must contain the following parameter: "
                       "'client_assertion_type'.")
        marks = (header.get("x5t"), header.get("x5t#S256"))
        if client.certificate is None or marks == (None, None):
            raise unknown
        for mark, digest in zip(marks, (hashlib.sha1, hashlib.sha256)):
            if mark is not None and mark != thumbprint(client.certificate, digest):
                raise unknown
        if not is_signed(client.certificate, header.get("alg"), signed, signature):
            raise fail(401, "invalid_client", 700027, "Client assertion contains an invalid signature. [Reason - The key "
                       "used to sign the assertion is not that of the certificate.]")
        audience = f"https://{MICROSOFT}/{tenant}/oauth2/v2.0/token"
        if claims.get("iss") != identifier or claims.get("sub") != identifier or claims.get("aud") != audience:
            raise fail(401, "invalid_client", 700023, "Client assertion audience, issuer or subject claim does not match "
                       "this endpoint and this application.")
        if not self.is_timely(claims, MICROSOFT):
            raise fail(401, "invalid_client", 700024, "Client assertion is not within its valid time range.")
        with self.lock:
            if not claims.get("jti") or claims["jti"] in self.directory.identifiers:
                raise fail(401, "invalid_client", 700025, "Client assertion was used before.")
            self.directory.identifiers.add(claims["jti"])

    # Google: https://developers.google.com/identity/protocols/oauth2/service-account#error-codes

    def google(self, form):
        grant = form.get("grant_type")
        if grant == JWT_BEARER:
            return self.google_account(form)
        client = self.directory.clients.get(form.get("client_id"))
        if client is None:
            raise Refused(401, "invalid_client", "The OAuth client was not found.")
        if client.secret != form.get("client_secret"):
            raise Refused(401, "invalid_client", "The provided client secret is invalid.")
        if grant != "refresh_token":
            raise Refused(400, "unsupported_grant_type", f"Invalid grant_type: {grant}")
        if self.directory.refresh.get(form.get("refresh_token")) != "valid":
            raise Refused(400, "invalid_grant", "Token has been expired or revoked.")
        return self.grant()

    def google_account(self, form):
        header, claims, signed, signature = self.jwt(form.get("assertion", ""))
        account = self.directory.accounts.get(claims.get("iss"))
        if account is None:
            raise Refused(400, "invalid_grant", "Invalid grant: account not found")
        if account.certificate is None or header.get("alg") != "RS256" or not is_signed(
                account.certificate, "RS256", signed, signature):
            raise Refused(400, "invalid_grant", "Invalid JWT Signature.")
        if claims.get("aud") != f"https://{GOOGLE}/token":
            raise Refused(400, "invalid_grant", "Invalid JWT: Failed audience check.")
        if not self.is_timely(claims, GOOGLE):
            raise Refused(400, "invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes) and in a "
                          "reasonable timeframe. Check your iat and exp values in the JWT claim.")
        scopes = claims.get("scope", "").split()
        if not scopes or not set(scopes) <= set(account.delegated):
            raise Refused(401, "unauthorized_client", "Client is unauthorized to retrieve access tokens using this method, "
                          "or client not authorized for any of the scopes requested.")
        if claims.get("sub") not in self.directory.mailboxes:
            raise Refused(400, "invalid_grant", "Invalid email or User ID")
        return self.grant(claims["sub"])

    # Both

    def jwt(self, text):
        try:
            signed, _, signature = text.rpartition(".")
            header, claims = (json.loads(decoded(part)) for part in signed.split("."))
            self.directory.algorithms.add(header.get("alg"))
            return header, claims, signed, decoded(signature)
        except ValueError:
            raise Refused(400, "invalid_request", "The assertion is not a signed JSON Web Token.") from None

    def is_timely(self, claims, host):
        now, begin, end = time.time(), claims.get("nbf", claims.get("iat")), claims.get("exp")
        if not isinstance(begin, int) or not isinstance(end, int):
            return False
        return begin <= now + 60 and now < end <= begin + LONGEST_ASSERTION[host]

    def grant(self, user=None):
        with self.lock:
            token = "access-" + secrets.token_urlsafe(96)
            self.directory.secrets.add(token)
            self.directory.tokens[token] = Token(user or self.directory.mailbox, time.time() + self.directory.lifetime)
        return {"token_type": "Bearer", "expires_in": self.directory.lifetime, "access_token": token}

    def rotated(self, old):
        answer = self.grant()
        with self.lock:
            new = "refresh-" + secrets.token_urlsafe(96)
            self.directory.secrets.add(new)
            self.directory.refresh[old], self.directory.refresh[new] = "rotated", "valid"
        return answer | {"refresh_token": new}

    def introspect(self, token):
        """What RFC 7662, section 2.2, says of a token."""
        with self.lock:
            self.directory.introspections += 1
            held = self.directory.tokens.get(token)
            if held is None or held.is_revoked or time.time() >= held.end:
                self.directory.inactive += 1
                return {"active": False}
            return {"active": True, "username": held.user, "scope": "smtp", "exp": int(held.end), "token_type": "Bearer"}


def throttled(status, wait, as_date=False):
    """A fault: the endpoint has been asked too often."""

    def fault():
        value = formatdate(time.time() + wait, usegmt=True) if as_date else str(wait)
        raise Refused(status, "temporarily_unavailable", "Too many requests.", {"Retry-After": value})

    return fault


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def log_message(self, *_):
        pass

    def setup(self):
        self.request.settimeout(self.timeout)
        self.request.do_handshake()
        super().setup()

    def do_POST(self):
        octets = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        form = {name: values[0] for name, values in urllib.parse.parse_qs(octets.decode(), keep_blank_values=True).items()}
        if self.path == "/introspect":
            return self.send(200, self.server.endpoint.introspect(form.get("token")))
        host = self.headers.get("Host", "").partition(":")[0]
        directory = self.server.endpoint.directory
        request = Request(time.monotonic(), host, form.get("grant_type", ""), 200)
        with self.server.endpoint.lock:
            directory.open += 1
            directory.most_open = max(directory.most_open, directory.open)
            directory.requests.append(request)
        try:
            # A distance to the endpoint: a second request at once would be seen.
            time.sleep(directory.delay)
            answer, headers = self.server.endpoint.answer(host, self.path, form), {}
        except Refused as error:
            request.status, request.error, headers = error.status, error.error, error.headers
            answer = {"error": error.error, "error_description": error.description}
        finally:
            with self.server.endpoint.lock:
                directory.open -= 1
        self.send(request.status, answer, headers)

    def send(self, status, answer, headers=()):
        body = json.dumps(answer).encode()
        self.send_response(status)
        fields = {"Content-Type": "application/json", "Cache-Control": "no-store", "Content-Length": len(body)}
        for name, value in (fields | dict(headers)).items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """Serves an endpoint over TLS, from `start` to `stop`."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, endpoint, address, certificate, key):
        self.endpoint = endpoint
        self.connections = set()
        super().__init__(address, Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        # The handshake is done by the thread of the connection.
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def process_request(self, request, address):
        self.connections.add(request)
        super().process_request(request, address)

    def shutdown_request(self, request):
        self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, address):
        # A client that goes away is no fault of the endpoint; what the gateway sees of it is checked there.
        pass

    def stop(self):
        """Closes the port and every connection."""
        self.shutdown()
        self.server_close()
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

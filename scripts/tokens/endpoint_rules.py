"""Shows that the endpoint of scripts/check-tokens refuses what Microsoft and Google refuse.

Without this, a gateway could pass with assertions that nobody else takes.
"""

import base64
import hashlib
import json
import time

import endpoint
from authority import openssl
from setup_steps import ACCOUNT, CLIENT, SECRET

AUDIENCE = f"https://{endpoint.MICROSOFT}/example.com/oauth2/v2.0/token"


def encoded(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def signed(header, claims, key):
    text = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
    padding = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"] if header["alg"] == "PS256" else []
    return text + "." + encoded(openssl("dgst", "-sha256", "-sign", key, *padding, input=text.encode()))


def check(server, files, folder):
    """Returns how many requests were tried, and what the endpoint answered otherwise than it should."""
    now, tried, wrong = int(time.time()), 0, []
    identifiers = (f"id-{number}" for number in range(100))

    def ask(what, host, path, form, expected):
        nonlocal tried
        tried += 1
        try:
            server.answer(host, path, form)
            said = "a token"
        except endpoint.Refused as error:
            said = f"{error.error} {error.description}"
        if not (said == "a token" if expected is None else expected in said):
            wrong.append(f"the endpoint, asked with {what}: {said}; expected is {expected or 'a token'}")

    def microsoft(what, expected, alg="PS256", key=files["key"], certificate=files["certificate"], mark="x5t", **claims):
        header = {"alg": alg, mark: endpoint.thumbprint(certificate, hashlib.sha1 if mark == "x5t" else hashlib.sha256)}
        assertion = signed(header, {"iss": CLIENT, "sub": CLIENT, "aud": AUDIENCE, "jti": next(identifiers), "nbf": now,
                                    "exp": now + 300} | claims, key)
        ask(what, endpoint.MICROSOFT, "/example.com/oauth2/v2.0/token", {
            "grant_type": "client_credentials", "client_id": CLIENT, "client_assertion_type": endpoint.ASSERTION,
            "client_assertion": assertion, "scope": "https://outlook.office365.com/.default"}, expected)

    def google(what, expected, alg="RS256", key=folder / "account-key.pem", **claims):
        assertion = signed({"alg": alg}, {
            "iss": ACCOUNT, "sub": "app@example.com", "aud": f"https://{endpoint.GOOGLE}/token", "iat": now,
            "exp": now + 3600, "scope": "https://mail.google.com/"} | claims, key)
        ask(what, endpoint.GOOGLE, "/token", {"grant_type": endpoint.JWT_BEARER, "assertion": assertion}, expected)

    microsoft("an assertion by PS256", None)
    microsoft("an assertion by RS256", None, alg="RS256")
    microsoft("x5t#S256", None, mark="x5t#S256")
    microsoft("an identifier", None, jti="once")
    microsoft("the same identifier again", "AADSTS700025", jti="once")
    microsoft("another audience", "AADSTS700023", aud="https://example.com/token")
    microsoft("another subject", "AADSTS700023", sub="someone")
    microsoft("an assertion that has run out", "AADSTS700024", nbf=now - 600, exp=now - 1)
    microsoft("an assertion that lives too long", "AADSTS700024", exp=now + 3600)
    microsoft("another thumbprint", "AADSTS700027", certificate=files["other-certificate"])
    microsoft("another key", "AADSTS700027", key=files["other-key"])
    google("an assertion", None)
    google("PS256 at Google", "Invalid JWT Signature", alg="PS256")
    google("another key at Google", "Invalid JWT Signature", key=files["other-key"])
    google("another audience at Google", "audience", aud=AUDIENCE)
    google("an assertion that lives too long at Google", "short-lived", exp=now + 7200)
    google("another scope at Google", "unauthorized_client", scope="https://example.com/")
    google("another mailbox at Google", "Invalid email", sub="else@example.com")

    form = {"grant_type": "refresh_token", "client_id": CLIENT, "client_secret": SECRET, "refresh_token": "first"}
    server.directory.refresh["first"] = "valid"
    for what, expected in [("a refresh token", None), ("a refresh token that was rotated", "invalid_grant")]:
        ask(what, endpoint.MICROSOFT, "/example.com/oauth2/v2.0/token", form, expected)

    token = server.grant()["access_token"]
    for what, change, expected in [
        ("a valid token", lambda held: None, True),
        ("a token that was revoked", lambda held: setattr(held, "is_revoked", True), False),
        ("a token that has run out", lambda held: (setattr(held, "is_revoked", False), setattr(held, "end", 0)), False),
    ]:
        tried += 1
        change(server.directory.tokens[token])
        if server.introspect(token)["active"] != expected:
            wrong.append(f"introspection of {what} does not say {expected}")
    return tried, wrong

"""Stands for the program under test in the documents' recipes: a page to sign up, a mail with a link, a page that confirms."""

import http.server
import json
import threading
import urllib.parse
import urllib.request
import uuid

FORM = """<!doctype html><title>Sign up</title><form method="post" action="/sign-up">
<label>Email <input name="email" type="email"></label><button>Sign up</button></form>"""


class SignUp(http.server.BaseHTTPRequestHandler):
    def page(self, text, status=200):
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self):
        path, _, query = self.path.partition("?")
        if path == "/sign-up":
            self.page(FORM)
        elif path == "/confirm" and urllib.parse.parse_qs(query).get("token", [""])[0] in self.server.tokens:
            self.page("<p>Your address is confirmed</p>")
        else:
            self.page("<p>Not found</p>", 404)

    def do_POST(self):
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        token = uuid.uuid4().hex
        self.server.tokens.add(token)
        self.page("<p>Look into your mail</p>")
        # In the background, as such programs do: the test has to wait.
        threading.Timer(0.3, self.mail, (form["email"][0], token)).start()

    def mail(self, address, token):
        link = f"http://127.0.0.1:{self.server.server_port}/confirm?token={token}"
        message = {"from": "app@example.org", "to": address, "subject": "Confirm your address",
                   "text": f"Follow {link} to confirm."}
        request = urllib.request.Request(f"{self.server.gateway}/messages", json.dumps(message).encode(),
                                         {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=30).close()

    def log_message(self, *arguments):
        pass


def start(gateway):
    """Serves on a free port; gives the server."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), SignUp)
    server.gateway, server.tokens = gateway, set()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server

"""A peer to measure Postern against: Flask on gunicorn's threads, and smtplib with a kept session for each thread.

UPSTREAM is the relay (host:port); gunicorn is told address, processes and threads. gunicorn turns TCP_NODELAY on for
clients; smtplib leaves it off for the relay, and would wait 40 ms for a delayed acknowledgement. A session that the
relay has closed is opened again.
"""

import os
import smtplib
import socket
import threading

from composed import compose
from flask import Flask, request

HOST, PORT = os.environ["UPSTREAM"].split(":")
app = Flask(__name__)
of_thread = threading.local()


def open_session():
    session = smtplib.SMTP(HOST, int(PORT), local_hostname="peer.example.org")
    session.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    of_thread.session = session
    return session


def send(sender, recipients, content):
    session = getattr(of_thread, "session", None) or open_session()
    try:
        session.sendmail(sender, recipients, content)
    except smtplib.SMTPServerDisconnected:
        open_session().sendmail(sender, recipients, content)


@app.get("/livez")
def livez():
    return "ok"


@app.post("/messages")
def messages():
    sender, recipients, content = compose(request.get_json())
    send(sender, recipients, content)
    return {"status": "accepted", "code": 250, "text": "Ok", "accepted": recipients}

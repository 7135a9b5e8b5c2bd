"""The message that both peers in Python send, made with the standard library."""

import base64
import email.policy
import email.utils
from email.message import EmailMessage


def compose(fields):
    """Returns sender, recipients and the octets of the message that a decoded JSON document asks for."""
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = fields["from"]
    message["To"] = ", ".join(fields["to"])
    message["Subject"] = fields["subject"]
    message["Date"] = email.utils.localtime()
    message["Message-ID"] = email.utils.make_msgid(domain="peer.example.org")
    message.set_content(fields["text"])
    for attachment in fields.get("attachments", ()):
        message.add_attachment(base64.b64decode(attachment["content"]), maintype="application",
                               subtype="octet-stream", filename=attachment["filename"])
    return fields["from"], fields["to"], message.as_bytes()

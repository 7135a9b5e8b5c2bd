"""Sends one message: send.py FROM TO SUBJECT, the text on standard input."""

import os
import sys
import time
import uuid

import httpx


class OutcomeUnknown(Exception):
    """The relay may have taken the message: look there before sending it again."""


def send(client: httpx.Client, message: dict, attempts: int = 5) -> dict:
    # One key for all attempts: the message goes out once.
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    for attempt in range(1, attempts + 1):
        wait = attempt
        try:
            answer = client.post("/messages", json=message, headers=headers)
            problem = answer.json()
        # A ValueError: what came is not JSON, so a proxy sent it.
        except (httpx.TransportError, ValueError) as error:
            failure = f"no answer: {error}"
        else:
            if answer.status_code == 200:
                return problem
            failure = f"{problem['title']}: {problem['detail']}"
            if problem.get("outcome") == "unknown":
                raise OutcomeUnknown(failure)
            if not problem.get("retryable"):
                raise RuntimeError(failure)
            after = answer.headers.get("Retry-After", "")
            wait = int(after) if after.isdecimal() else attempt
        print(failure, file=sys.stderr)
        if attempt < attempts:
            time.sleep(wait)
    raise RuntimeError(f"given up after {attempts} attempts")


if __name__ == "__main__":
    sender, recipient, subject = sys.argv[1:4]
    key = os.environ.get("POSTERN_API_KEY")
    with httpx.Client(
        base_url=os.environ.get("POSTERN_URL", "http://127.0.0.1:8080"),
        headers={"X-API-Key": key} if key else {},
        # A relay may take its time over the last reply; the gateway waits for it.
        timeout=700,
    ) as client:
        message = {"from": sender, "to": [recipient], "subject": subject, "text": sys.stdin.read()}
        try:
            result = send(client, message)
        except OutcomeUnknown as error:
            print(f"{error}\nthe relay may have taken it: look there before sending it again", file=sys.stderr)
            sys.exit(2)
        except RuntimeError as error:
            print(error, file=sys.stderr)
            sys.exit(1)
    print(f"{result['status']}: {result['code']} {result['text']}")
